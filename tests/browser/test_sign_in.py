"""Signing in by OAuth with a real browser: by keyboard, on a phone, in other languages, back and forth, twice."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from tests.api.visitors import App, register_app
from tests.api.worlds import MOHAN, OMAR
from tests.browser.programs import Program
from tests.browser.sites import Site
from tests.browser.windows import OpenWindow, Window

STATUS_400 = r"Failed to load resource: the server responded with a status of 400"


def begin(site: Site, program: Program, window: Window, *, callback: str = "", **parameters: str) -> App:
    """Open the sign-in page as the program would."""
    app = register_app(site.world, callback or program.callback)
    window.goto(f"{site.url}api/Oauth/Authorize?{urlencode(app.query(**parameters))}")
    return app


def enter_number(window: Window, number: str = MOHAN) -> None:
    window.page.get_by_label("Mobile number").fill(number)
    window.page.get_by_role("button", name="Send me a PIN").click()


def enter_pin(site: Site, window: Window, pin: str = "") -> None:
    window.page.get_by_label("PIN", exact=True).fill(pin or site.world.pin_of(MOHAN))
    window.page.get_by_role("button", name="Continue").click()


def reach_consent(site: Site, program: Program, window: Window, **parameters: str) -> App:
    app = begin(site, program, window, **parameters)
    enter_number(window)
    enter_pin(site, window)
    expect(window.page.get_by_role("heading", name="Allow Rota?")).to_be_visible()
    return app


def led_back(window: Window, program: Program) -> dict[str, str]:
    """The parameters that the browser has come back to the program with."""
    expect(window.page.get_by_role("heading", name="Back in Rota")).to_be_visible()
    query = urlsplit(program.came_back[-1]).query
    assert window.page.url.endswith(query)
    return {name: values[0] for name, values in parse_qs(query).items()}


class TestWholeSignIn:
    @pytest.mark.parametrize("width", [360, 1440])
    def test_by_keyboard_alone(self, site: Site, program: Program, open_window: OpenWindow, width: int) -> None:
        window = open_window(width=width)
        app = begin(site, program, window, state="s 1&2")
        assert window.focused_id == "number"
        window.screenshot(f"number-{width}")
        window.page.keyboard.type("+91 98000 00003")
        window.press("Enter")
        expect(window.page.get_by_text("is on its way")).to_be_visible()
        assert window.focused_id == "pin"
        window.screenshot(f"pin-{width}")
        window.page.keyboard.type(site.world.pin_of(MOHAN))
        window.press("Enter")
        expect(window.page.get_by_text("Signed in as")).to_be_visible()
        window.screenshot(f"consent-{width}")
        assert not window.is_too_wide
        window.press("Tab", "Enter")
        parameters = led_back(window, program)
        assert parameters["state"] == "s 1&2"
        assert app.exchange(code=parameters["code"]).json()["token_type"] == "Bearer"

    def test_a_program_may_send_the_browser_on_to_another_host(
        self, site: Site, program: Program, open_window: OpenWindow
    ) -> None:
        """Chromium holds a redirect after a form to the policy of the page that the form was on."""
        window = open_window()
        app = reach_consent(site, program, window, callback=program.callback_of_two_hosts)
        window.page.get_by_role("button", name="Allow", exact=True).click()
        assert app.exchange(code=led_back(window, program)["code"]).status_code == 200
        assert urlsplit(window.page.url).hostname == "localhost"

    def test_refusal(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window = open_window()
        reach_consent(site, program, window, state="s1")
        window.page.get_by_role("button", name="Do not allow").click()
        assert led_back(window, program) == {"error": "access_denied", "state": "s1"}


class TestTrouble:
    def test_a_wrong_number_and_a_wrong_pin_are_said_where_they_are_read(
        self, site: Site, program: Program, open_window: OpenWindow
    ) -> None:
        window = open_window(width=360)
        page = window.page
        begin(site, program, window)
        enter_number(window, "98000 00003")
        expect(page.get_by_role("alert")).to_contain_text("This is not a mobile number")
        expect(page.get_by_label("Mobile number")).to_have_value("98000 00003")
        expect(page.get_by_label("Mobile number")).to_have_accessible_description(
            "This is not a mobile number with its country code. It begins with +. "
            "With the country code, for example +91 98765 00001."
        )
        window.screenshot("wrong-number")
        enter_number(window)
        right = site.world.pin_of(MOHAN)
        enter_pin(site, window, f"{(int(right) + 1) % 10**6:06d}")
        expect(page.get_by_role("alert")).to_have_text("This PIN is wrong or has expired.")
        assert window.focused_id == "pin"
        window.screenshot("wrong-pin")
        enter_pin(site, window, right)
        expect(page.get_by_role("heading", name="Allow Rota?")).to_be_visible()

    def test_going_back_and_forth(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window = open_window()
        page = window.page
        reach_consent(site, program, window)
        page.go_back()
        expect(page.get_by_role("heading", name="Enter your PIN")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.go_forward()
        page.go_forward()
        expect(page.get_by_role("heading", name="Allow Rota?")).to_be_visible()
        page.reload()
        page.get_by_role("button", name="Allow", exact=True).click()
        assert led_back(window, program)["code"]

    def test_going_back_to_change_the_number(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window = open_window()
        begin(site, program, window)
        enter_number(window, OMAR)
        expect(window.page.get_by_label("PIN", exact=True)).to_be_visible()
        window.page.go_back()
        enter_number(window)
        enter_pin(site, window)
        expect(window.page.get_by_text(MOHAN)).to_be_visible()

    def test_going_back_a_minute_after_the_answer_gives_nothing(
        self, site: Site, program: Program, open_window: OpenWindow
    ) -> None:
        window = open_window()
        window.expect(STATUS_400)
        reach_consent(site, program, window)
        window.page.get_by_role("button", name="Allow", exact=True).click()
        led_back(window, program)
        site.clock.advance(minutes=1)
        window.page.go_back()
        expect(window.page.get_by_role("heading", name="This page is no longer valid")).to_be_visible()
        window.page.get_by_role("link", name="Start again").click()
        expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()

    def test_a_page_left_open_for_too_long(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window = open_window(width=360)
        window.expect(STATUS_400)
        reach_consent(site, program, window, state="kept")
        site.clock.advance(minutes=10)
        window.page.get_by_role("button", name="Allow", exact=True).click()
        expect(window.page.get_by_role("heading", name="This page is no longer valid")).to_be_visible()
        window.screenshot("expired")
        window.page.get_by_role("link", name="Start again").click()
        enter_number(window)
        enter_pin(site, window)
        window.page.get_by_role("button", name="Allow", exact=True).click()
        assert led_back(window, program)["state"] == "kept"

    def test_a_button_pressed_twice(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window = open_window()
        app = reach_consent(site, program, window)
        window.expect("net::ERR_ABORTED")  # the browser drops the first answer for the second
        window.page.get_by_role("button", name="Allow", exact=True).dblclick(no_wait_after=True)
        assert app.exchange(code=led_back(window, program)["code"]).status_code == 200

    def test_a_link_that_leads_nowhere(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window = open_window(width=360)
        window.expect(STATUS_400)
        app = register_app(site.world, program.callback)
        query = urlencode(app.query() | {"redirect_uri": "https://elsewhere.example/"})
        window.goto(f"{site.url}api/Oauth/Authorize?{query}")
        expect(window.page.get_by_role("heading", name="This link does not work")).to_be_visible()
        window.screenshot("refused")
        assert window.page.url.startswith(site.url)

    def test_without_cookies_nothing_can_be_sent(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window = open_window()
        window.expect(STATUS_400)
        begin(site, program, window)
        window.context.clear_cookies()
        enter_number(window)
        expect(window.page.get_by_text("does not accept cookies")).to_be_visible()

    def test_another_browser_cannot_take_over(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window, other = open_window(), open_window()
        other.expect(STATUS_400)
        reach_consent(site, program, window)
        other.goto(window.page.url)
        expect(other.page.get_by_role("heading", name="This page is no longer valid")).to_be_visible()
        expect(other.page.get_by_text(MOHAN)).to_have_count(0)

    def test_another_site_can_neither_frame_nor_send_the_page(
        self, site: Site, program: Program, open_window: OpenWindow
    ) -> None:
        window, attacker = open_window(), open_window()
        reach_consent(site, program, window)
        address, progress = window.page.url, window.page.locator("input[name=progress]").first.input_value()
        attacker.expect("frame-ancestors", "X-Frame-Options", "ERR_BLOCKED_BY_RESPONSE", STATUS_400)
        attacker.context.add_cookies(window.context.cookies())
        attacker.goto(program.callback.replace("127.0.0.1", "localhost"))
        attacker.page.set_content(f"<iframe src='{address.replace('&', '&amp;')}'></iframe>")
        expect(attacker.page.frame_locator("iframe").get_by_text("Allow")).to_have_count(0)
        attacker.page.set_content(
            f"<form method=post action='{address.replace('&', '&amp;')}'><input name=progress value={progress}>"
            "<button name=answer value=allow>Win</button></form>"
        )
        attacker.page.get_by_role("button", name="Win").click()
        expect(attacker.page.get_by_role("heading", name="This page is no longer valid")).to_be_visible()


class TestLanguages:
    @pytest.mark.parametrize(
        ("language", "number", "pin", "allow"),
        [
            ("fr-FR", "Numéro de mobile", "Saisissez votre code PIN", "Autoriser"),
            ("hi-IN", "मोबाइल नंबर", "अपना PIN डालें", "अनुमति दें"),
        ],
    )
    @pytest.mark.parametrize("width", [360, 1440])
    def test_the_browsers_language_all_the_way(
        self,
        site: Site,
        program: Program,
        open_window: OpenWindow,
        language: str,
        number: str,
        pin: str,
        allow: str,
        width: int,
    ) -> None:
        window = open_window(width=width, language=language, is_dark=True)
        page = window.page
        app = begin(site, program, window)
        page.get_by_label(number).fill(MOHAN)
        window.screenshot(f"number-{language}-{width}")
        window.press("Enter")
        expect(page.get_by_role("heading", name=pin)).to_be_visible()
        window.screenshot(f"pin-{language}-{width}")
        assert not window.is_too_wide
        page.locator("#pin").fill(site.world.pin_of(MOHAN))
        window.press("Enter")
        button = page.get_by_role("button", name=allow, exact=True)
        expect(button).to_be_visible()
        window.screenshot(f"consent-{language}-{width}")
        assert not window.is_too_wide
        button.click()
        assert app.exchange(code=led_back(window, program)["code"]).status_code == 200

    def test_switching_on_the_way(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window = open_window()
        page = window.page
        begin(site, program, window)
        enter_number(window)
        page.get_by_role("link", name="Français").click()
        expect(page.get_by_role("heading", name="Saisissez votre code PIN")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        page.get_by_role("link", name="हिन्दी").click()
        page.locator("#pin").fill(site.world.pin_of(MOHAN))
        page.get_by_role("button", name="आगे बढ़ें").click()
        expect(page.get_by_role("button", name="अनुमति दें")).to_be_visible()
        page.get_by_role("link", name="English").click()
        page.get_by_role("button", name="Allow", exact=True).click()
        assert led_back(window, program)["code"]


CONTRAST = """
elements => elements.map(element => {
    const numbers = text => text.match(/[\\d.]+/g).map(Number);
    const bright = ([red, green, blue]) => [red, green, blue].map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    let ground = element;
    while (numbers(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
    const colours = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
    const two = colours.map(colour => bright(numbers(colour)));
    return [element.textContent.trim(), (Math.max(...two) + 0.05) / (Math.min(...two) + 0.05)];
})
"""


class TestReadable:
    @pytest.mark.parametrize("is_dark", [False, True])
    def test_text_stands_out_from_its_ground(
        self, site: Site, program: Program, open_window: OpenWindow, is_dark: bool
    ) -> None:
        """At least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
        window = open_window(is_dark=is_dark)
        begin(site, program, window)
        enter_number(window, "12")
        expect(window.page.get_by_role("alert")).to_be_visible()
        words = "h1, p, label, button, nav a, nav span, dt, dd, li"
        seen = window.page.locator(words).evaluate_all(CONTRAST)
        enter_number(window)
        expect(window.page.get_by_text("is on its way")).to_be_visible()
        seen += window.page.locator(words).evaluate_all(CONTRAST)
        enter_pin(site, window)
        expect(window.page.get_by_text("Signed in as")).to_be_visible()
        seen += window.page.locator(words).evaluate_all(CONTRAST)
        assert len(seen) > 30
        assert [(text, ratio) for text, ratio in seen if ratio < 4.5] == []

    def test_what_is_touched_is_large_enough(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        """At least 44 pixels high, the languages at least 24 (WCAG 2.2, 2.5.8)."""
        window = open_window(width=360)
        begin(site, program, window)
        enter_number(window)
        expect(window.page.get_by_text("is on its way")).to_be_visible()
        for touched in window.page.locator("main input:visible, main button, main a").all():
            box = touched.bounding_box()
            assert box is not None
            assert box["height"] >= 44
        for touched in window.page.locator("nav a").all():
            box = touched.bounding_box()
            assert box is not None
            assert box["height"] >= 24

    def test_a_long_name_does_not_break_the_page(self, site: Site, program: Program, open_window: OpenWindow) -> None:
        window = open_window(width=360)
        app = register_app(site.world, program.callback, name="Verylongnameofaprogram" * 9)
        window.goto(f"{site.url}api/Oauth/Authorize?{urlencode(app.query())}")
        assert not window.is_too_wide
