"""How often each type of action is answered, how answers are changed, and what they add up to."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx
import pytest

from chaupal.people.rules import find_person_by_number
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
from tests.api.files import Part, picture
from tests.api.test_timelines import make_below
from tests.api.uploads import resource_of, upload
from tests.api.worlds import MOHAN, OMAR, World

LEENA = "+919800000005"


def find_by_number(tx: Any, _operator: Any, number: str) -> Any:
    return find_person_by_number(tx, number)


class TestOneEach:
    def test_a_second_answer_is_refused_and_told_how_to_change_the_first(self, world: World) -> None:
        action_id = ask(world, "Survey", SURVEY)
        first = answered(world.member, world.group_id, action_id, {"answers": SURVEY_ANSWERS})
        refused = answer(world.member, world.group_id, action_id, {"answers": with_answer(0, "Bad")})
        assert_refused(refused, "Conflict")
        assert first in refused.json()["message"]
        [response] = seen(world.group_admin, world.group_id, action_id)["responses"]
        assert response["answers"][0] == "Good"
        assert counts_of(world, action_id) == (1, 1, 0)

    def test_several_where_several_are_accepted(self, world: World) -> None:
        action_id = ask(world, "Survey", {**SURVEY, "acceptMultipleResponses": True})
        ids = [answered(world.member, world.group_id, action_id, {"answers": SURVEY_ANSWERS}) for _ in range(3)]
        ids.append(answered(world.group_admin, world.group_id, action_id, {"answers": SURVEY_ANSWERS}))
        details = seen(world.member, world.group_id, action_id)
        assert [one["responseId"] for one in details["responses"]] == ids
        assert details["responseCount"] == 4
        assert details["responderCount"] == 2

    def test_of_many_at_once_one_wins(self, world: World) -> None:
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        calls = []
        for choice in ("Yes", "No") * 5:
            options = {"token": world.member.access_token, "body": {"actionBody": {"choice": choice}}}
            calls.append(("POST", f"/groups/{world.group_id}/actions/{action_id}/responses", options))
        statuses = sorted(one.status_code for one in world.client.call_at_once(*calls))
        assert statuses == [200] + [409] * 9
        assert counts_of(world, action_id) == (1, 1, 0)

    def test_of_many_at_once_with_one_key_all_get_the_same(self, world: World) -> None:
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        options = {"token": world.member.access_token, "body": {"actionBody": {"choice": "Yes"}},
                   "headers": {"Idempotency-Key": "k"}}  # fmt: skip
        call = ("POST", f"/groups/{world.group_id}/actions/{action_id}/responses", options)
        answers = world.client.call_at_once(*[call] * 8)
        assert [one.status_code for one in answers] == [200] * 8
        assert len({one.json()["responseId"] for one in answers}) == 1

    def test_counts_are_right_after_many_at_once(self, world: World) -> None:
        numbers = [f"+9198100000{number:02}" for number in range(20)]
        group_id = world.make_group("Many", members=numbers)
        for number in numbers:
            world.people[number] = world.read(find_by_number, number)
        action_id = ask(world, "Survey", {**SURVEY, "acceptMultipleResponses": True}, group_id=group_id)
        tokens = [world.sign_in(number).access_token for number in numbers]
        calls = []
        for turn, token in enumerate(tokens * 3):
            given = with_answer(0, "Good" if turn % 3 else "Bad")
            options = {"token": token, "body": {"actionBody": {"answers": given}}}
            calls.append(("POST", f"/groups/{group_id}/actions/{action_id}/responses", options))
        assert {one.status_code for one in world.client.call_at_once(*calls)} == {200}
        assert counts_of(world, action_id) == (60, 20, 0)
        results = seen(world.group_admin, group_id, action_id)["results"]
        assert results[0] == {
            "title": "How was it?",
            "answerCount": 60,
            "options": [{"title": "Good", "count": 40}, {"title": "Bad", "count": 20}],
        }


class TestChanging:
    def test_ones_own_answer(self, world: World) -> None:
        action_id = ask(world, "Survey", SURVEY)
        first = answered(world.member, world.group_id, action_id, {"answers": SURVEY_ANSWERS})
        position = world.position
        world.clock.advance(minutes=5)
        changed = with_answer(0, "Bad")
        changed[1] = None
        again = answered(world.member, world.group_id, action_id, {"answers": changed}, response_id=first.upper())
        assert again == first
        [event] = world.events_after(position)
        assert (event.event_type, event.object_id, event.facts["isUpdate"]) == ("SurveyResponse", first, True)
        details = seen(world.group_admin, world.group_id, action_id)
        [response] = details["responses"]
        assert response["answers"][:2] == ["Bad", None]
        assert response["updatedAt"] > response["respondedAt"]
        assert details["results"][0]["options"] == [{"title": "Good", "count": 0}, {"title": "Bad", "count": 1}]
        assert details["results"][1]["answerCount"] == 0
        assert counts_of(world, action_id) == (1, 1, 0)

    def test_nothing_changes_where_nothing_differs(self, world: World) -> None:
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        first = answered(world.member, world.group_id, action_id, {"choice": "Yes"})
        position = world.position
        answered(world.member, world.group_id, action_id, {"answers": ["yes"]}, response_id=first)
        assert world.position == position

    def test_only_by_its_author(self, world: World) -> None:
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        first = answered(world.member, world.group_id, action_id, {"choice": "Yes"})
        refused = answer(world.group_admin, world.group_id, action_id, {"choice": "No"}, response_id=first)
        assert_refused(refused, "Forbidden")
        hidden = ask(world, "Poll", {**TYPES["Poll"][0], "isSenderOnly": True})
        theirs = answered(world.group_admin, world.group_id, hidden, {"choice": "Yes"})
        assert_refused(answer(world.member, world.group_id, hidden, {"choice": "No"}, response_id=theirs), "NotFound")

    def test_only_one_of_this_action(self, world: World) -> None:
        one, other = ask(world, "Poll", TYPES["Poll"][0]), ask(world, "Poll", TYPES["Poll"][0])
        first = answered(world.member, world.group_id, one, {"choice": "Yes"})
        assert_refused(answer(world.member, world.group_id, other, {"choice": "No"}, response_id=first), "NotFound")
        assert_refused(answer(world.member, world.group_id, one, {"choice": "No"}, response_id="none"), "NotFound")

    @pytest.mark.parametrize("action_type", ["RequestLocation", "LiveLocation", "Checklist", "Attendance", "Training"])
    def test_what_tells_of_its_time_stays(self, world: World, action_type: str) -> None:
        body, given, _, _ = TYPES[action_type]
        action_id = ask(world, action_type, body)
        first = answered(world.group_admin, world.group_id, action_id, given)
        refused = answer(world.group_admin, world.group_id, action_id, given, response_id=first)
        assert_refused(refused, "Conflict")
        assert "cannot be changed" in refused.json()["message"]

    def test_not_after_the_close(self, world: World) -> None:
        action_id = ask(world, "Poll", {**TYPES["Poll"][0], "expiryInHours": 1})
        first = answered(world.member, world.group_id, action_id, {"choice": "Yes"})
        world.clock.advance(hours=1)
        assert_refused(answer(world.member, world.group_id, action_id, {"choice": "No"}, response_id=first), "Conflict")


class TestJobs:
    def test_each_assignee_completes_it_once(self, world: World) -> None:
        world.add_person(LEENA, "Leena")
        group_id = world.make_group("Trucks", members=[MOHAN, LEENA])
        action_id = ask(world, "Job", {"title": "Load", "assignedTo": [MOHAN, LEENA]}, group_id=group_id)
        first = answered(world.member, group_id, action_id, {"isCompleted": True})
        position = world.position
        assert answered(world.member, group_id, action_id, {"isCompleted": True}) == first
        assert world.position == position
        assert counts_of(world, action_id) == (1, 1, 1)
        assert seen(world.group_admin, group_id, action_id)["status"] == "Active"
        answered(world.sign_in(LEENA), group_id, action_id, {"isCompleted": 1})
        details = seen(world.group_admin, group_id, action_id)
        assert (details["status"], details["isCompleted"], details["responseCount"]) == ("Completed", True, 2)

    def test_can_be_taken_up_again(self, world: World) -> None:
        action_id = ask(world, "Job", {"title": "Load", "assignedTo": [MOHAN]})
        first = answered(world.member, world.group_id, action_id, {"isCompleted": True})
        assert answered(world.member, world.group_id, action_id, {"isCompleted": False}) == first
        assert counts_of(world, action_id) == (1, 1, 0)
        details = seen(world.group_admin, world.group_id, action_id)
        assert details["isCompleted"] is False
        assert details["responses"][0]["isCompleted"] is False


class TestRollCalls:
    BODY: ClassVar[dict[str, Any]] = {
        "title": "Morning",
        "cutOffTime": None,
        "hasCheckOut": True,
        "statuses": ["On leave"],
    }

    def test_late_after_the_cut_off(self, world: World) -> None:
        cut_off_ms = world.clock.now_ms + 60_000
        action_id = ask(world, "Attendance", {**self.BODY, "cutOffTime": cut_off_ms})
        answered(world.group_admin, world.group_id, action_id, {"status": "checkin"})
        world.clock.advance(minutes=2)
        answered(world.member, world.group_id, action_id, {})
        details = seen(world.group_admin, world.group_id, action_id)
        assert [one["isLate"] for one in details["responses"]] == [False, True]
        assert details["results"][0]["options"] == [
            {"title": "CheckIn", "count": 2},
            {"title": "CheckOut", "count": 0},
            {"title": "On leave", "count": 0},
        ]

    def test_out_after_in_and_only_once(self, world: World) -> None:
        action_id = ask(world, "Attendance", self.BODY)
        said = []
        for status in ("CheckOut", "CheckIn", "CheckIn", "CheckOut", "CheckOut", "CheckIn"):
            said.append(answer(world.member, world.group_id, action_id, {"status": status}).status_code)
        assert said == [409, 200, 409, 200, 409, 409]
        assert counts_of(world, action_id) == (2, 1, 0)

    def test_several_check_ins_where_they_are_accepted(self, world: World) -> None:
        action_id = ask(world, "Attendance", {**self.BODY, "acceptMultipleResponses": True})
        said = []
        for status in ("CheckIn", "CheckIn", "CheckOut", "CheckIn", "CheckOut", "on leave", "CheckOut"):
            said.append(answer(world.member, world.group_id, action_id, {"status": status}).status_code)
        assert said == [200, 409, 200, 200, 200, 200, 409]

    def test_a_status_needs_no_place(self, world: World) -> None:
        action_id = ask(world, "Attendance", {**self.BODY, "needsLocation": True, "needsPhoto": True})
        refused = answer(world.member, world.group_id, action_id, {"location": PLACE})
        assert refused.json()["message"].startswith("actionBody.photo: is required")
        answered(world.member, world.group_id, action_id, {"status": "On leave"})


class TestChecklists:
    def test_each_item_is_done_once_by_whoever_does_it(self, world: World) -> None:
        action_id = ask(world, "Checklist", {"title": "Before", "items": ["Tyres", "Oil"]})
        first = answered(world.member, world.group_id, action_id, {"item": 0})
        position = world.position
        assert answered(world.group_admin, world.group_id, action_id, {"item": "Tyres", "isDone": True}) == first
        assert world.position == position
        details = seen(world.group_admin, world.group_id, action_id)
        assert details["itemResults"][0]["doneBy"] == world.member.id
        assert [one["isDone"] for one in details["itemResults"]] == [True, False]
        assert counts_of(world, action_id) == (1, 1, 1)

    def test_another_person_confirms(self, world: World) -> None:
        body = {"title": "Before", "items": ["Tyres", "Oil"], "needsVerification": True}
        action_id = ask(world, "Checklist", body)
        confirm = {"item": "Oil", "isVerified": True}
        refused = answer(world.group_admin, world.group_id, action_id, confirm)
        assert_refused(refused, "Conflict")
        answered(world.member, world.group_id, action_id, {"item": "Oil"})
        assert counts_of(world, action_id)[2] == 0
        assert_refused(answer(world.member, world.group_id, action_id, confirm), "Conflict")
        answered(world.group_admin, world.group_id, action_id, confirm)
        assert counts_of(world, action_id)[2] == 1
        [_, oil] = seen(world.member, world.group_id, action_id)["itemResults"]
        assert (oil["isVerified"], oil["verifiedBy"]) == (True, world.group_admin.id)

    def test_whoever_has_done_it_or_an_admin_undoes_it(self, world: World) -> None:
        world.add_person(LEENA, "Leena")
        group_id = world.make_group("Trucks", members=[MOHAN, LEENA])
        action_id = ask(world, "Checklist", {"title": "Before", "items": ["Tyres"]}, group_id=group_id)
        undo = {"item": 0, "isDone": False}
        assert_refused(answer(world.member, group_id, action_id, undo), "Conflict")
        for by in (world.member, world.group_admin):
            answered(world.member, group_id, action_id, {"item": 0})
            assert_refused(answer(world.sign_in(LEENA), group_id, action_id, undo), "Forbidden")
            answered(by, group_id, action_id, undo)
            assert counts_of(world, action_id)[2] == 0

    def test_an_admin_of_a_group_below_alone_does_not_undo_it(self, world: World) -> None:
        below = make_below(world, world.group_id, "Drivers", [OMAR])
        member_id = world.people[OMAR].user_id
        assert world.group_admin.put(f"/groups/{below}/members/{member_id}", {"role": "Admin"}).status_code == 200
        action_id = ask(world, "Checklist", {"title": "Before", "items": ["Tyres"]})
        answered(world.member, world.group_id, action_id, {"item": 0})
        undo = {"item": 0, "isDone": False}
        assert_refused(answer(world.outsider, below, action_id, undo), "Forbidden")
        assert counts_of(world, action_id) == (1, 1, 1)


class TestTraining:
    def test_whoever_answers_learns_how_it_went(self, world: World) -> None:
        action_id = ask(world, "Training", {**TYPES["Training"][0], "acceptMultipleResponses": True})
        given = {"answers": ["Hide", ["Foam"]]}
        sent = answer(world.member, world.group_id, action_id, given).json()
        assert (sent["scorePercent"], sent["hasPassed"]) == (0, False)
        given = {"answers": ["run", "Sand, Foam"]}
        sent = answer(world.member, world.group_id, action_id, given).json()
        assert (sent["scorePercent"], sent["hasPassed"]) == (100, True)

    def test_is_taken_once(self, world: World) -> None:
        action_id = ask(world, "Training", TYPES["Training"][0])
        answered(world.member, world.group_id, action_id, {"answers": ["Run", "Foam"]})
        assert_refused(answer(world.member, world.group_id, action_id, {"answers": ["Run", "Foam"]}), "Conflict")


class TestThroughGroupsBelow:
    def test_whoever_sees_it_there_answers_it(self, world: World) -> None:
        below = make_below(world, world.group_id, "Below", [OMAR])
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        position = (world.outsider, world.position)[1]
        first = answered(world.outsider, below, action_id, {"choice": "Yes"})
        [event] = world.events_after(position)
        assert (event.group_id, event.facts["viaGroupId"]) == (world.group_id, below)
        for reader, group_id in ((world.outsider, below), (world.group_admin, world.group_id)):
            [response] = seen(reader, group_id, action_id)["responses"]
            assert response["responseId"] == first

    def test_one_each_through_whichever_group(self, world: World) -> None:
        below = make_below(world, world.group_id, "Below", [MOHAN])
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        answered(world.member, below, action_id, {"choice": "Yes"})
        assert_refused(answer(world.member, world.group_id, action_id, {"choice": "No"}), "Conflict")


class TestMedia:
    def test_a_picture_that_was_uploaded_is_kept(self, world: World) -> None:
        questions = [{"title": "Photo", "type": "Image"}, {"title": "Files", "type": "AttachmentList"}]
        action_id = ask(world, "Survey", {"title": "Look", "questions": questions})
        resource = resource_of(upload(world.member, Part(picture(), content_type="image/jpeg")))
        answered(world.member, world.group_id, action_id, {"answers": [resource, [resource, resource]]})
        [response] = seen(world.group_admin, world.group_id, action_id)["responses"]
        photo, files = response["answers"]
        assert photo == files[0]["mediaUrl"] == files[1]["mediaUrl"]
        assert world.client.call("GET", httpx.URL(photo).raw_path.decode()).status_code == 200
        assert files[0]["mediaFileName"] == "photo.jpg"


class TestFormsWithoutQuestions:
    """Instances of packages that nobody has installed: what their questions are is not known."""

    GIVEN: ClassVar[list[Any]] = [
        "test text", 5, ["Red", "Blue", None], {"lt": 17.385, "lg": 78.4867, "n": "Depot"}, None, [], " ",
        {"cc": "+254", "pn": "712345678"}, True,
    ]  # fmt: skip
    SHOWN: ClassVar[list[Any]] = [
        "test text", 5, ["Red", "Blue"], {"lt": 17.385, "lg": 78.4867, "n": "Depot", **PLACE}, None, None, None,
        {"cc": "+254", "pn": "712345678"}, "true",
    ]  # fmt: skip

    def test_take_answers_as_they_come(self, world: World) -> None:
        action_id = ask(world, "com.example.Visit", {"title": "override title", "validity": 24})
        first = answered(world.member, world.group_id, action_id, {"Answers": self.GIVEN})
        details = seen(world.group_admin, world.group_id, action_id)
        assert [one["answers"] for one in details["responses"]] == [self.SHOWN]
        assert "results" not in details
        again = answered(world.member, world.group_id, action_id, {"answers": self.SHOWN}, response_id=first)
        details = seen(world.group_admin, world.group_id, action_id)
        assert [(one["responseId"], one["answers"]) for one in details["responses"]] == [(again, self.SHOWN)]
        assert counts_of(world, action_id) == (1, 1, 0)

    def test_take_a_text_alone_and_nothing(self, world: World) -> None:
        action_id = ask(world, "com.example.Visit", {"acceptMultipleResponses": True})
        for given in ("one, two", None, [], {"latitude": 1, "longitude": 2}):
            answered(world.member, world.group_id, action_id, {"answers": given})
        shown = [one["answers"] for one in seen(world.member, world.group_id, action_id)["responses"]]
        assert shown[:3] == [["one, two"], [], []]
        assert shown[3][0]["lg"] == 2

    @pytest.mark.parametrize(("given", "said"), [
        (["x"] * 101, "actionBody.answers: must have at most 100 entries"),
        (["x" * 4001], "actionBody.answers[0]: must be at most 4000 characters"),
        ([1, [["x"]]], "actionBody.answers[1]: must be text"),
        ([{"a": 1}], "actionBody.answers[0].latitude: is required"),
    ])  # fmt: skip
    def test_refuse_what_no_question_could_take(self, world: World, given: list[Any], said: str) -> None:
        action_id = ask(world, "com.example.Visit", {})
        refused = answer(world.member, world.group_id, action_id, {"answers": given})
        assert_refused(refused, "InvalidParameters")
        assert refused.json()["message"].startswith(said)
        assert counts_of(world, action_id) == (0, 0, 0)
