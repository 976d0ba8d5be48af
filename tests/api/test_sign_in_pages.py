"""The sign-in pages of OAuth, as a browser without scripts sees them. Source: contract, section 4."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import ConnectorChange, NewConnector, change_connector, create_connector, delete_connector
from tests.api.visitors import CALLBACK, App, Visitor, register_app
from tests.api.worlds import ASHA, MOHAN, NOBODY, OMAR, World


def wrong(pin: str) -> str:
    """Another PIN."""
    return f"{(int(pin) + 1) % 10**6:06d}"


class TestWholeSignIn:
    def test_consent_leads_back_with_a_code_that_gives_tokens(self, world: World) -> None:
        app, visitor = register_app(world, name="Rota"), Visitor(world)
        asked = visitor.open(app.query(state="s 1&x=é"))
        assert "Rota wants to act for you" in asked.text
        assert "+919800000003" in visitor.send(number="+91 98000-00003").text
        consent = visitor.send(pin=world.pin_of(MOHAN), answer="pin")
        for shown in ("Allow Rota?", "Mohan", MOHAN, "in Organization", "Read and send messages", "app.example.org"):
            assert shown in consent.text
        position = world.position
        visitor.send(answer="allow")
        address, parameters = visitor.led_to
        assert address == CALLBACK
        assert parameters.pop("code")
        assert parameters == {"state": "s 1&x=é"}
        assert world.position == position, "nothing is granted before the program has exchanged the code"

    def test_refusal_leads_back_without_a_code(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.sign_in(app.query(state="s1"))
        visitor.send(answer="deny")
        assert visitor.led_to == (CALLBACK, {"error": "access_denied", "state": "s1"})
        assert world.ask("SELECT count(*) FROM authorization_codes WHERE tenant_id = %s") == [(0,)]

    def test_whatever_is_not_a_yes_is_a_no(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.sign_in(app.query())
        visitor.send(answer="")
        assert visitor.led_to == (CALLBACK, {"error": "access_denied"})

    @pytest.mark.parametrize(
        "path", ["/api/oauth/authorize", "/v1/API/OAuth/Authorize/", "//api//Oauth/Authorize", "/api/Oauth/Authorize/"]
    )
    def test_every_spelling_of_the_path_works_to_the_end(self, world: World, path: str) -> None:
        app, visitor = register_app(world), Visitor(world, path=path)
        visitor.sign_in(app.query())
        visitor.send(answer="allow")
        assert visitor.led_to[1]["code"]

    def test_the_redirect_urls_own_query_is_kept(self, world: World) -> None:
        app = register_app(world, "https://app.example.org/cb?tab=1")
        visitor = Visitor(world)
        visitor.sign_in(app.query())
        visitor.send(answer="allow")
        assert visitor.answer.headers["location"].startswith("https://app.example.org/cb?tab=1&code=")

    def test_an_apps_own_scheme_works(self, world: World) -> None:
        app, visitor = register_app(world, "com.example.rota:/back"), Visitor(world)
        visitor.sign_in(app.query())
        assert "form-action 'self' com.example.rota:;" in visitor.answer.headers["content-security-policy"]
        visitor.send(answer="allow")
        assert visitor.answer.headers["location"].startswith("com.example.rota:/back?code=")

    def test_only_the_connectors_permissions_are_named(self, world: World) -> None:
        draft = NewConnector("Small", (Permission.TEXT_MESSAGE,), (CALLBACK,))
        app = App(world, world.do(create_connector, (draft, world.secret_key)))
        consent = Visitor(world).sign_in(app.query())
        assert "Read and send messages" in consent.text
        assert "likes and comments" not in consent.text
        assert "pictures" not in consent.text


class TestWrongLinks:
    """No redirect ever leads to an address that is not registered."""

    @pytest.mark.parametrize(
        "redirect_uri",
        [
            "",
            "https://evil.example/callback",
            CALLBACK + "/",
            CALLBACK + "?x=1",
            CALLBACK.replace("https", "http"),
            CALLBACK.upper(),
            CALLBACK + "#x",
            CALLBACK.replace("app.", "app@"),
            f"{CALLBACK}\n{CALLBACK}",
            "//app.example.org/callback",
            "javascript:alert(1)",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_an_unregistered_address_gets_a_page(self, world: World, method: str, redirect_uri: str) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor._call(method, "?" + urlencode(app.query() | {"redirect_uri": redirect_uri, "response_type": "x"}))
        assert visitor.answer.status_code == 400
        assert "redirect_uri" in visitor.page.text
        assert "location" not in visitor.answer.headers

    @pytest.mark.parametrize("client_id", ["", "nobody", "x" * 5_000, "\x00", "<script>"])
    def test_an_unknown_connector_gets_a_page(self, world: World, client_id: str) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query() | {"client_id": client_id})
        assert visitor.answer.status_code == 400
        assert "set-cookie" not in visitor.answer.headers

    def test_the_client_id_may_be_in_any_case(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query() | {"client_id": app.client_id.upper()})
        assert visitor.answer.status_code == 200

    @pytest.mark.parametrize(
        ("asked", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"code_challenge": "short"}, "invalid_request"),
            ({"code_challenge": "x" * 43, "code_challenge_method": "S512"}, "invalid_request"),
            ({"code_challenge_method": "S256"}, "invalid_request"),
        ],
    )
    def test_the_program_is_told_what_it_asked_wrongly(self, world: World, asked: dict[str, str], error: str) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query(state="s1", **asked))
        assert visitor.led_to == (CALLBACK, {"error": error, "state": "s1"})

    def test_a_query_that_is_not_utf_8_gets_a_page(self, world: World) -> None:
        visitor = Visitor(world)
        visitor.open("?client_id=%ff")
        assert visitor.answer.status_code == 400
        assert "UTF-8" in visitor.page.text

    def test_a_form_that_is_too_large_gets_a_page(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query())
        visitor.send(number="9" * 2_000_000)
        assert visitor.answer.status_code == 413

    def test_a_connector_deleted_in_between_ends_it(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.sign_in(app.query())
        world.do(delete_connector, app.client_id)
        visitor.send(answer="allow")
        assert visitor.answer.status_code == 400

    def test_a_redirect_url_taken_away_in_between_ends_it(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.sign_in(app.query())
        world.do(change_connector, ConnectorChange(app.client_id, redirect_urls=("https://other.example/",)))
        visitor.send(answer="allow")
        assert visitor.answer.status_code == 400
        assert "location" not in visitor.answer.headers


class TestNumber:
    @pytest.mark.parametrize("typed", ["", "98000 00003", "hello", "+91", "+" + "9" * 30, '"><script>'])
    def test_what_is_no_number_is_asked_for_again(self, world: World, typed: str) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query())
        page = visitor.send(number=typed)
        assert "This is not a mobile number" in page.text
        assert page.fields["number"] == typed.strip() or page.fields["number"] == typed
        assert world.ask("SELECT count(*) FROM pins WHERE tenant_id = %s") == [(0,)]

    def test_nobodys_number_looks_like_anybodys(self, world: World) -> None:
        app = register_app(world)
        pages = []
        for number in (MOHAN, NOBODY, world.other_world.people[ASHA].mobile_number):
            visitor = Visitor(world)
            visitor.open(app.query())
            pages.append(visitor.send(number=number).text.replace(number, "N"))
            assert visitor.answer.status_code == 200
        assert len(set(pages)) == 1

    def test_nobody_cannot_sign_in(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query())
        visitor.send(number=NOBODY)
        assert "wrong" in visitor.send(pin="000000", answer="pin").text
        assert world.ask("SELECT count(*) FROM authorizations WHERE tenant_id = %s") == [(0,)]

    def test_pins_count_against_the_limits_of_pins(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        for _ in range(world.house.settings.pins_per_hour_number):
            visitor.open(app.query())
            assert "six digits" in visitor.send(number=MOHAN).text
        page = visitor.send(answer="again")
        assert "Too many PINs have been asked for. Try again in 60 minutes." in page.text
        assert page.buttons == ["pin", "again"], "the last PIN can be entered still"
        visitor.open(app.query())
        page = visitor.send(number=MOHAN)
        assert "Too many PINs" in page.text
        assert page.fields["number"] == MOHAN

    def test_a_new_pin_can_be_asked_for(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query())
        visitor.send(number=MOHAN)
        world.clock.advance(seconds=1)
        assert "A new PIN is on its way." in visitor.send(answer="again").text
        assert "Allow Rota?" in visitor.send(pin=world.pin_of(MOHAN), answer="pin").text

    def test_another_number_can_be_used(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query(state="kept"))
        visitor.send(number=MOHAN)
        page = visitor.follow("Use another number")
        assert page.fields["number"] == ""
        visitor.send(number=OMAR)
        assert OMAR in visitor.send(pin=world.pin_of(OMAR), answer="pin").text
        visitor.send(answer="allow")
        assert visitor.led_to[1]["state"] == "kept"


class TestPin:
    def at_the_pin(self, world: World) -> Visitor:
        visitor = Visitor(world)
        visitor.open(register_app(world).query())
        visitor.send(number=MOHAN)
        return visitor

    def test_a_wrong_one_is_asked_for_again(self, world: World) -> None:
        visitor, right = self.at_the_pin(world), world.pin_of(MOHAN)
        page = visitor.send(pin=wrong(right), answer="pin")
        assert "This PIN is wrong or has expired." in page.text
        assert page.fields["pin"] == ""
        assert "Allow Rota?" in visitor.send(pin=right, answer="pin").text

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "12 34 5"])
    def test_a_slip_is_no_wrong_try(self, world: World, typed: str) -> None:
        visitor = self.at_the_pin(world)
        assert "A PIN has six digits." in visitor.send(pin=typed, answer="pin").text
        assert world.ask("SELECT count(*) FROM pin_tries WHERE tenant_id = %s") == [(0,)]

    def test_blanks_and_devanagari_digits_are_read(self, world: World) -> None:
        visitor = self.at_the_pin(world)
        pin = world.pin_of(MOHAN).translate({ord("0") + digit: 0x0966 + digit for digit in range(10)})
        assert "Allow Rota?" in visitor.send(pin=f" {pin[:3]} {pin[3:]} ", answer="pin").text

    def test_after_wrong_ones_one_has_to_wait(self, world: World) -> None:
        visitor, right = self.at_the_pin(world), world.pin_of(MOHAN)
        for _ in range(3):
            visitor.send(pin=wrong(right), answer="pin")
        assert "Too many wrong PINs. Try again in 2 seconds." in visitor.send(pin=right, answer="pin").text
        world.clock.advance(seconds=2)
        assert "Allow Rota?" in visitor.send(pin=right, answer="pin").text

    def test_wrong_ones_count_as_they_do_for_programs(self, world: World) -> None:
        visitor, right = self.at_the_pin(world), world.pin_of(MOHAN)
        visitor.send(pin=wrong(right), answer="pin")
        body = {"mobileNumber": MOHAN, "applicationId": world.application_id, "pin": wrong(right)}
        world.client.call_from(visitor.address, "POST", "/v1/loginWithPinAndApplicationId", body=body)
        assert world.ask("SELECT wrong_count FROM pin_tries WHERE tenant_id = %s AND kind = 'number'") == [(2,)]

    def test_it_works_once(self, world: World) -> None:
        visitor, pin = self.at_the_pin(world), world.pin_of(MOHAN)
        address = visitor.query
        visitor.send(pin=pin, answer="pin")
        visitor.open(address)
        assert "wrong or has expired" in visitor.send(pin=pin, answer="pin").text

    def test_one_made_for_another_program_does_not_work(self, world: World) -> None:
        visitor = self.at_the_pin(world)
        other = Visitor(world)
        other.open(register_app(world, name="Other").query())
        world.clock.advance(seconds=1)
        other.send(number=MOHAN)
        assert "wrong" in visitor.send(pin=world.pin_of(MOHAN), answer="pin").text


class TestLanguages:
    @pytest.mark.parametrize(
        ("accepted", "language"),
        [
            ("", "en"),
            ("fr", "fr"),
            ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
            ("de, hi;q=0.5, en;q=0.4", "hi"),
            ("en;q=0.1,hi-IN", "hi"),
            ("fr;q=0", "en"),
            ("fr;q=x, ,;;=", "en"),
        ],
    )
    def test_the_browsers_language_is_used(self, world: World, accepted: str, language: str) -> None:
        visitor = Visitor(world, headers={"Accept-Language": accepted})
        assert visitor.open(register_app(world).query()).language == language
        assert visitor.answer.headers["content-language"] == language

    def test_a_chosen_language_stays_to_the_end(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world, headers={"Accept-Language": "en"})
        visitor.open(app.query(state="kept"))
        assert "Numéro de mobile" in visitor.follow("Français").text
        visitor.send(number=MOHAN)
        assert "Saisissez votre code PIN" in visitor.page.text
        assert "अपना PIN डालें" in visitor.follow("हिन्दी").text
        consent = visitor.send(pin=world.pin_of(MOHAN), answer="pin")
        assert consent.language == "hi"
        assert "अनुमति दें" in consent.text
        visitor.send(answer="allow")
        assert visitor.led_to[1]["state"] == "kept"

    def test_pages_of_errors_can_be_switched_as_well(self, world: World) -> None:
        visitor = Visitor(world)
        visitor.open({"client_id": "nobody"})
        assert "Ce lien ne fonctionne pas" in visitor.follow("Français").text

    def test_waits_are_told_in_the_language(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world, headers={"Accept-Language": "fr"})
        for _ in range(world.house.settings.pins_per_hour_number + 1):
            visitor.open(app.query())
            visitor.send(number=MOHAN)
        assert "Réessayez dans 60 minutes." in visitor.page.text
