"""Actions and answers that were brought along in JSON Lines: shown, counted, and told to nobody."""

from __future__ import annotations

import json
from typing import Any

from chaupal.importing.reading.findings import Found, Problem
from chaupal.importing.reading.json_lines import JsonLines
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.rules import Batch, Taken, import_records
from chaupal.responses.bodies.reading import read_answer
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.worlds import GITA, MOHAN, OMAR, World

SENT = "2023-02-16T07:31:59Z"


def bring(world: World, *written: dict[str, Any]) -> Taken:
    found = list(JsonLines(Mapping(), KnownPeople({}, "")).read(json.dumps(each) for each in written))
    records = [each.record for each in found if isinstance(each, Found)]
    assert len(records) == len(written), found
    taken = world.do(import_records, Batch(records, read_answer=read_answer))
    assert isinstance(taken, Taken)
    return taken


def action(world: World, action_id: str, action_type: str, body: dict[str, Any], **further: Any) -> dict[str, Any]:
    where = {"groupId": world.group_id, "sender": GITA, "sentAt": SENT}
    return {"kind": "action", "id": action_id, "actionType": action_type, "actionBody": body, **where, **further}


def response(response_id: str, action_id: str, responder: str, body: dict[str, Any]) -> dict[str, Any]:
    which = {"kind": "response", "id": response_id, "actionId": action_id}
    return {**which, "responder": responder, "respondedAt": "2023-02-16T08:00:00Z", "actionBody": body}


SURVEY = {
    "title": "Stock",
    "questions": [{"title": "How many?", "type": "Numeric"}, {"title": "Notes", "type": "Text"}],
}


