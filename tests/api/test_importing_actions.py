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

    def test_an_answer_to_nothing_or_to_a_checklist_is_refused(self, world: World) -> None:
        taken = bring(
            world,
            response("r1", "nowhere", OMAR, {"answers": [1]}),
            action(world, "c1", "Checklist", {"title": "Closing", "items": ["Lights"]}),
            response("r2", "c1", OMAR, {"item": 0}),
            action(world, "s1", "Survey", SURVEY),
            response("r3", "s1", OMAR, {"answers": ["many", "x"]}),
        )
        assert taken.taken == [1, 3]
        assert [each.index for each in taken.refused] == [0, 2, 4]

    def test_an_id_that_a_message_has_is_refused(self, world: World) -> None:
        sent = {"groupId": world.group_id, "sender": GITA, "sentAt": SENT}
        taken = bring(
            world, {"kind": "message", "id": "x1", "text": "hello", **sent}, action(world, "x1", "Survey", SURVEY)
        )
        assert [each.index for each in taken.refused] == [1]


class TestReading:
    def test_files_and_anonymity_are_refused_with_the_line(self) -> None:
        base = {"kind": "action", "id": "a", "group": "Depot", "sender": GITA, "sentAt": SENT}
        lines = [
            {**base, "actionType": "Image", "actionBody": {"mediaResource": "x"}},
            {**base, "actionType": "Survey", "actionBody": {**SURVEY, "isAnonymous": True}},
            {**base, "actionType": "Dance", "actionBody": {}},
            {**base, "actionType": "Survey", "actionBody": {"title": ""}},
        ]
        found = list(JsonLines(Mapping(), KnownPeople({}, "")).read(json.dumps(line) for line in lines))
        problems = [each for each in found if isinstance(each, Problem)]
        assert [each.line for each in problems] == [1, 2, 3, 4]
        assert "files cannot be imported" in problems[0].reason
        assert "anonymous" in problems[1].reason
