"""The sign-in pages of OAuth: whoever goes back, opens tabs, follows links of others, or sends too much."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from chaupal.people.rules import PersonChange, change_person
from tests.api.visitors import CALLBACK, Visitor, register_app
from tests.api.worlds import MOHAN, OMAR, World


class TestOrder:
    """No page can be skipped, borrowed or kept."""

    @pytest.mark.parametrize("answer", ["allow", "deny"])
    def test_consent_needs_the_pin(self, world: World, answer: str) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query())
        page = visitor.send(answer=answer)
        assert "Sign in" in page.text
        visitor.send(number=MOHAN)
        page = visitor.send(answer=answer)
        assert "A PIN has six digits." in page.text

    @pytest.mark.parametrize("made_up", ["", "x", "AAAA" * 40, "x" * 10_000, "é", "%00"])
    def test_a_made_up_progress_is_none(self, world: World, made_up: str) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query())
        page = visitor.post({"progress": made_up, "answer": "allow", "number": MOHAN})
        assert visitor.answer.status_code == 400
        assert "no longer valid" in page.text
        assert world.ask("SELECT count(*) FROM pins WHERE tenant_id = %s") == [(0,)]

    @pytest.mark.parametrize("stage", ["number", "pin", "consent"])
    def test_another_browser_cannot_go_on(self, world: World, stage: str) -> None:
        """Nobody can be made to finish a sign-in that somebody else began."""
        app, visitor, other = register_app(world), Visitor(world), Visitor(world)
        other.open(app.query())
        visitor.open(app.query())
        if stage != "number":
            visitor.send(number=MOHAN)
        if stage == "consent":
            visitor.send(pin=world.pin_of(MOHAN), answer="pin")
        form, address = {"progress": visitor.page.fields["progress"], "answer": "allow"}, visitor.query
        for cookies in ({}, other.cookies, {"__Host-chaupal-sign-in": "x" * 43}, {"__Host-chaupal-sign-in": ""}):
            thief = Visitor(world, query=address, cookies=dict(cookies))
            assert "no longer valid" in thief.post(form).text
            assert thief.answer.status_code == 400
            if stage != "number":
                thief.open(address)
                assert thief.answer.status_code == 400
                assert MOHAN not in thief.answer.text

    @pytest.mark.parametrize(
        "change", [{"state": "other"}, {"code_challenge": "y" * 43}, {"redirect_uri": "https://app.example.org/2"}]
    )
    def test_a_page_is_of_use_for_its_own_request_alone(self, world: World, change: dict[str, str]) -> None:
        app = register_app(world, CALLBACK, "https://app.example.org/2")
        visitor = Visitor(world)
        visitor.sign_in(app.query(state="s1", code_challenge="x" * 43))
        progress = visitor.page.fields["progress"]
        visitor.query = "?" + urlencode(app.query(state="s1", code_challenge="x" * 43) | change)
        visitor.post({"progress": progress, "answer": "allow"})
        assert visitor.answer.status_code == 400

    def test_a_page_for_one_program_is_of_no_use_for_another(self, world: World) -> None:
        app, other, visitor = register_app(world), register_app(world), Visitor(world)
        visitor.sign_in(app.query())
        progress = visitor.page.fields["progress"]
        visitor.query = "?" + urlencode(other.query())
        visitor.post({"progress": progress, "answer": "allow"})
        assert visitor.answer.status_code == 400

    @pytest.mark.parametrize("steps", [0, 1, 2])
    def test_an_old_page_says_so_and_begins_anew(self, world: World, steps: int) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query(state="kept"))
        if steps:
            visitor.send(number=MOHAN)
        if steps == 2:
            visitor.send(pin=world.pin_of(MOHAN), answer="pin")
        world.clock.advance(seconds=world.house.settings.pin_life_s)
        page = visitor.send(number=MOHAN, pin="123456", answer="allow")
        assert visitor.answer.status_code == 400
        assert "no longer valid" in page.text
        assert "Sign in" in visitor.follow("Start again").text
        visitor.send(number=MOHAN)
        visitor.send(pin=world.pin_of(MOHAN), answer="pin")
        visitor.send(answer="allow")
        assert visitor.led_to[1]["state"] == "kept"

    def test_a_yes_sent_twice_leads_back_twice(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.sign_in(app.query())
        visitor.send(answer="allow")
        form = {"progress": visitor.query.partition("progress=")[2], "answer": "allow"}
        codes = [visitor.led_to[1]["code"]]
        visitor.post(form)
        codes.append(visitor.led_to[1]["code"])
        assert codes[0] != codes[1]
        assert [app.exchange(code=code).status_code for code in codes] == [200, 200]

    def test_an_answered_page_gives_nothing_to_who_comes_next(self, world: World) -> None:
        """Going back, a minute later, in a browser that several people share."""
        app, visitor = register_app(world), Visitor(world)
        visitor.sign_in(app.query())
        address = visitor.query
        visitor.send(answer="allow")
        world.clock.advance(seconds=60)
        assert "no longer valid" in visitor.open(address).text
        visitor.post({"progress": address.partition("progress=")[2], "answer": "allow"})
        assert visitor.answer.status_code == 400

    @pytest.mark.parametrize(("first", "second"), [("allow", "deny"), ("deny", "allow")])
    def test_an_answer_is_not_taken_back(self, world: World, first: str, second: str) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.sign_in(app.query())
        address = visitor.query
        visitor.send(answer=first)
        visitor.query = address
        visitor.post({"progress": address.partition("progress=")[2], "answer": second})
        assert visitor.answer.status_code == 400

    def test_two_tabs_do_not_disturb_each_other(self, world: World) -> None:
        app, first = register_app(world), Visitor(world)
        first.open(app.query(state="first"))
        second = Visitor(world, cookies=first.cookies)
        second.open(app.query(state="second"))
        for visitor, number in ((first, MOHAN), (second, OMAR)):
            visitor.send(number=number)
        for visitor, number, state in ((first, MOHAN, "first"), (second, OMAR, "second")):
            assert number in visitor.send(pin=world.pin_of(number), answer="pin").text
            visitor.send(answer="allow")
            assert visitor.led_to[1]["state"] == state

    def test_going_back_and_reloading_send_nothing_again(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query())
        visitor.send(number=MOHAN)
        address, pins = visitor.query, world.ask("SELECT count(*) FROM pins WHERE tenant_id = %s")
        visitor.open(address)
        assert "Enter your PIN" in visitor.page.text
        assert world.ask("SELECT count(*) FROM pins WHERE tenant_id = %s") == pins


class TestBrowserSafety:
    def test_the_cookie_is_the_browsers_alone(self, world: World) -> None:
        visitor = Visitor(world)
        visitor.open(register_app(world).query())
        cookie = visitor.answer.headers["set-cookie"]
        assert cookie.startswith("__Host-chaupal-sign-in=")
        assert cookie.partition("; ")[2] == "Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"

    def test_without_tls_it_has_another_name(self, world_with: Callable[..., World]) -> None:
        world = world_with(public_url="http://chat.local")
        visitor = Visitor(world)
        visitor.open(register_app(world).query())
        cookie = visitor.answer.headers["set-cookie"]
        assert cookie.startswith("chaupal-sign-in=")
        assert cookie.partition("; ")[2] == "Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"

    def test_no_header_leads_a_link_or_form_astray(self, world: World) -> None:
        app = register_app(world)
        visitor = Visitor(world, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        page = visitor.sign_in(app.query())
        assert "evil" not in visitor.answer.text
        assert all(link.startswith("?") for link in page.links.values())
        visitor.send(answer="allow")
        assert "evil" not in visitor.answer.headers["location"]

    def test_only_the_consent_may_lead_elsewhere(self, world: World) -> None:
        app, visitor = register_app(world), Visitor(world)
        visitor.open(app.query())
        assert "form-action 'self';" in visitor.answer.headers["content-security-policy"]
        visitor.send(number=MOHAN)
        assert "form-action 'self';" in visitor.answer.headers["content-security-policy"]
        visitor.send(pin=world.pin_of(MOHAN), answer="pin")
        assert "form-action 'self' https:;" in visitor.answer.headers["content-security-policy"]

    def test_names_that_look_like_markup_are_text(self, world: World) -> None:
        evil = "<img src=x onerror=alert(1)>{{ 7 * 7 }}"
        app, visitor = register_app(world, name=evil), Visitor(world)
        world.do(change_person, PersonChange(MOHAN, name=evil))
        first = visitor.open(app.query(state='"><script>alert(1)</script>'))
        assert evil in first.text
        assert evil in visitor.send(number=evil).fields["number"] + evil
        assert "<img" not in visitor.answer.text
        visitor.send(number=MOHAN)
        consent = visitor.send(pin=world.pin_of(MOHAN), answer="pin")
        assert consent.text.count(evil) >= 3
        assert "<img" not in visitor.answer.text
        assert "<script" not in visitor.answer.text

    def test_other_methods_are_refused(self, world: World) -> None:
        assert world.client.call("PUT", "/api/Oauth/Authorize").status_code == 405


class TestFormsPerAddress:
    def test_more_forms_than_a_person_sends_have_to_wait(self, world_with: Callable[..., World]) -> None:
        world = world_with(sign_in_forms_per_min_address=2)
        world.clock.begin_minute()
        app = register_app(world)
        visitor, neighbour = Visitor(world), Visitor(world, address="203.0.113.8")
        visitor.open(app.query())
        for _ in range(2):
            visitor.send(number="")
            assert visitor.answer.status_code == 200
        page = visitor.send(number="")
        assert visitor.answer.status_code == 429
        assert visitor.answer.headers["retry-after"] == "60"
        assert "Try again in 60 seconds." in page.text
        neighbour.open(app.query())
        neighbour.send(number="")
        assert neighbour.answer.status_code == 200

    def test_neighbours_in_one_ipv6_block_are_one(self, world_with: Callable[..., World]) -> None:
        world = world_with(sign_in_forms_per_min_address=1)
        world.clock.begin_minute()
        app = register_app(world)
        for address, status in (("2001:db8::1", 200), ("2001:db8::2", 429), ("2001:db8:0:1::1", 200)):
            visitor = Visitor(world, address=address)
            visitor.open(app.query())
            visitor.send(number="")
            assert visitor.answer.status_code == status
