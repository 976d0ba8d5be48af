"""What a program does day by day, through both clients, against a real server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaupal_client import Conflict, Forbidden, InvalidParameters, NotFound, SignInNeeded, Unauthenticated
from tests.api.worlds import ASHA, GITA, MOHAN, OMAR
from tests.browser.sites import Site
from tests.sdk.clients import OpenClient
from tests.sdk.elsewhere import Answer, Elsewhere


class TestSignIn:
    def test_a_pin_signs_a_person_in(self, site: Site, open_client: OpenClient) -> None:
        client = open_client(number="")
        with pytest.raises(SignInNeeded):
            client.users.me()
        client.sign_in.send_pin(MOHAN)
        signed_in = client.sign_in.with_pin(MOHAN, site.world.pin_of(MOHAN))
        assert client.users.me().mobile_number == MOHAN
        assert signed_in.endpoint_url == client.endpoint_url

    def test_a_wrong_pin_is_told_with_the_request(self, open_client: OpenClient) -> None:
        client = open_client(number="")
        with pytest.raises(Unauthenticated) as refused:
            client.sign_in.with_pin(MOHAN, "000000")
        error = refused.value
        assert (error.status, error.error_code, error.error_category) == (401, "Unauthenticated", "AuthException")
        assert str(error) == f"[request {error.request_id}] 401 Unauthenticated: The PIN is wrong or has expired."

    def test_a_refresh_token_is_enough(self, client: Any) -> None:
        me = client.users.me()
        assert (me.mobile_number, me.role, me.is_tenant_admin) == (GITA, "Member", False)

    def test_renewing_answers_a_working_token(self, client: Any, open_client: OpenClient) -> None:
        token = client.sign_in.renew()
        assert open_client(access_token=token).users.me().mobile_number == GITA
        with pytest.raises(SignInNeeded):
            open_client(access_token=token).sign_in.renew()


class TestGroups:
    def test_a_group_lives_and_ends(self, client: Any) -> None:
        made = client.groups.create("Shop floor", members=[MOHAN], welcome_message="Namaste!", show_history=True)
        assert (made.group_name, made.members_added) == ("Shop floor", True)
        client.groups.change(made.group_id, name="Depot")
        shown = client.groups.get(made.group_id)
        assert (shown.group_name, shown.welcome_message, shown.user_count) == ("Depot", "Namaste!", 2)
        assert shown.show_history is True
        assert [group.group_id for group in client.groups.list(show_detail=True).groups] == [made.group_id]
        assert client.groups.delete(made.group_id).result == "true"
        with pytest.raises(NotFound, match="404 NotFound: No such group"):
            client.groups.get(made.group_id)

    def test_an_admin_of_the_organization_finds_all(self, client: Any, open_client: OpenClient) -> None:
        made = {client.groups.create(f"Depot {number}").group_id for number in range(3)}
        found = open_client(number=ASHA).groups.iterate_found(query="depot")
        assert {group.group_id for group in found} == made
        with pytest.raises(Forbidden):
            client.groups.find(query="depot")

    def test_more_than_a_page_of_groups_is_found(self, open_client: OpenClient, elsewhere: Elsewhere) -> None:
        known = open_client(number=ASHA).groups.create("Depot").group_id
        shown = open_client(number=ASHA).call("GET", f"/groups/{known}")
        elsewhere.answers = [Answer(body=json.dumps({"groups": [shown] * count}).encode()) for count in (100, 3)]
        found = list(open_client(url=elsewhere.url, access_token="t").groups.iterate_found(query="dépôt & co"))
        assert len(found) == 103
        assert [asked.target for asked in elsewhere.asked] == [
            f"/v1/tenant/findGroupsByQuery?query=d%C3%A9p%C3%B4t+%26+co&resultsOffset={offset}&pageSize=100"
            for offset in (0, 100)
        ]

    def test_subgroups_are_made_linked_and_taken_away(self, client: Any) -> None:
        above = client.groups.create("Region").group_id
        below = client.subgroups.create(above, "Depot").group_id
        other = client.groups.create("Yard").group_id
        client.subgroups.link(above, [other])
        assert {group.group_id for group in client.subgroups.list(above).sub_groups} == {below, other}
        client.subgroups.unlink(above, other)
        assert [group.group_id for group in client.subgroups.list(above).sub_groups] == [below]

    @pytest.mark.parametrize("bad", ["", ".", "..", " "])
    def test_a_path_never_leads_elsewhere(self, client: Any, bad: str) -> None:
        group_id = client.groups.create("Depot").group_id
        with pytest.raises(ValueError, match="is not an id"):
            client.members.remove(group_id, bad)
        assert client.groups.get(group_id).group_name == "Depot"

    def test_an_id_with_signs_is_one_part_of_the_path(self, client: Any) -> None:
        with pytest.raises(NotFound):
            client.groups.get("a/b?c#d%2F..")


class TestMembers:
    def test_members_come_change_and_go(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        client.members.add(group_id, [MOHAN, OMAR])
        by_number = {member.mobile_number: member for member in client.members.list(group_id).members}
        assert set(by_number) == {GITA, MOHAN, OMAR}
        client.members.change(group_id, by_number[MOHAN].id, "Admin")
        client.members.remove(group_id, by_number[OMAR].id)
        assert {(one.mobile_number, one.role) for one in client.members.iterate(group_id)} == {
            (GITA, "Admin"),
            (MOHAN, "Admin"),
        }

    def test_a_long_list_is_read_page_by_page(self, client: Any) -> None:
        numbers = [f"+9198000010{number:02}" for number in range(7)]
        group_id = client.groups.create("Depot", members=numbers).group_id
        read = [member.mobile_number for member in client.members.iterate(group_id, count=3)]
        assert sorted(read) == sorted([GITA, *numbers])
        assert len(read) == len(set(read))

    def test_the_last_admin_stays(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        with pytest.raises(Conflict, match="last admin"):
            client.groups.leave(group_id)


class TestMessages:
    def test_messages_are_sent_read_edited_and_taken_back(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        first = client.messages.post(group_id, "கடை ஒன்பது மணிக்குத் திறக்கும்.").reference_id
        second = client.messages.post(group_id, "At ten.", reply_to_reference_id=first).reference_id
        answer = client.messages.get(group_id, second)
        assert (answer.message, answer.sender, answer.reply_to.reference_id) == ("At ten.", GITA, first)
        client.messages.edit(group_id, second, "At nine.")
        client.messages.retract(group_id, first)
        shown = client.messages.list(group_id).messages
        assert [(one.message, bool(one.edited_at), bool(one.is_retracted)) for one in shown] == [
            ("At nine.", True, False),
            ("", False, True),
        ]

    def test_all_of_them_are_read_in_either_direction(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        for number in range(5):
            client.messages.post(group_id, f"number {number}")
        texts = [message.message for message in client.messages.iterate(group_id, count=2)]
        assert texts == [f"number {number}" for number in (4, 3, 2, 1, 0)]

    def test_an_iteration_goes_on_at_its_cursor(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        for number in range(4):
            client.messages.post(group_id, f"number {number}")
        with client.messages.iterate(group_id, count=2) as messages:
            read = [next(messages).message for _ in range(3)]
            rest = [one.message for one in client.messages.iterate(group_id, count=2, cursor=messages.cursor)]
        assert (read, rest) == (["number 3", "number 2", "number 1"], ["number 1", "number 0"])

    def test_one_key_sends_once(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        sent = {client.messages.post(group_id, "Once", idempotency_key="opening").reference_id for _ in range(2)}
        assert len(sent) == 1
        with pytest.raises(Conflict, match="was used with another request"):
            client.messages.post(group_id, "Twice", idempotency_key="opening")

    def test_an_unusable_text_is_refused(self, client: Any) -> None:
        group_id = client.groups.create("Depot").group_id
        with pytest.raises(InvalidParameters, match="message: must be at most 4000 characters"):
            client.messages.post(group_id, "x" * 4001)


class TestAnyCall:
    def test_what_this_version_lacks_can_be_called(self, client: Any) -> None:
        made = client.call("POST", "/groups", body={"name": "Depot"})
        assert client.call("GET", f"/groups/{made['groupId']}")["groupName"] == "Depot"
        assert [
            group["groupName"] for group in client.call("GET", "/groups", query={"showDetail": True})["groups"]
        ] == ["Depot"]
