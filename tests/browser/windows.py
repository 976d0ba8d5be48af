"""Windows of the browser that remember whatever went wrong in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

_HARMLESS = frozenset({"log", "debug", "info"})
_TIMEOUT_MS = 15_000


class Window:
    """One window with a profile of its own: no cookie of another. `page` is Playwright's."""

    def __init__(self, context: BrowserContext, screenshots: Path) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        self._expected: list[str] = []
        self._screenshots = screenshots
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("requestfailed", self._note_failure)

    def goto(self, url: str) -> None:
        """Open an address."""
        self.page.goto(url)

    def expect(self, *patterns: str) -> None:
        """What the test brings about on purpose: regular expressions of troubles that are none."""
        self._expected += patterns

    def screenshot(self, name: str) -> Path:
        """A picture of the whole page, in the folder that `--screenshots` names."""
        self._screenshots.mkdir(parents=True, exist_ok=True)
        path = self._screenshots / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    @property
    def is_too_wide(self) -> bool:
        """Whether a reader would have to scroll sideways."""
        wide: bool = self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        return wide

    @property
    def focused_id(self) -> str:
        """The id of the element that has the focus."""
        focused: str = self.page.evaluate("document.activeElement.id")
        return focused

    def press(self, *keys: str) -> None:
        """Keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def unexpected(self) -> Iterable[str]:
        """What went wrong and was not meant to."""
        return [trouble for trouble in self.troubles if not any(re.search(each, trouble) for each in self._expected)]

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type not in _HARMLESS:
            self.troubles.append(f"{message.type}: {message.text}")

    def _note_failure(self, request: Request) -> None:
        self.troubles.append(f"request: {request.method} {request.url}: {request.failure}")


class OpenWindow(Protocol):
    """The fixture `open_window`."""

    def __call__(
        self, *, width: int = 1_280, height: int = 800, language: str = "en", is_dark: bool = False, **options: Any
    ) -> Window: ...


class Windows:
    """The windows of one test."""

    def __init__(self, browser: Browser, screenshots: Path) -> None:
        self._browser = browser
        self._screenshots = screenshots
        self._open: list[Window] = []

    def open(
        self, *, width: int = 1_280, height: int = 800, language: str = "en", is_dark: bool = False, **options: Any
    ) -> Window:
        """A new window; `options` are those of Playwright's `new_context`."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            color_scheme="dark" if is_dark else "light",
            **options,
        )
        context.set_default_timeout(_TIMEOUT_MS)
        self._open.append(Window(context, self._screenshots))
        return self._open[-1]

    def close(self) -> list[str]:
        """Close them all; whatever went wrong in them."""
        troubles = [trouble for window in self._open for trouble in window.unexpected()]
        for window in self._open:
            window.context.close()
        return troubles
