"""Editing and retracting messages: our additions to the old API. Source: contract, section 6."""

from __future__ import annotations

import re

import pytest

from tests.api.client import assert_error
from tests.api.scenarios import TIME, UNKNOWN_ID
from tests.api.worlds import ASHA, MOHAN, OMAR, WELCOME, World

EDITED, RETRACTED = {"MessageEdited": 1}, {"MessageRetracted": 1}
DONE = {"result": "true"}


def path_of(world: World, message_id: str) -> str:
    return f"/groups/{world.group_id}/messages/{message_id}"


@pytest.fixture
def message_id(world: World) -> str:
    """A message that Mohan, a member, has sent; Omar is a member too."""
    world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
    for caller in (world.outsider, world.tenant_admin, world.group_token, world.stranger):
        assert caller.access_token
    return world.send("first words", sender=world.member)


class TestEditMessage:
    @pytest.mark.parametrize("editor", ["member", "group_admin", "tenant_admin", "group_token"])
    def test_sender_and_admins_may(self, world: World, message_id: str, editor: str) -> None:
        position = world.position
        answer = getattr(world, editor).put(path_of(world, message_id), {"message": "other words"})
        assert answer.json() == DONE
        assert world.count_events_after(position) == EDITED
        message = world.outsider.get(path_of(world, message_id)).json()
        assert message["message"] == "other words"
        assert re.fullmatch(TIME, message["editedAt"])
        assert message["sender"] == MOHAN

    def test_another_member_may_not(self, world: World, message_id: str) -> None:
        position = world.position
        answer = world.outsider.put(path_of(world, message_id), {"message": "other words"})
        assert "sender" in assert_error(answer, code="Forbidden")["message"]
        assert world.count_events_after(position) == {}
        assert world.texts(world.member)[0] == "first words"

    def test_the_same_text_changes_nothing(self, world: World, message_id: str) -> None:
        position = world.position
        assert world.member.put(path_of(world, message_id), {"message": "first words"}).json() == DONE
        assert world.count_events_after(position) == {}
        assert "editedAt" not in world.member.get(path_of(world, message_id)).json()

    def test_its_place_and_time_stay(self, world: World, message_id: str) -> None:
        sent_at = world.member.get(path_of(world, message_id)).json()["sentAt"]
        world.send("later")
        world.clock.advance(hours=1)
        world.member.put(path_of(world, message_id), {"message": "other words"})
        assert world.texts(world.member)[:2] == ["later", "other words"]
        message = world.member.get(path_of(world, message_id)).json()
        assert message["sentAt"] == sent_at < message["editedAt"]

    @pytest.mark.parametrize("text", ["", " ", "x" * 4001])
    def test_the_new_text_keeps_to_the_rules(self, world: World, message_id: str, text: str) -> None:
        assert_error(world.member.put(path_of(world, message_id), {"message": text}), code="InvalidParameters")
        assert world.texts(world.member)[0] == "first words"

    def test_a_retracted_message_cannot_be_edited(self, world: World, message_id: str) -> None:
        world.member.delete(path_of(world, message_id))
        answer = world.member.put(path_of(world, message_id), {"message": "back again"})
        assert_error(answer, code="Conflict")
        assert world.texts(world.member)[0] == ""

    @pytest.mark.parametrize("editor", ["group_admin", "stranger"])
    def test_a_message_that_is_none(self, world: World, message_id: str, editor: str) -> None:
        assert message_id
        answer = getattr(world, editor).put(path_of(world, UNKNOWN_ID), {"message": "hi"})
        assert_error(answer, code="NotFound")

    def test_who_does_not_see_it_cannot_edit_it_even_as_admin(self, world: World, message_id: str) -> None:
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [ASHA]})
        asha = world.people[ASHA].user_id
        world.group_admin.put(f"/groups/{world.group_id}/members/{asha}", {"role": "Admin"})
        assert_error(world.tenant_admin.put(path_of(world, message_id), {"message": "hi"}), code="NotFound")

    def test_the_welcome_can_be_edited_by_whoever_sees_it_as_its_sender_or_admin(self, world: World) -> None:
        [welcome] = world.member.get(f"/groups/{world.group_id}/messages", count=1).json()["messages"]
        assert welcome["message"] == WELCOME
        answer = world.member.put(path_of(world, welcome["referenceId"]), {"message": "hi"})
        assert_error(answer, code="Forbidden")


class TestRetractMessage:
    @pytest.mark.parametrize("who", ["member", "group_admin", "tenant_admin", "group_token"])
    def test_sender_and_admins_may(self, world: World, message_id: str, who: str) -> None:
        position = world.position
        assert getattr(world, who).delete(path_of(world, message_id)).json() == DONE
        assert world.count_events_after(position) == RETRACTED
        message = world.outsider.get(path_of(world, message_id)).json()
        assert message["message"] == ""
        assert message["isRetracted"] is True

    def test_another_member_may_not(self, world: World, message_id: str) -> None:
        assert_error(world.outsider.delete(path_of(world, message_id)), code="Forbidden")
        assert "isRetracted" not in world.member.get(path_of(world, message_id)).json()

    def test_its_place_stays(self, world: World, message_id: str) -> None:
        world.send("later")
        world.member.delete(path_of(world, message_id))
        assert world.texts(world.member)[:2] == ["later", ""]

    def test_twice_is_once(self, world: World, message_id: str) -> None:
        world.member.delete(path_of(world, message_id))
        position = world.position
        assert world.group_admin.delete(path_of(world, message_id)).json() == DONE
        assert world.count_events_after(position) == {}

    def test_the_text_is_in_no_table_any_more(self, world: World) -> None:
        # With a name of this test's own: the database is shared.
        words = [f"{which} words of {world.tenant_id}" for which in ("first", "second", "third")]
        path, keyed = f"/groups/{world.group_id}/messages", {"Idempotency-Key": "one"}
        message_id = world.member.post(path, {"message": words[0]}, headers=keyed).json()["referenceId"]
        world.member.put(path_of(world, message_id), {"message": words[1]})
        world.send(words[2])
        world.member.delete(path_of(world, message_id))
        stored = everything_stored(world)
        assert [stored.count(each) for each in words] == [0, 0, 1]


def everything_stored(world: World) -> str:
    """Every row of every table, as text."""
    if world.database.is_postgres:
        question = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    else:
        question = "SELECT name FROM sqlite_master WHERE type = 'table'"
    tables = [name for (name,) in world.database.ask(question)]
    assert {"messages", "events", "stored_answers"} <= set(tables)
    questions = [f"SELECT * FROM {table}" for table in tables]  # noqa: S608 - the names come from the database
    return "\n".join(repr(row) for question in questions for row in world.database.ask(question))
