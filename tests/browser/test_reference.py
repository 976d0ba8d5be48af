"""The API's reference at /docs, in a real browser: it shows every call, tries them out, and asks nobody else."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.api.declared import document
from tests.browser.sites import Site
from tests.browser.windows import OpenWindow, Window


def open_reference(window: Window, site: Site, path: str = "docs") -> list[str]:
    """The URLs that the page asked for."""
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    window.goto(f"{site.url}{path}")
    expect(window.page.get_by_role("heading", name="Chaupal", exact=True)).to_be_visible()
    return asked


class TestReference:
    @pytest.mark.parametrize("width", [360, 1440])
    @pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
    def test_it_shows_the_document(self, site: Site, open_window: OpenWindow, width: int, is_dark: bool) -> None:
        window = open_window(width=width, is_dark=is_dark)
        asked = open_reference(window, site)
        assert window.page.title() == "API reference · Chaupal"
        expect(window.page.get_by_role("heading", name="Tokens", exact=True)).to_be_attached()
        if width > 1_000:
            for tag in document()["tags"]:
                expect(window.page.get_by_text(tag["x-displayName"], exact=True).first).to_be_visible()
        assert not window.is_too_wide
        window.screenshot(f"reference-{width}-{'dark' if is_dark else 'light'}")
        assert [url for url in asked if not url.startswith((site.url, "data:", "blob:"))] == []

    def test_an_address_leads_to_one_call(self, site: Site, open_window: OpenWindow) -> None:
        window = open_window(width=1440)
        open_reference(window, site, "docs#tag/messages/POST/groups/{groupId}/messages")
        heading = window.page.get_by_role("heading", name="Send a text message to a group")
        expect(heading).to_be_in_viewport()
        expect(window.page.get_by_text("accessToken: ").first).to_be_visible()

    def test_a_call_can_be_tried_out(self, site: Site, open_window: OpenWindow) -> None:
        """The editor of the body, too, brings styles along; none of this may meet the page's policy."""
        window = open_window(width=1440)
        window.expect("status of 401")
        open_reference(window, site, "docs/#tag/tokens/GET/accessToken")
        window.page.get_by_role("button", name="Test Request").first.click()
        with window.page.expect_response(f"{site.url}v1/**") as answered:
            window.page.get_by_role("button", name="Send", exact=False).first.click()
        assert answered.value.status in (400, 401)
        assert "x-request-id" in answered.value.headers
        assert "idempotency-key" not in answered.value.request.headers