class TestActions:
    def test_they_are_shown_as_they_were_and_counted_once(self, world: World, hook_receiver: HookReceiver) -> None:
        register(world.group_admin, draft(hook_receiver, world.group_id, "SurveyCreated", "SurveyResponse"))
        position = world.position
        written = [
            action(world, "s1", "survey", SURVEY, closedAt="2023-03-01T00:00:00Z"),
            response("r1", "s1", OMAR, {"answers": [12, "fine"]}),
            response("r2", "s1", "Ravi", {"answers": [7, "short"]}),
            action(world, "j1", "Job", {"title": "Sweep", "assignedTo": [MOHAN]}),
            response("r3", "j1", MOHAN, {"isCompleted": True}),
        ]
        taken = bring(world, *written)
        assert (taken.taken, taken.refused) == ([0, 1, 2, 3, 4], [])
        assert bring(world, *written).known == [0, 1, 2, 3, 4]
        kinds = world.count_events_after(position)
        assert kinds.pop("HistoryImported") == 4
        assert not [kind for kind in kinds if not kind.startswith("Person")]
        deliver(world)
        assert hook_receiver.deliveries == []
        path = f"/v1/groups/{world.group_id}/actions"
        answers = world.tenant_admin.get(f"{path}/s1/responses").json()
        assert (answers["responseCount"], answers["responderCount"]) == (2, 2)
        shown = world.tenant_admin.get(f"{path}/s1").json()
        assert (shown["actionType"], shown["actionDetails"]["title"]) == ("Survey", "Stock")
        counted = world.ask(
            "SELECT action_id, completed_count FROM response_counts WHERE tenant_id = %s ORDER BY action_id"
        )
        assert counted == [("j1", 1), ("s1", 0)]
        refused = world.tenant_admin.post(f"{path}/s1/responses", {"actionBody": {"answers": [1, "late"]}})
        assert refused.status_code == 409

    def test_an_answer_to_nothing_or_to_another_question_is_refused(self, world: World) -> None:
        taken = bring(
            world,
            response("r1", "nowhere", OMAR, {"answers": [1]}),
            action(world, "s1", "Survey", SURVEY),
            response("r2", "s1", OMAR, {"answers": ["many", "x"]}),
        )
        assert taken.taken == [1]
        assert [each.index for each in taken.refused] == [0, 2]

    def test_a_checklist_is_as_far_as_it_was(self, world: World) -> None:
        closing = {"title": "Closing", "items": ["Lights", "Gate", "Till"], "needsVerification": True}
        done_first, later = "2023-02-16T08:00:00Z", "2023-02-16T09:00:00Z"
        written = [
            action(world, "c1", "Checklist", closing),
            {**response("r2", "c1", MOHAN, {"item": 0, "isVerified": True}), "respondedAt": later},
            {**response("r1", "c1", OMAR, {"item": 0}), "respondedAt": done_first},
            response("r3", "c1", OMAR, {"item": "Gate"}),
            {**response("r4", "c1", OMAR, {"item": "Gate", "isDone": False}), "respondedAt": later},
            response("r5", "c1", OMAR, {"item": "Till", "isVerified": True}),
        ]
        taken = bring(world, *written)
        assert taken.taken == [0, 1, 2, 3, 4]
        [refused] = taken.refused
        assert (refused.index, refused.reason) == (5, "Item 2 of the checklist is not done.")
        again = bring(world, *written)
        assert (again.taken, again.known, len(again.refused)) == ([], [0, 1, 2, 3, 4], 1)
        answers = world.tenant_admin.get(f"/v1/groups/{world.group_id}/actions/c1/responses").json()
        states = [(each["title"], each["isDone"], each["isVerified"]) for each in answers["itemResults"]]
        assert states == [("Lights", True, True), ("Gate", False, False), ("Till", False, False)]
        assert answers["itemResults"][0]["doneAt"].startswith("2023-02-16T08:00:00")
        assert world.ask("SELECT completed_count, response_count FROM response_counts WHERE tenant_id = %s") == [(1, 4)]

    def test_who_came_late_to_a_roll_call_did(self, world: World) -> None:
        call = {"title": "Morning", "cutOffTime": "2023-02-16T08:30:00Z"}
        bring(
            world,
            action(world, "a1", "Attendance", call),
            response("r1", "a1", OMAR, {}),
            {**response("r2", "a1", MOHAN, {}), "respondedAt": "2023-02-16T09:00:00Z"},
        )
        answers = world.tenant_admin.get(f"/v1/groups/{world.group_id}/actions/a1/responses").json()["responses"]
        assert {each["responseId"]: each["isLate"] for each in answers} == {"r1": False, "r2": True}

    def test_an_anonymous_answer_stays_nobodys(self, world: World) -> None:
        stranger = "+919811111119"
        written = [
            action(world, "s1", "Survey", {**SURVEY, "isAnonymous": True}),
            {
                **response("r1", "s1", stranger, {"answers": [1, "a"], "responseName": "X"}),
                "respondedAt": "2023-02-16T08:41:00Z",
            },
            response("r2", "s1", "Somebody", {"answers": [2, "b"]}),
            {
                key: value
                for key, value in response("r3", "s1", "", {"answers": [3, "c"]}).items()
                if key != "responder"
            },
        ]
        taken = bring(world, *written)
        assert (taken.taken, taken.refused, taken.made_people) == ([0, 1, 2, 3], [], [])
        assert [(each.index, each.reason.split(",")[0]) for each in taken.mended] == [
            (1, "taken without its responder"),
            (2, "taken without its responder"),
        ]
        assert bring(world, *written).known == [0, 1, 2, 3]
        rows = world.ask("SELECT responder_id, response_name, responded_at_us FROM responses WHERE tenant_id = %s")
        assert rows == [("", "", 1_676_534_400_000_000)] * 3
        assert world.ask("SELECT count(*) FROM people WHERE tenant_id = %s AND mobile_number = '+919811111119'") == [
            (0,)
        ]
        path = f"/v1/groups/{world.group_id}/actions/s1"
        shown = world.tenant_admin.get(f"{path}/responses").json()
        assert {each["responder"] for each in shown["responses"]} == {""}
        refused = world.tenant_admin.post(f"{path}/responses", {"actionBody": {"answers": [1, "again"]}})
        assert refused.status_code == 409

    def test_an_id_that_a_message_has_is_refused(self, world: World) -> None:
        sent = {"groupId": world.group_id, "sender": GITA, "sentAt": SENT}
        taken = bring(
            world, {"kind": "message", "id": "x1", "text": "hello", **sent}, action(world, "x1", "Survey", SURVEY)
        )
        assert [each.index for each in taken.refused] == [1]


class TestReading:
    def test_what_cannot_be_read_is_reported_with_its_line(self) -> None:
        base = {"kind": "action", "id": "a", "group": "Depot", "sender": GITA, "sentAt": SENT}
        lines = [
            {**base, "actionType": "Image", "actionBody": {"mediaResource": "x"}},
            {**base, "actionType": "Dance", "actionBody": {}},
            {**base, "actionType": "Survey", "actionBody": {"title": ""}},
        ]
        found = list(JsonLines(Mapping(), KnownPeople({}, "")).read(json.dumps(line) for line in lines))
        problems = [each for each in found if isinstance(each, Problem)]
        assert [each.line for each in problems] == [1, 2, 3]
        assert "files cannot be imported" in problems[0].reason

    def test_an_anonymous_action_that_is_open_is_taken_as_closed_and_reported(self) -> None:
        line = {"kind": "action", "id": "a", "group": "Depot", "sender": GITA, "sentAt": SENT, "actionType": "Survey"}
        body = {**SURVEY, "isAnonymous": True}
        open_one, closed = {**line, "actionBody": body}, {**line, "actionBody": body, "closedAt": SENT}
        found = list(JsonLines(Mapping(), KnownPeople({}, "")).read(json.dumps(each) for each in (open_one, closed)))
        notes = [each.note for each in found if isinstance(each, Found)]
        assert notes == ["taken as closed, because nobody could tell who has answered it already", ""]
