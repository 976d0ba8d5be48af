"""The site of the documents in a real browser: it fits phones and desktops, draws, finds, and asks nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.sites import Site
from tests.browser.windows import OpenWindow, Window
from tests.docs.pages import page
from tools.build_site import build_site


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the built site."""
    folder: Path = tmp_path_factory.mktemp("documents") / "site"
    build_site(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder)) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        serving.join()


def watch(window: Window) -> list[str]:
    """The URLs that a window's pages ask for."""
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    return asked


def test_the_example_of_the_guide_works(site: Site, open_window: OpenWindow) -> None:
    """The first test that a contributor reads, in CONTRIBUTING.md."""
    [block] = [block for block in page("CONTRIBUTING.md").blocks if block.language == "python"]
    defined = {"Site": Site, "OpenWindow": OpenWindow, "expect": expect}
    exec(block.text, defined)  # noqa: S102
    defined["test_it_says_hello"](site, open_window)


class TestDocuments:
    @pytest.mark.parametrize("width", [360, 1440])
    @pytest.mark.parametrize("name", ["index", "getting-started", "hi/getting-started", "operate/settings"])
    def test_a_page_fits_and_loads_from_its_own_place_alone(
        self, documents: str, open_window: OpenWindow, name: str, width: int
    ) -> None:
        window = open_window(width=width)
        asked = watch(window)
        window.goto(f"{documents}{name}.html")
        expect(window.page.get_by_role("heading", level=1)).to_be_visible()
        assert not window.is_too_wide
        window.screenshot(f"documents-{name.replace('/', '-')}-{width}")
        assert [url for url in asked if not url.startswith((documents, "data:"))] == []

    def test_a_diagram_is_drawn_from_here(self, documents: str, open_window: OpenWindow) -> None:
        window = open_window(width=1440)
        asked = watch(window)
        window.goto(f"{documents}webhooks.html")
        expect(window.page.locator(".mermaid")).to_be_visible()
        assert f"{documents}mermaid.min.js" in asked
        assert [url for url in asked if not url.startswith((documents, "data:", "blob:"))] == []

    def test_searching_finds_a_page(self, documents: str, open_window: OpenWindow) -> None:
        window = open_window(width=1440)
        window.goto(f"{documents}index.html")
        window.page.get_by_role("button", name="Search").click()
        window.page.keyboard.type("Idempotency-Key")
        expect(window.page.get_by_role("link", name="Conventions").last).to_be_visible()
