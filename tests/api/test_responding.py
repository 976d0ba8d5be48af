"""Answering an action: every type, every refusal, changes, and what is kept of it. Source: contract, section 8."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.answering import (
    PLACE,
    SURVEY,
    SURVEY_ANSWERS,
    TYPES,
    answer,
    answered,
    ask,
    assert_refused,
    counts_of,
    seen,
    with_answer,
)
from tests.api.worlds import MOHAN, OMAR, World

LEENA = "+919800000005"
MEDIA = "no-such-media"

COMMON = {"responseId", "responder", "responderId", "responderName", "respondedAt"}


class TestEveryType:
    @pytest.mark.parametrize("action_type", TYPES)
    def test_is_answered_told_of_and_read_back(self, world: World, action_type: str) -> None:
        body, given, shown, event_type = TYPES[action_type]
        responder = world.group_admin if action_type == "LiveLocation" else world.member
        action_id = ask(world, action_type, body)
        position = world.position
        sent = answer(responder, world.group_id, action_id, given)
        assert sent.status_code == 200, sent.text
        response_id = sent.json()["responseId"]
        [event] = world.events_after(position)
        assert (event.event_type, event.object_id, event.actor_id) == (event_type, response_id, responder.id)
        assert event.group_id == world.group_id
        facts: dict[str, Any] = {"actionId": action_id, "isUpdate": False, "viaGroupId": world.group_id}
        if event_type == "ActionResponse":
            facts["actionType"] = "ActionPackage" if "." in action_type else action_type
        assert event.facts == facts
        details = seen(world.group_admin, world.group_id, action_id)
        [response] = details["responses"]
        assert response["responseId"] == response_id
        assert response["responder"] == responder.number
        assert response["responderName"] == responder.person.name
        rest = {name: value for name, value in response.items() if name not in COMMON | {"isMine"}}
        assert rest == shown
        assert counts_of(world, action_id)[:2] == (1, 1)

    @pytest.mark.parametrize("action_type", TYPES)
    def test_a_repeated_call_with_a_key_answers_once(self, world: World, action_type: str) -> None:
        body, given, _, _ = TYPES[action_type]
        responder = world.group_admin if action_type == "LiveLocation" else world.member
        action_id = ask(world, action_type, body)
        first = answer(responder, world.group_id, action_id, given, key="once")
        again = answer(responder, world.group_id, action_id, given, key="once")
        assert first.status_code == 200, first.text
        assert first.json() == again.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert counts_of(world, action_id)[0] == 1

    @pytest.mark.parametrize("action_type", ["Announcement", "ShareLocation", "Contact"])
    def test_what_is_only_read_is_not_answered(self, world: World, action_type: str) -> None:
        bodies: dict[str, dict[str, Any]] = {
            "Announcement": {"Message": "Rain"}, "ShareLocation": PLACE,
            "Contact": {"name": "Omar", "mobileNumbers": [OMAR]},
        }  # fmt: skip
        action_id = ask(world, action_type, bodies[action_type])
        refused = answer(world.member, world.group_id, action_id, {"answers": ["x"]})
        assert_refused(refused, "InvalidParameters")
        assert "can be answered" in refused.json()["message"]
        assert "responses" not in seen(world.member, world.group_id, action_id)
        listed = world.member.get(f"/groups/{world.group_id}/actions/{action_id}/responses").json()
        assert listed == {"responses": [], "hasMore": False, "responseCount": 0, "responderCount": 0}


class TestWhatIsNamed:
    @pytest.mark.parametrize("named", [
        {}, {"actionType": "poll"}, {"id": "Poll"}, {"id": "{action}"}, {"id": "{action}", "actionType": "POLL"},
    ])  # fmt: skip
    def test_the_action_by_its_type_or_id(self, world: World, named: dict[str, str]) -> None:
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        fields = {name: word.replace("{action}", action_id) for name, word in named.items()}
        given = world.member.post(
            f"/groups/{world.group_id}/actions/{action_id}/responses", {**fields, "actionBody": {"choice": "No"}}
        )
        assert given.status_code == 200, given.text

    @pytest.mark.parametrize("word", ["com.example.Visit", "com.example.Visit.2", "actionpackage", "{action}"])
    def test_a_package_with_and_without_its_version(self, world: World, word: str) -> None:
        action_id = ask(world, "com.example.Visit.2", TYPES["com.example.Visit.2"][0])
        body = {"id": word.replace("{action}", action_id), "actionBody": {"answers": ["x"]}}
        given = world.member.post(f"/groups/{world.group_id}/actions/{action_id}/responses", body)
        assert given.status_code == 200, given.text

    @pytest.mark.parametrize("field", ["id", "actionType"])
    @pytest.mark.parametrize("word", ["Survey", "com.example.Visit", "00000000-0000-0000-0000-000000000001"])
    def test_another_is_refused(self, world: World, field: str, word: str) -> None:
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        body = {field: word, "actionBody": {"choice": "No"}}
        refused = world.member.post(f"/groups/{world.group_id}/actions/{action_id}/responses", body)
        assert_refused(refused, "InvalidParameters")
        assert refused.json()["message"].startswith(
            f"{field}: must name the action that is answered, whose type is Poll"
        )
        assert counts_of(world, action_id) == (0, 0, 0)


REFUSED: list[tuple[Any, str]] = [
    (with_answer(0, "Awful"), "actionBody.answers[0] (How was it?): must be an option that is offered: Good, Bad"),
    (with_answer(0, None), "actionBody.answers[0] (How was it?): needs an answer"),
    (with_answer(0, ["Good", "Bad"]), "actionBody.answers[0] (How was it?): must be one option"),
    (with_answer(1, ["Red", "Green"]), "actionBody.answers[1] (Colours?): must be an option that is offered"),
    (with_answer(2, "  "), "actionBody.answers[2] (Why?): needs an answer"),
    (with_answer(2, "x" * 4001), "actionBody.answers[2] (Why?): must be at most 4000 characters, not 4001"),
    (with_answer(2, {"a": 1}), "actionBody.answers[2] (Why?): must be text"),
    (with_answer(3, "many"), "actionBody.answers[3] (How many?): must be a number"),
    (with_answer(3, 10**400), "actionBody.answers[3] (How many?): must be a finite number"),
    (with_answer(4, {"lt": 91, "lg": 0}), "actionBody.answers[4] (Where?).latitude: must be -90 to 90 degrees"),
    (with_answer(4, {"lt": 1}), "actionBody.answers[4] (Where?).longitude: is required"),
    (with_answer(5, "soon"), "actionBody.answers[5] (Which day?): must be epoch seconds"),
    (with_answer(7, MEDIA), "actionBody.answers[7] (Photo): must be a mediaResource that was uploaded here"),
    (with_answer(8, [MEDIA]), "actionBody.answers[8] (Files): must be a mediaResource that was uploaded here"),
    (with_answer(9, "12"), "actionBody.answers[9] (Phone): must be a mobile number"),
    (with_answer(9, {"cc": "x", "pn": "1"}), "actionBody.answers[9] (Phone): must be a country's code and a number"),
    ([*SURVEY_ANSWERS, "more"], "actionBody.answers: must have an answer for each of the 10 questions, and no more"),
    ([], "actionBody.answers[0] (How was it?): needs an answer"),
    (None, "actionBody.answers[0] (How was it?): needs an answer"),
]


class TestRefusals:
    @pytest.mark.parametrize(("answers", "said"), REFUSED)
    def test_a_wrong_answer_names_question_and_reason(self, world: World, answers: Any, said: str) -> None:
        action_id = ask(world, "Survey", SURVEY)
        position = (world.member, world.position)[1]
        refused = answer(world.member, world.group_id, action_id, {"answers": answers})
        assert_refused(refused, "InvalidParameters")
        assert refused.json()["message"].startswith(said)
        assert world.position == position
        assert counts_of(world, action_id) == (0, 0, 0)
        assert seen(world.group_admin, world.group_id, action_id)["responses"] == []

    @pytest.mark.parametrize(("action_type", "given", "said"), [
        ("Poll", {"choice": "Perhaps"}, "actionBody.answers[0] (Tea?): must be an option that is offered: Yes, No"),
        ("Poll", {"answers": ["Yes", "No"]}, "actionBody.answers: must have an answer for each of the 1 questions"),
        ("Poll", {}, "actionBody.answers[0] (Tea?): needs an answer"),
        ("LetsMeet", {"response": "Never"}, "actionBody.response: must be an option that is offered: Yes, No, Maybe"),
        ("LetsMeet", {}, "actionBody.response: is required"),
        ("Job", {"isCompleted": "perhaps"}, "actionBody.isCompleted: must be true or false"),
        ("Job", {}, "actionBody.isCompleted: is required"),
        ("Attendance", {}, "actionBody.location: is required"),
        ("Attendance", {"status": "Ill"}, "actionBody.status: must be an option that is offered: CheckIn, On leave"),
        ("Checklist", {"item": "Wings"}, "actionBody.item: must be an option that is offered: Tyres, Oil"),
        ("Checklist", {"item": 2}, "actionBody.item: must be a title, or an index from 0 to 1"),
        ("Checklist", {"item": 0, "isVerified": True}, "actionBody.isVerified: is only for a checklist that needs it"),
        ("RequestLocation", {"location": "here"}, "actionBody.location: must be an object"),
    ])  # fmt: skip
    def test_a_wrong_body_names_the_field(
        self, world: World, action_type: str, given: dict[str, Any], said: str
    ) -> None:
        action_id = ask(world, action_type, TYPES[action_type][0])
        refused = answer(world.member, world.group_id, action_id, given)
        assert_refused(refused, "InvalidParameters")
        assert refused.json()["message"].startswith(said)
        assert counts_of(world, action_id) == (0, 0, 0)

    @pytest.mark.parametrize("body", [[], "text", 5, True, [["a"]]])
    def test_a_body_that_is_no_object(self, world: World, body: Any) -> None:
        action_id = ask(world, "Survey", SURVEY)
        refused = world.member.post(f"/groups/{world.group_id}/actions/{action_id}/responses", {"actionBody": body})
        assert_refused(refused, "InvalidParameters")

    def test_answers_that_are_too_long_together(self, world: World) -> None:
        questions = [{"title": f"Text {number}", "type": "Text"} for number in range(7)]
        action_id = ask(world, "Survey", {"title": "Long", "questions": questions})
        refused = answer(world.member, world.group_id, action_id, {"answers": ["x" * 4000] * 7})
        assert_refused(refused, "InvalidParameters")
        assert "must be at most 24000 bytes in all" in refused.json()["message"]

    def test_whoever_does_not_see_the_action_finds_none(self, world: World) -> None:
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        other = world.make_group("Other", members=[MOHAN])
        for caller, group_id in ((world.outsider, world.group_id), (world.member, other), (world.stranger, other)):
            refused = answer(caller, group_id, action_id, {"choice": "Yes"})
            assert_refused(refused, "NotFound")
        assert counts_of(world, action_id) == (0, 0, 0)

    def test_a_job_is_answered_by_its_assignees_alone(self, world: World) -> None:
        world.add_person(LEENA, "Leena")
        group_id = world.make_group("Trucks", members=[MOHAN, LEENA])
        action_id = ask(world, "Job", {"title": "Load", "assignedTo": [MOHAN]}, group_id=group_id)
        for caller in (world.sign_in(LEENA), world.group_admin):
            refused = answer(caller, group_id, action_id, {"isCompleted": True})
            assert_refused(refused, "Forbidden")
            assert "not assigned to you" in refused.json()["message"]

    def test_a_live_location_is_updated_by_its_sender_alone(self, world: World) -> None:
        action_id = ask(world, "LiveLocation", TYPES["LiveLocation"][0])
        assert_refused(answer(world.member, world.group_id, action_id, PLACE), "Forbidden")
        assert answer(world.group_admin, world.group_id, action_id, PLACE).status_code == 200
        world.clock.advance(minutes=31)
        assert_refused(answer(world.group_admin, world.group_id, action_id, PLACE), "Conflict")

    def test_an_expired_action_takes_none(self, world: World) -> None:
        action_id = ask(world, "Poll", {**TYPES["Poll"][0], "expiryInHours": 1})
        world.clock.advance(hours=1)
        refused = answer(world.member, world.group_id, action_id, {"choice": "Yes"})
        assert_refused(refused, "Conflict")
        assert "closed" in refused.json()["message"]
        assert counts_of(world, action_id) == (0, 0, 0)

    def test_a_job_that_was_due_can_still_be_done(self, world: World) -> None:
        action_id = ask(world, "Job", {"title": "Load", "assignedTo": [MOHAN], "dueDate": 1})
        world.clock.advance(hours=2)
        answered(world.member, world.group_id, action_id, {"isCompleted": True})
