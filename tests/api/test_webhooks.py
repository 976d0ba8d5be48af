"""Registering, proving, listing, changing and deleting webhooks. Source: contract, section 11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import ConnectorChange, change_connector
from chaupal.webhooks.kinds import EVENT_TYPES
from tests.api.client import assert_error
from tests.api.hooks import SECRET, HookReceiver, deliver, draft, listed, register
from tests.api.scenarios import GUID, UNKNOWN_ID
from tests.api.worlds import ALL_PERMISSIONS, GITA, World

TWO_YEARS_MS = 730 * 86_400_000
PACKAGE = "com.example.StockCount"


class TestRegistering:
    def test_a_webhook_exists_once_its_url_has_answered_the_token(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        asked = draft(hook_receiver, world.group_id, callBackToken="s3cret", callBackContext={"depot": 17})
        position = world.position
        webhook_id = register(world.group_admin, asked)
        assert GUID.fullmatch(webhook_id)
        [proof] = hook_receiver.proofs
        token = proof.path.removeprefix("/hook?validationToken=")
        assert token.isdigit()
        assert 12 <= len(token) <= 15
        assert token[0] != "0"
        assert world.count_events_after(position)["WebhookCreated"] == 1
        shown = listed(world.group_admin, webhook_id, world.group_id)
        assert shown == {
            "id": webhook_id,
            "objectId": world.group_id,
            "objectType": "Group",
            "events": ["TextMessageCreated"],
            "filters": [],
            "callbackUrl": hook_receiver.url + "/hook",
            "callbackToken": "s3cret",
            "callbackContext": {"depot": 17},
            "ts": world.clock.now_ms,
            "validity": world.clock.now_ms + TWO_YEARS_MS,
            "active": True,
            "disabledReason": "",
            "isFailing": False,
            "isSigned": False,
            "alertEmail": "",
        }

    @pytest.mark.parametrize(
        "echo",
        [
            lambda token: token.encode(),
            lambda token: f'"{token}"'.encode(),
            lambda token: f"\r\n {token}\n".encode(),
            lambda token: f"\ufeff{token}".encode(),
        ],
        ids=["plain", "quoted", "with blanks around it", "with a byte order mark"],
    )
    def test_what_counts_as_the_token(
        self, world: World, hook_receiver: HookReceiver, echo: Callable[[str], bytes]
    ) -> None:
        hook_receiver.echo = echo
        hook_receiver.headers = {"content-type": "text/html"}
        hook_receiver.status = 202
        assert register(world.group_admin, draft(hook_receiver, world.group_id))

    @pytest.mark.parametrize(
        ("status", "echo", "said"),
        [
            (200, lambda _: b"hello", "answered something else"),
            (200, lambda token: f'""{token}""'.encode(), "answered something else"),
            (200, lambda _: b"", "answered something else"),
            (404, lambda token: token.encode(), "the status was 404"),
            (302, lambda token: token.encode(), "the status was 302"),
        ],
    )
    def test_anything_else_registers_nothing_and_is_told_by_status_alone(
        self, world: World, hook_receiver: HookReceiver, status: int, echo: Callable[[str], bytes], said: str
    ) -> None:
        """The receiver of the tests has a private address, whose answers are nobody's business."""
        hook_receiver.status, hook_receiver.echo = status, echo
        asked, position = draft(hook_receiver, world.group_id), world.position
        answer = world.group_admin.post("/webhook", asked)
        assert said in assert_error(answer, code="InvalidParameters")["message"]
        assert "hello" not in answer.text
        assert world.position == position
        assert world.group_admin.get("/webhook", objectId=world.group_id, objectType="group").json() == {"webhooks": []}

    def test_a_receiver_that_is_not_there_is_named(self, world: World, hook_receiver: HookReceiver) -> None:
        asked = draft(hook_receiver, world.group_id) | {"callBackUrl": "http://127.0.0.1:1/x?sig=abc"}
        message = assert_error(world.group_admin.post("/webhook", asked), code="InvalidParameters")["message"]
        assert "callBackUrl: was not proved: the port must be" in message
        assert "sig=abc" not in message

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("http://8.8.8.8/hook", "must begin with https://"),
            ("https://10.1.2.3/hook", "CHAUPAL_CALLBACK_ALLOW can allow others"),
            ("https://169.254.169.254/", "CHAUPAL_CALLBACK_ALLOW can allow others"),
            ("https://localhost:22/", "the port must be 80, 443, or 1024 to 65535"),
            ("ftp://example.org/", "must begin with https:// or http://"),
            ("https://user:pw@example.org/", "must not hold a user or password (got: https://***@example.org/)"),
        ],
    )
    def test_urls_that_lead_where_calls_may_not_go(
        self, world: World, hook_receiver: HookReceiver, url: str, said: str
    ) -> None:
        answer = world.group_admin.post("/webhook", draft(hook_receiver, world.group_id) | {"callBackUrl": url})
        assert said in assert_error(answer, code="InvalidParameters")["message"]
        assert hook_receiver.proofs == []

    def test_a_url_with_a_query_of_its_own_keeps_it(self, world: World, hook_receiver: HookReceiver) -> None:
        asked = draft(hook_receiver, world.group_id) | {"callBackUrl": hook_receiver.url + "/hook?code=a%2Fb%3D"}
        register(world.group_admin, asked)
        assert hook_receiver.proofs[0].path.startswith("/hook?code=a%2Fb%3D&validationToken=")

    def test_names_in_any_case_and_the_spellings_of_old_clients(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        asked = (
            f"{{ObjectId: '{world.group_id.upper()}@1', ObjectType: 'group', events: 'textmessagecreated, Nonsense',"
            f" callbackUrl: '{hook_receiver.url}/hook', callbackContext: 'x', validity: '4102444800'}}"
        )
        answer = world.group_admin.call("POST", "/v1/WebHooks/", content=asked)
        assert answer.status_code == 200, answer.text
        shown = listed(world.group_admin, answer.json()["webhookId"], world.group_id)
        assert shown["events"] == ["TextMessageCreated"]
        assert (shown["validity"], shown["callbackContext"]) == (4_102_444_800_000, "x")

    def test_every_event_type_of_the_contract_is_known(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id, *EVENT_TYPES))
        assert set(listed(world.group_admin, webhook_id, world.group_id)["events"]) == set(EVENT_TYPES)

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"eventTypes": ["Nonsense"]}, "eventTypes: must name at least one of"),
            ({"eventTypes": []}, "eventTypes: must name at least one of"),
            ({"objectType": "ActionPackage", "objectId": "p" * 101}, "objectId: must be a package's id"),
            ({"objectType": "ActionPackage", "objectId": ""}, "objectId: must be a package's id"),
            ({"objectType": "Person"}, "objectType: must be one of Group, Action, ActionPackage"),
            ({"validity": "soon"}, "validity: must be epoch seconds"),
            ({"validity": "2020-01-01T00:00:00Z"}, "validity: must lie in the future (got: 1577836800000)"),
            ({"validity": -1}, "validity: must lie in the future"),
            ({"callBackToken": "a\nb"}, "callBackToken: must be at most"),
            ({"callBackHeaders": {"Host": "x"}}, "callBackHeaders: must be names of headers of your own"),
            ({"callBackHeaders": {"Webhook-Attempt": "9"}}, "callBackHeaders: must be names of headers of your own"),
            ({"callBackHeaders": {"X-A": "a\r\nb"}}, "callBackHeaders.X-A: must be at most"),
            ({"callBackContext": "x" * 20_000}, "callBackContext: must be at most 16384 bytes"),
            ({"signingSecret": "whsec_short"}, "signingSecret: must be whsec_ and 24 to 64 bytes"),
        ],
    )
    def test_what_is_refused(
        self, world: World, hook_receiver: HookReceiver, fields: dict[str, Any], said: str
    ) -> None:
        answer = world.group_admin.post("/webhook", draft(hook_receiver, world.group_id) | fields)
        assert said in assert_error(answer, code="InvalidParameters")["message"]
        assert hook_receiver.proofs == [], "nothing is called for a request that is refused anyway"

    def test_a_group_that_is_not_visible_is_not_there_and_nothing_is_called(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        unseen = world.outsider.post("/webhook", draft(hook_receiver, world.group_id))
        unknown = world.outsider.post("/webhook", draft(hook_receiver, UNKNOWN_ID))
        assert assert_error(unseen)["message"] == assert_error(unknown)["message"] == "No such group."
        assert world.member.post("/webhook", draft(hook_receiver, world.group_id)).status_code == 403
        assert hook_receiver.proofs == []

    def test_on_an_action_by_the_admins_of_its_group(self, world: World, hook_receiver: HookReceiver) -> None:
        poll = {"actionType": "Poll", "actionBody": {"question": "Tea?", "choices": ["Yes", "No"]}}
        action_id = world.post_action(poll)
        asked = draft(hook_receiver, action_id, "PollResponse", objectType="Action")
        assert world.member.post("/webhook", asked).status_code == 403
        assert assert_error(world.outsider.post("/webhook", asked))["message"] == "No such action."
        webhook_id = register(world.group_token, asked)
        assert listed(world.group_admin, webhook_id, action_id, "Action")["events"] == ["PollResponse"]

    def test_on_a_package_by_admins_each_seeing_their_own(self, world: World, hook_receiver: HookReceiver) -> None:
        asked = draft(hook_receiver, PACKAGE, "ActionResponse", objectType="ActionPackage")
        assert world.outsider.post("/webhook", asked).status_code == 403
        assert world.group_id
        of_gita, of_token = register(world.group_admin, asked), register(world.group_token, asked)
        query = {"objectId": PACKAGE, "objectType": "ActionPackage"}

        def seen(caller: Any) -> set[str]:
            return {each["id"] for each in caller.get("/webhook", **query).json()["webhooks"]}

        assert (seen(world.group_admin), seen(world.group_token)) == ({of_gita}, {of_token})
        assert seen(world.tenant_admin) == {of_gita, of_token}
        assert world.group_token.delete(f"/webhook/{of_gita}").status_code == 404
        assert world.tenant_admin.delete(f"/webhook/{of_gita}").status_code == 200

    def test_at_most_ten_proofs_a_minute_of_one_connector(
        self, world_with: Callable[..., World], hook_receiver: HookReceiver
    ) -> None:
        world = world_with(webhook_proofs_per_min=10)
        for _ in range(10):
            register(world.group_admin, draft(hook_receiver, world.group_id))
        refused = world.group_admin.post("/webhook", draft(hook_receiver, world.group_id))
        assert "at most 10 a minute" in assert_error(refused, code="TooManyRequests")["message"]
        assert len(hook_receiver.proofs) == 10

    def test_an_organization_has_so_many_and_no_more(
        self, world_with: Callable[..., World], hook_receiver: HookReceiver
    ) -> None:
        world = world_with(webhooks_per_tenant=1)
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        asked = draft(hook_receiver, world.group_id)
        assert_error(world.group_admin.post("/webhook", asked), code="Conflict")
        assert world.group_admin.delete(f"/webhook/{webhook_id}").json() == {}
        register(world.group_admin, asked)


class TestListing:
    def test_the_token_is_shown_through_the_connector_that_gave_it_alone(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        asked = draft(hook_receiver, world.group_id, callBackToken="s3cret", callBackHeaders={"X-Key": "hidden"})
        webhook_id = register(world.group_admin, asked)
        other = world.sign_in(GITA, permissions=[Permission.OUTGOING_WEBHOOKS])
        shown = other.get("/webhook", objectId=world.group_id, objectType="Group")
        assert shown.json()["webhooks"][0]["callbackToken"] == ""
        assert "hidden" not in shown.text
        assert listed(world.group_admin, webhook_id, world.group_id)["callbackToken"] == "s3cret"

    def test_without_an_object_the_callers_own(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        assert [each["id"] for each in world.group_admin.get("/webhook").json()["webhooks"]] == [webhook_id]
        assert world.tenant_admin.get("/webhook").json() == {"webhooks": []}

    def test_nothing_secret_lies_open_in_the_database(self, world: World, hook_receiver: HookReceiver) -> None:
        asked = draft(hook_receiver, world.group_id, callBackToken="opensesame", signingSecret=SECRET)
        register(world.group_admin, asked | {"callBackUrl": hook_receiver.url + "/hook?sig=verysecret"})
        [row] = world.ask("SELECT * FROM webhooks WHERE tenant_id = %s")
        for secret in ("opensesame", "verysecret", SECRET):
            assert all(secret not in (bytes(v).decode("latin-1") if isinstance(v, bytes) else str(v)) for v in row)


class TestChanging:
    def test_any_field_in_any_case(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id, callBackToken="old"))
        changed = world.group_admin.put(
            f"/webhook/{webhook_id}", {"CallbackToken": "new", "EVENTTYPES": ["jobCreated"]}
        )
        assert changed.json() == {"result": "true"}
        shown = listed(world.group_admin, webhook_id, world.group_id)
        assert (shown["callbackToken"], shown["events"]) == ("new", ["JobCreated"])
        assert len(hook_receiver.proofs) == 1, "the URL is the same"

    def test_a_new_url_is_proved_again(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id, callBackToken="t"))
        path = f"/webhook/{webhook_id}"
        hook_receiver.status = 500
        refused = world.group_admin.put(path, {"callBackUrl": hook_receiver.url + "/other", "callBackToken": "u"})
        assert_error(refused, code="InvalidParameters")
        shown = listed(world.group_admin, webhook_id, world.group_id)
        assert (shown["callbackUrl"], shown["callbackToken"]) == (hook_receiver.url + "/hook", "t")
        hook_receiver.status = 200
        assert world.group_admin.put(path, {"callBackUrl": hook_receiver.url + "/other"}).status_code == 200
        assert hook_receiver.proofs[-1].headers["kz-callback-token"] == "t"
        assert listed(world.group_admin, webhook_id, world.group_id)["callbackUrl"] == hook_receiver.url + "/other"

    def test_active_as_text_enables_what_was_disabled(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        path, position = f"/webhook/{webhook_id}", world.position
        assert world.group_admin.put(path, {"active": False}).status_code == 200
        shown = listed(world.group_admin, webhook_id, world.group_id)
        assert (shown["active"], shown["disabledReason"]) == (False, "TurnedOff")
        [event] = world.events_after(position)
        assert event.event_type == "WebhookDisabled"
        assert event.facts == {"reason": "TurnedOff", "ownerId": world.group_admin.id}
        assert world.group_admin.put(path, {"Active": "true"}).status_code == 200
        assert listed(world.group_admin, webhook_id, world.group_id)["active"] is True

    def test_one_that_has_run_out_is_enabled_for_another_two_years(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        asked = draft(hook_receiver, world.group_id, validity=world.clock.now_ms + 1_000)
        webhook_id = register(world.group_admin, asked)
        world.clock.advance(seconds=2)
        shown = listed(world.group_admin, webhook_id, world.group_id)
        assert (shown["active"], shown["disabledReason"]) == (False, "Expired")
        world.group_admin.put(f"/webhook/{webhook_id}", {"Active": "True"})
        shown = listed(world.group_admin, webhook_id, world.group_id)
        assert (shown["active"], shown["validity"]) == (True, world.clock.now_ms + TWO_YEARS_MS)

    def test_to_another_group_only_by_its_admins(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        others = world.tenant_admin.post("/groups", {"name": "Closed"}).json()["groupId"]
        path = f"/webhook/{webhook_id}"
        assert world.group_admin.put(path, {"objectId": others}).status_code == 404
        mine = world.make_group("Mine")
        assert world.group_admin.put(path, {"objectId": mine}).status_code == 200
        assert listed(world.group_admin, webhook_id, mine)["objectId"] == mine

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"objectType": "ActionPackage"}, "objectId: must not be empty, and go along with another objectType"),
            ({"objectType": "ActionPackage", "objectId": ""}, "objectId: must not be empty"),
            ({"objectType": "ActionPackage", "objectId": "com.example." * 9}, "objectId: must be a package's id"),
            ({"objectId": ""}, "objectId: must not be empty"),
        ],
    )
    def test_to_another_object_only_by_its_id(
        self, world: World, hook_receiver: HookReceiver, fields: dict[str, Any], said: str
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        answer = world.group_admin.put(f"/webhook/{webhook_id}", fields)
        assert said in assert_error(answer, code="InvalidParameters")["message"]
        assert listed(world.group_admin, webhook_id, world.group_id)["objectType"] == "Group"

    def test_whoever_cannot_see_it_is_told_that_there_is_none(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        for caller in (world.outsider, world.stranger):
            for answer in (
                caller.put(f"/webhook/{webhook_id}", {"active": False}),
                caller.delete(f"/webhook/{webhook_id}"),
                caller.delete(f"/webhook/{UNKNOWN_ID}"),
            ):
                assert assert_error(answer)["message"] == "No such webhook."
        assert listed(world.group_admin, webhook_id, world.group_id)["active"] is True

    def test_what_another_connector_gave_is_neither_shown_nor_wiped_nor_sent_elsewhere(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        given = {"callBackToken": "s3cret", "callBackHeaders": {"X-Key": "hidden"}, "alertEmail": "a@example.org"}
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id, **given))
        other = world.sign_in(GITA, permissions=[Permission.OUTGOING_WEBHOOKS])
        path = f"/webhook/{webhook_id}"
        shown = listed(other, webhook_id, world.group_id)
        assert (shown["callbackToken"], shown["alertEmail"]) == ("", "")
        assert other.put(path, shown | {"Active": "true"}).status_code == 200
        assert listed(other, webhook_id, world.group_id)["callbackToken"] == "", "though it acts for that one now"
        world.send("hi")
        deliver(world)
        headers = hook_receiver.deliveries[0].headers
        assert (headers["kz-callback-token"], headers["x-key"]) == ("s3cret", "hidden")
        shown = listed(world.group_admin, webhook_id, world.group_id)
        assert (shown["callbackToken"], shown["alertEmail"]) == ("s3cret", "a@example.org")
        assert other.put(path, {"callBackUrl": hook_receiver.url + "/elsewhere"}).status_code == 200
        world.send("hi")
        deliver(world)
        for received in (hook_receiver.proofs[-1], hook_receiver.deliveries[-1]):
            assert received.path.startswith("/elsewhere")
            assert received.headers.keys().isdisjoint({"kz-callback-token", "x-key"})
        assert other.put(path, {"callBackToken": "mine"}).status_code == 200
        assert listed(other, webhook_id, world.group_id)["callbackToken"] == "mine"
        assert listed(world.group_admin, webhook_id, world.group_id)["callbackToken"] == ""

    def test_another_admin_may_take_it_over_with_a_connector_of_their_own(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        assert world.tenant_admin.put(f"/webhook/{webhook_id}", {"active": True}).status_code == 200
        assert [each["id"] for each in world.tenant_admin.get("/webhook").json()["webhooks"]] == [webhook_id]


class TestDeleting:
    def test_it_is_gone_and_deleting_it_again_finds_none(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        position = world.position
        assert world.group_admin.delete(f"/webhook/{webhook_id.upper()}").json() == {}
        assert world.count_events_after(position) == {"WebhookDeleted": 1}
        assert world.group_admin.get("/webhook").json() == {"webhooks": []}
        assert_error(world.group_admin.delete(f"/webhook/{webhook_id}"), code="NotFound")
        assert world.ask("SELECT * FROM webhook_cursors WHERE tenant_id = %s") == []

    def test_whoever_made_it_still_may_when_its_group_is_gone(self, world: World, hook_receiver: HookReceiver) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
        path = f"/webhook/{webhook_id}"
        assert world.group_admin.delete(f"/groups/{world.group_id}").status_code == 200
        assert_error(world.group_admin.put(path, {"active": False}), code="NotFound")
        for caller in (world.outsider, world.stranger, world.member):
            assert_error(caller.delete(path), code="NotFound")
        assert [each["id"] for each in world.group_admin.get("/webhook").json()["webhooks"]] == [webhook_id]
        assert world.group_admin.delete(path).json() == {}
        assert world.group_admin.get("/webhook").json() == {"webhooks": []}


def test_a_connector_may_lose_the_permission(world: World, hook_receiver: HookReceiver) -> None:
    webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id))
    kept = tuple(each for each in ALL_PERMISSIONS if each is not Permission.OUTGOING_WEBHOOKS)
    world.do(change_connector, ConnectorChange(application_id=world.application_id, permissions=kept))
    assert world.group_admin.put(f"/webhook/{webhook_id}", {"active": True}).status_code == 403
