"""A real browser against a real server, in this process: one browser for each worker, a new profile for each window.

A test is a plain function that asks for `open_window` and `site`:

    def test_it_says_hello(site: Site, open_window: OpenWindow) -> None:
        window = open_window(width=360)
        window.goto(site.url)

It fails by itself where the page's console says anything above "info", where a script fails, or where a request does,
unless the test has said so before by `window.expect(...)`. Playwright's calls belong to the thread that started it, and
make other event loops impossible there, so tests of this folder run in a thread of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.programs import Program
from tests.browser.sites import Site, serve_site
from tests.browser.windows import OpenWindow, Windows
from tests.parts.chromium import FLAGS, NoChromium, find_chromium
from tests.stores import make_sqlite_database, sqlite_template

__all__ = ["sqlite_template"]

ResultT = TypeVar("ResultT")


class BrowserThread:
    """The thread that everything of Playwright is done in."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="browser")

    def run(self, action: Callable[..., ResultT], *arguments: Any, **options: Any) -> ResultT:
        """Do it there; its result or error here."""
        return self._executor.submit(action, *arguments, **options).result()

    def end(self) -> None:
        self._executor.shutdown()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    thread: BrowserThread | None = pyfuncitem.funcargs.get("browser_thread")
    if thread is None:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    thread.run(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    return True


@pytest.fixture(scope="session")
def browser_thread() -> Iterator[BrowserThread]:
    thread = BrowserThread()
    yield thread
    thread.end()


@pytest.fixture(scope="session")
def browser(browser_thread: BrowserThread) -> Iterator[Browser]:
    """Started by the first test that needs it."""
    try:
        chromium = find_chromium()
    except NoChromium as error:
        pytest.skip(str(error))

    def start() -> tuple[Playwright, Browser]:
        playwright = sync_playwright().start()
        return playwright, playwright.chromium.launch(
            executable_path=chromium.executable,
            args=list(FLAGS),
            env={**os.environ, **chromium.environment},
            timeout=60_000,
        )

    def stop() -> None:
        browser.close()
        playwright.stop()

    playwright, browser = browser_thread.run(start)
    yield browser
    browser_thread.run(stop)


@pytest.fixture
def open_window(
    browser: Browser, browser_thread: BrowserThread, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[OpenWindow]:
    """Call it for a window: `open_window(width=360, language="hi", is_dark=True)`."""
    windows = Windows(browser, Path(request.config.getoption("--screenshots") or tmp_path))
    yield windows.open
    troubles = browser_thread.run(windows.close)
    assert troubles == []


@pytest.fixture(scope="package")
def server_data(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_sqlite_database(sqlite_template, tmp_path_factory.mktemp("site") / "data")


@pytest.fixture(scope="package")
def shared_site(server_data: Any) -> Iterator[Site]:
    """One server for each worker, which ends with the tests of the folder: those of others may measure their process,
    or change what all servers in it do."""
    with serve_site(server_data) as site:
        yield site


@pytest.fixture
def site(shared_site: Site) -> Site:
    """The server, with an organization of this test's own in `site.world`."""
    return shared_site.with_new_world()


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    """A program that people sign in to, at addresses of its own."""
    with Program.serve() as served:
        yield served
