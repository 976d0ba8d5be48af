"""The page of first steps, opened from another origin in a real browser."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.api.worlds import GITA, Caller
from tests.browser.sites import Site
from tests.browser.windows import OpenWindow, Window
from tests.samples.conftest import SAMPLES


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def page_url() -> Iterator[str]:
    """The page's address, on a port that is not the server's."""
    handler = functools.partial(Quiet, directory=str(SAMPLES / "browser"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/first-steps.html"
        server.shutdown()


def fill_in(window: Window, site: Site, refresh_token: str) -> None:
    connector = site.world.connector
    window.page.get_by_label("Server").fill(site.url)
    window.page.get_by_label("Application id").fill(site.world.application_id)
    window.page.get_by_label("Application secret").fill(connector.application_secret)
    window.page.get_by_label("Refresh token").fill(refresh_token)
    window.page.get_by_role("button", name="Get an access token").click()


class TestFirstSteps:
    def test_each_step_is_done_and_told_of_live(self, site: Site, open_window: OpenWindow, page_url: str) -> None:
        refresh_token = site.world.grant(GITA).refresh_token
        window = open_window(width=1_440, height=900)
        page = window.page
        window.goto(page_url)
        assert page.get_by_role("button", name="Make it").is_disabled()
        fill_in(window, site, refresh_token)
        expect(page.get_by_text("Signed in as Gita.")).to_be_visible()
        page.get_by_role("button", name="Make it").click()
        expect(page.get_by_text("Made the group")).to_be_visible()
        page.get_by_label("Text").fill("<b>దుకాణం</b> तौ 9 बजे")
        page.get_by_role("button", name="Send").click()
        page.get_by_role("button", name="Post the survey").click()
        events = page.get_by_role("listitem")
        for heard in ("TextMessageCreated<b>దుకాణం</b> तौ 9 बजे (Gita)", "SurveyResponseGood (Gita)"):
            expect(events.filter(has_text=heard)).to_be_visible()
        window.screenshot("sample-page-1440")

        answer = site.world.exchange(refresh_token).json()
        gita = Caller(site.world.client, answer["accessToken"], site.world.people[GITA])
        [group] = gita.get("/v1/groups").json()["groups"]
        path = f"/v1/groups/{group['groupId']}"
        assert group["groupName"] == "Shop floor"
        [message] = gita.get(f"{path}/messages", count=10).json()["messages"]
        assert message["message"] == "<b>దుకాణం</b> तौ 9 बजे"
        [survey] = gita.get(f"{path}/actions").json()["actions"]
        details = gita.get(f"{path}/actions/{survey['referenceId']}", getDetails="true").json()["actionDetails"]
        assert [response["answers"] for response in details["responses"]] == [["Good"]]

    def test_a_refusal_is_shown_where_it_was_asked_for(
        self, site: Site, open_window: OpenWindow, page_url: str
    ) -> None:
        window = open_window(width=360, is_dark=True)
        window.expect("status of 401")
        window.goto(page_url)
        fill_in(window, site, "a-token-that-is-not-known")
        expect(window.page.get_by_text("Unauthenticated")).to_be_visible()
        assert window.page.get_by_role("button", name="Make it").is_disabled()
        assert not window.is_too_wide
        window.screenshot("sample-page-360-dark")
