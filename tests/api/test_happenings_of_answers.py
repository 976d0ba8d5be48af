"""What the events of answers say to those outside, and what is left of it for whom. Contract, section 11."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaupal.happenings.fitting import DATA_MAX_BYTES
from chaupal.happenings.rules import without_numbers, without_responder
from chaupal.jobs.sweeps import SweepLimits, sweep_once
from chaupal.people.rules import find_person_by_number
from tests.api.answering import PLACE, SURVEY, SURVEY_ANSWERS, TYPES, answered, ask
from tests.api.files import PDF, Part, picture
from tests.api.telling import FILES, VISIT, assert_from, happenings_since, of_group, option, question
from tests.api.uploads import resource_of, upload
from tests.api.worlds import GITA, MOHAN, OMAR, World


class TestAnswers:
    def test_a_survey_has_every_question_in_order_and_three_system_entries(self, world: World) -> None:
        action_id = ask(world, "Survey", SURVEY)
        position = world.position
        body = {"responseName": "Mohan K", "responseLocation": PLACE, "answers": SURVEY_ANSWERS}
        response_id = answered(world.member, world.group_id, action_id, body)
        [told] = happenings_since(world, position)
        assert (told.event_type, told.event_id) == ("SurveyResponse", response_id)
        assert_from(told, world.member)
        entries = told.data.pop("responseDetails")["responseWithQuestions"]
        assert told.data == {
            "actionId": action_id, "responseId": response_id, "isUpdateResponse": False, "responder": MOHAN,
            "responderId": world.member.id, "responderName": "Mohan", "responderProfilePic": "",
            "creatorId": world.group_admin.id, "isAnonymous": False, "properties": [], **of_group(world),
        }  # fmt: skip
        assert entries[:10] == [
            question("How was it?", "SingleOption", option("Good", "Bad"), answer=["Good"]),
            question("Colours?", "MultiOption", option("Red", "Blue, dark"), answer=["Red", "Blue, dark"]),
            question("Why?", "Text", answer="हाँ"),
            question("How many?", "Numeric", answer=3.5),
            question("Where?", "Location", answer={"lt": 17.385, "lg": 78.4867, "n": "Depot", "acc": 5}),
            question("Which day?", "Date", answer=1_767_571_200_000),
            question("When?", "DateTime", answer=1_767_571_200_000),
            question("Photo", "Image"),
            question("Files", "AttachmentList"),
            question("Phone", "PhoneNumber", answer={"cc": "+254", "pn": "712345678"}),
        ]
        place = {"lt": 17.385, "lg": 78.4867, "n": "Depot"}
        assert entries[10:12] == [
            question("Responder Name", "Text", isInvisible=True, answer="Mohan K"),
            question("Responder Location", "Location", isInvisible=True, answer=place),
        ]
        [time] = entries[12:]
        assert time == question("ResponseTime", "DateTime", isInvisible=True, answer=told.at_us // 1000)

    def test_files_in_answers_are_links(self, world: World) -> None:
        photo = resource_of(upload(world.member, Part(picture(), "yard.jpg", "image/jpeg")))
        note = resource_of(upload(world.member, Part(PDF, "note.pdf", "application/pdf")))
        body = {"title": "Day", "questions": [{"title": "Photo", "type": "Image"},
                                              {"title": "Files", "type": "AttachmentList"}]}  # fmt: skip
        action_id = ask(world, "Survey", body)
        position = world.position
        answered(world.member, world.group_id, action_id, {"answers": [photo, [note, photo]]})
        [told] = happenings_since(world, position)
        shown, files = [entry["answer"] for entry in told.data["responseDetails"]["responseWithQuestions"][:2]]
        assert [file["mediaFileName"] for file in shown] == ["yard.jpg"]
        assert [file["mediaFileName"] for file in files] == ["note.pdf", "yard.jpg"]
        assert all(file["mediaUrl"].startswith(FILES) for file in shown + files)

    def test_a_package_gets_its_own_questions_only(self, world: World) -> None:
        action_id = ask(world, "com.example.Visit.2", VISIT)
        position = world.position
        response_id = answered(world.member, world.group_id, action_id, {"answers": ["Leena"]})
        [told] = happenings_since(world, position)
        assert (told.event_type, told.event_id, told.package_id) == ("ActionResponse", response_id, "com.example.Visit")
        assert told.data["responseDetails"] == {"responseWithQuestions": [question("Name", "Text", answer="Leena")]}
        assert (told.data["actionPackageId"], told.data["packageId"]) == ("com.example.Visit", "com.example.Visit.2")
        assert [each["value"] for each in told.data["properties"]] == ["Open", "7"]

    def test_a_job(self, world: World) -> None:
        action_id = ask(world, "Job", {"title": "Load", "assignedTo": [MOHAN]})
        position = world.position
        response_id = answered(world.member, world.group_id, action_id, {"isCompleted": "True"})
        answered(world.member, world.group_id, action_id, {"isCompleted": False})
        first, change = happenings_since(world, position)
        done = {"assignee": MOHAN, "assigneeName": "Mohan", "assigneeProfilePic": "", "isCompleted": False}
        expected = {"actionId": action_id, "title": "Load", "responseId": response_id, **of_group(world)}
        # Told late, both say how it is by now.
        assert first.data == change.data == {**expected, "responseDetails": {"response": done}}
        assert first.event_id == response_id
        assert change.event_id not in ("", response_id)

    @pytest.mark.parametrize(
        ("action_type", "entries"),
        [
            ("Poll", [question("Tea?", "SingleOption", option("Yes", "No"), answer=["Yes"])]),
            ("LetsMeet", [question("Stand-up", "SingleOption", option("Yes", "No", "Maybe"), answer=["Maybe"])]),
            ("RequestLocation", [question("Where?", "Location", answer={"lt": 17.385, "lg": 78.4867, "n": "Depot"})]),
            ("LiveLocation", [question("Location", "Location", answer={"lt": 17.385, "lg": 78.4867, "n": "Depot"})]),
            ("Checklist", [question("Tyres", "SingleOption", option("Done", "NotDone")),
                           question("Oil", "SingleOption", option("Done", "NotDone"), answer=["Done"])]),
            ("Attendance", [question("Morning", "SingleOption", option("CheckIn", "On leave"), answer=["CheckIn"]),
                            question("Location", "Location", answer={"lt": 17.385, "lg": 78.4867, "n": "Depot"}),
                            question("Photo", "Image"), question("Note", "Text", answer="Gate 2")]),
            ("Training", [question("First?", "SingleOption", option("Run", "Hide"), answer=["Run"]),
                          question("Which?", "MultiOption", option("Foam", "Sand", "Oil"), answer=["Foam", "Oil"])]),
        ],
    )  # fmt: skip
    def test_the_other_types(self, world: World, action_type: str, entries: list[Any]) -> None:
        body, given, _, event_type = TYPES[action_type]
        action_id = ask(world, action_type, body)
        position = world.position
        responder = world.group_admin if action_type == "LiveLocation" else world.member
        answered(responder, world.group_id, action_id, given)
        [told] = happenings_since(world, position)
        assert told.event_type == event_type
        assert told.data["responseDetails"] == {"responseWithQuestions": entries}
        assert told.data["responderId"] == responder.id

    def test_an_anonymous_one_is_nobodys(self, world: World) -> None:
        numbers = [f"+91982000000{index}" for index in range(3)]
        group_id = world.make_group("Depot", members=numbers)
        body = {"title": "Foreman?", "isAnonymous": True, "questions": [{"title": "Why?", "type": "Text"}]}
        action_id = ask(world, "Survey", body, group_id=group_id)
        position = world.position
        for number in numbers:
            world.people[number] = world.read(lambda tx, _caller, asked: find_person_by_number(tx, asked), number)
            body = {"responseName": number, "responseLocation": PLACE, "answers": [f"By {number[-1]}"]}
            answered(world.sign_in(number), group_id, action_id, body)
        assert happenings_since(world, position) == []
        world.clock.advance(hours=1)
        world.do(sweep_once, SweepLimits.of(world.house.settings))
        told = [each for each in happenings_since(world, position) if each.event_type == "SurveyResponse"]
        assert len(told) == 3
        for each in told:
            text = json.dumps(each.data)
            assert not any(number in text for number in numbers)
            assert {each.from_user, each.from_user_id, each.from_user_name, each.from_user_profile_pic} == {""}
            assert {each.data[name] for name in each.data if name.startswith("responder")} == {""}
            assert each.data["isAnonymous"] is True
            _, name, place, time = each.data["responseDetails"]["responseWithQuestions"]
            assert "answer" not in name
            assert "answer" not in place
            assert time["answer"] % 3_600_000 == 0
            assert each.group_id == group_id

    def test_what_is_too_large_is_shortened_and_says_so(self, world: World) -> None:
        options = [f"{number:02} {'x' * 25}" for number in range(100)]
        asked = [{"title": f"Q{index}", "type": "MultiOption", "options": options} for index in range(14)]
        action_id = ask(world, "Survey", {"title": "Day", "questions": [*asked, {"title": "Why?", "type": "Text"}]})
        position = world.position
        answered(world.member, world.group_id, action_id, {"answers": [*([options] * 14), "Because"]})
        [told] = happenings_since(world, position)
        assert told.data["isShortened"] is True
        assert len(json.dumps(told.data, ensure_ascii=False).encode()) < DATA_MAX_BYTES * 1.1
        entries = told.data["responseDetails"]["responseWithQuestions"]
        assert [entry["title"] for entry in entries[:14]] == [f"Q{index}" for index in range(14)]
        assert entries[0]["answer"] == options
        assert entries[14]["answer"] == "Because"


class TestMasks:
    def test_without_numbers_nobodys_number_is_left(self, world: World) -> None:
        position = (world.group_id, world.position)[1]
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        for action_type in ("Job", "Survey", "com.example.Visit.2"):
            body, given, _, _ = TYPES[action_type]
            answered(world.member, world.group_id, ask(world, action_type, body), given)
        told = happenings_since(world, position)
        assert len(told) == 7
        for each in told:
            masked = without_numbers(each)
            text = f"{masked}"
            assert not any(number in text for number in (GITA, MOHAN, OMAR))
            assert masked.data.keys() == each.data.keys()
            assert masked.from_user_name == each.from_user_name

    @pytest.mark.parametrize("action_type", ["Job", "Survey", "Poll", "com.example.Visit.2"])
    def test_without_responder_an_answer_is_nobodys(self, world: World, action_type: str) -> None:
        body, given, _, _ = TYPES[action_type]
        action_id = ask(world, action_type, body)
        position = world.position
        answered(world.member, world.group_id, action_id, given)
        [told] = happenings_since(world, position)
        masked = without_responder(told)
        assert not any(word in f"{masked}" for word in (MOHAN, "Mohan", world.member.id))
        assert masked.data.keys() == told.data.keys()
