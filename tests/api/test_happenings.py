"""What each event says to those outside, made by real calls: exactly the contract's forms. Contract, section 11."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chaupal.happenings.fitting import DATA_MAX_BYTES
from chaupal.happenings.rules import TELLERS, Happening, without_numbers, without_responder
from chaupal.jobs.sweeps import SweepLimits, sweep_once
from chaupal.people.rules import find_person_by_number
from tests.api.answering import PLACE, SURVEY, SURVEY_ANSWERS, TYPES, answered, ask
from tests.api.files import PDF, Part, picture
from tests.api.telling import happenings_since, only_happening
from tests.api.test_media_upload import resource_of, upload
from tests.api.worlds import GITA, MOHAN, OMAR, Caller, World

FILES = "https://chat.example.org/media/files/"


def of_group(world: World) -> dict[str, str]:
    return {"groupId": world.group_id, "sourceGroupId": world.group_id}


def assert_from(happening: Happening, caller: Caller) -> None:
    assert happening.from_user == caller.number
    assert happening.from_user_id == caller.id
    assert happening.from_user_name == caller.person.name
    assert happening.is_bot_from_user is False


def option(*titles: str) -> list[dict[str, str]]:
    return [{"title": title} for title in titles]


def question(title: str, of_type: str, options: list[dict[str, str]] | None = None, **more: Any) -> dict[str, Any]:
    return {"title": title, "type": of_type, "options": options or [], **more}


CREATIONS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "Announcement": (
        {"Title": "Rain", "Message": "Stay home"},
        "Announcement",
        {"title": "Rain", "text": "Stay home", "media": []},
    ),
    "Job": (
        {"title": "Load", "assignedTo": [MOHAN]},
        "JobCreated",
        {"title": "Load", "assignedTo": [MOHAN], "dueDate": "{due}", "actionId": "{id}"},
    ),
    "Poll": (
        {"question": "Tea?", "choices": ["Yes", "No"]},
        "PollCreated",
        {"actionId": "{id}", "title": "Tea?", "question": "Tea?", "choices": option("Yes", "No"),
         "questions": [question("Tea?", "SingleOption", option("Yes", "No"))],
         "isSenderOnly": False, "expiryDate": "{due}"},
    ),
    "LetsMeet": (
        {"title": "Stand-up", "startingTime": 4_000_000_000, "agenda": "Week", "place": PLACE},
        "LetsMeetCreated",
        {"actionId": "{id}", "title": "Stand-up", "startingTime": 4_000_000_000_000, "duration": 30, "agenda": "Week",
         "isSenderOnly": False, "place": PLACE},
    ),
    "Survey": (
        {"title": "Day", "questions": [{"title": "Fit?", "type": "SingleOption", "options": ["Yes", "No"]},
                                       {"title": "Device", "type": "Text", "isInvisible": True}]},
        "SurveyCreated",
        {"actionId": "{id}", "title": "Day",
         "questions": [question("Fit?", "SingleOption", option("Yes", "No")),
                       question("Device", "Text", isInvisible=True)],
         "properties": [], "isAnonymous": False, "responseId": "", "isUpdateResponse": False, "responder": GITA,
         "responderId": "{gita}", "responderName": "Gita", "responderProfilePic": "",
         "responseDetails": {"responseWithQuestions": []}},
    ),
    "com.example.Visit.2": (
        {"title": "Visit", "questions": [{"title": "Name", "type": "Text"}],
         "properties": [{"name": "Status", "type": "Text", "value": "Open"},
                        {"name": "Stock", "type": "Numeric", "value": 7}]},
        "ActionCreated",
        {"actionId": "{id}", "title": "Visit", "questions": [question("Name", "Text")],
         "actionPackageId": "com.example.Visit", "packageId": "com.example.Visit.2",
         "properties": [{"name": "Status", "type": "Text", "value": "Open"},
                        {"name": "Stock", "type": "Numeric", "value": "7"}],
         "isAnonymous": False, "responseId": "", "isUpdateResponse": False, "responder": GITA,
         "responderId": "{gita}", "responderName": "Gita", "responderProfilePic": "",
         "responseDetails": {"responseWithQuestions": []}},
    ),
    "ShareLocation": (PLACE, "LocationShared", {"actionId": "{id}", "actionType": "ShareLocation", **PLACE}),
    "LiveLocation": (
        {**PLACE, "durationInMins": 30},
        "LocationShared",
        {"actionId": "{id}", "actionType": "LiveLocation", **PLACE, "expiryDate": "{due}"},
    ),
    "Checklist": (
        {"title": "Before leaving", "items": ["Tyres", "Oil"]},
        "ActionCreated",
        {"actionId": "{id}", "actionType": "Checklist", "title": "Before leaving", "questions": [], "properties": []},
    ),
}  # fmt: skip


def filled(world: World, action_id: str, form: Any) -> Any:
    """The expected data with what is known only after posting."""
    shown = world.group_admin.get(f"/groups/{world.group_id}/actions/{action_id}").json()["actionDetails"]
    text = json.dumps(form)
    due = shown.get("dueDate") or shown.get("expiryDate") or ""
    for name, value in {"{id}": action_id, "{gita}": world.group_admin.id, "{due}": due}.items():
        text = text.replace(name, value)
    return json.loads(text)


class TestWhatWasSent:
    def test_a_text(self, world: World) -> None:
        position = (world.group_id, world.position)[1]
        message_id = world.send("नमस्ते", sender=world.member)
        [told] = happenings_since(world, position)
        assert (told.event_type, told.event_id) == ("TextMessageCreated", message_id)
        assert told.data == {"text": "नमस्ते", **of_group(world)}
        assert (told.group_id, told.source_group_id) == (world.group_id, world.group_id)
        assert told.top_level == {}
        assert_from(told, world.member)

    def test_a_bots_text_says_so(self, world: World) -> None:
        bot = world.make_bot("Till", group_id=world.group_id)
        position = world.position
        world.send("Beep", sender=bot)
        [told] = happenings_since(world, position)
        assert told.is_bot_from_user is True
        assert (told.from_user, told.from_user_id, told.from_user_name) == ("", bot.id, "Till")

    @pytest.mark.parametrize("action_type", CREATIONS)
    def test_an_action_of_each_type(self, world: World, action_type: str) -> None:
        body, event_type, data = CREATIONS[action_type]
        position = (world.group_id, world.position)[1]
        action_id = ask(world, action_type, body)
        [told] = happenings_since(world, position)
        assert (told.event_type, told.event_id, told.action_id) == (event_type, action_id, action_id)
        assert told.data == filled(world, action_id, {**data, **of_group(world)})
        assert told.package_id == ("com.example.Visit" if "." in action_type else "")
        assert_from(told, world.group_admin)

    @pytest.mark.parametrize("action_type", ["RequestLocation", "Contact", "Attendance", "Training"])
    def test_the_other_types_are_actions(self, world: World, action_type: str) -> None:
        bodies = {"Contact": {"name": "Omar", "mobileNumbers": [OMAR]}}
        position = (world.group_id, world.position)[1]
        action_id = ask(world, action_type, bodies[action_type] if action_type in bodies else TYPES[action_type][0])
        told = only_happening(world, position, "ActionCreated")
        assert told.data["actionType"] == action_type
        assert (told.data["actionId"], told.data["properties"]) == (action_id, [])

    def test_media_are_links_that_open_without_a_token(self, world: World) -> None:
        album = resource_of(
            upload(
                world.group_admin, Part(picture(), "one.jpg", "image/jpeg"), Part(picture(), "two.jpg", "image/jpeg")
            )
        )
        position = (world.group_id, world.position)[1]
        ask(world, "Album", {"mediaResource": album, "caption": "Yard"})
        told = only_happening(world, position, "AttachmentCreated")
        assert {name: value for name, value in told.data.items() if name != "media"} == {
            "actionType": "Album",
            "caption": "Yard",
            **of_group(world),
        }
        assert [file["mediaFileName"] for file in told.data["media"]] == ["one.jpg", "two.jpg"]
        for file in told.data["media"]:
            assert set(file) == {"mediaUrl", "mediaFileName"}
            assert file["mediaUrl"].startswith(FILES)
            assert file["mediaUrl"].endswith(".jpg")
            opened = world.client.call("GET", file["mediaUrl"].removeprefix("https://chat.example.org"))
            assert opened.status_code == 200

    def test_announcements_name_their_files_otherwise(self, world: World) -> None:
        note = resource_of(upload(world.group_admin, Part(PDF, "note.pdf", "application/pdf")))
        position = (world.group_id, world.position)[1]
        ask(world, "Announcement", {"Title": "Rain", "Message": "Read", "MediaResources": [note]})
        [file] = only_happening(world, position, "Announcement").data["media"]
        assert set(file) == {"url", "fileName"}
        assert file["fileName"] == "note.pdf"
        assert file["url"].endswith(".pdf")

    def test_a_photo_with_its_place(self, world: World) -> None:
        photo = resource_of(upload(world.group_admin, Part(picture(), "yard.jpg", "image/jpeg")))
        position = (world.group_id, world.position)[1]
        ask(world, "PhotoWithLocation", {"mediaResource": photo, "caption": "Here", **PLACE})
        data = only_happening(world, position, "PhotoWithLocation").data
        assert {name: data[name] for name in ("latitude", "longitude", "name", "caption")} == {
            **PLACE,
            "caption": "Here",
        }
        assert data["media"][0]["mediaFileName"] == "yard.jpg"

    def test_what_was_retracted_is_told_of_by_its_id_alone(self, world: World) -> None:
        position = (world.group_id, world.position)[1]
        message_id = world.send("Secret plan")
        action_id = ask(world, "Poll", TYPES["Poll"][0])
        answered(world.member, world.group_id, action_id, {"choice": "Yes"})
        assert world.group_admin.delete(f"/groups/{world.group_id}/messages/{message_id}").status_code == 200
        assert world.group_admin.delete(f"/groups/{world.group_id}/actions/{action_id}").status_code == 200
        told = happenings_since(world, position)
        assert [each.event_type for each in told] == ["MessageRetracted", "ActionRetracted"]
        assert told[0].data == {"referenceId": message_id, **of_group(world)}
        assert told[1].data == {"actionId": action_id, "actionType": "Poll", **of_group(world)}

    def test_an_edit_tells_the_new_text(self, world: World) -> None:
        message_id = world.send("Teh")
        position = world.position
        world.group_admin.put(f"/groups/{world.group_id}/messages/{message_id}", {"message": "The"})
        [told] = happenings_since(world, position)
        assert told.event_type == "MessageEdited"
        assert told.event_id != message_id
        shown = world.group_admin.get(f"/groups/{world.group_id}/messages/{message_id}").json()
        edited = {"referenceId": message_id, "text": "The", "editedAt": shown["editedAt"]}
        assert told.data == {**edited, **of_group(world)}

    def test_changed_properties_and_a_close(self, world: World) -> None:
        action_id = ask(world, "com.example.Visit.2", CREATIONS["com.example.Visit.2"][0])
        position = world.position
        path = f"/groups/{world.group_id}/actions/{action_id}"
        change = {"version": -1, "updateProperties": [{"name": "Status", "type": "Text", "value": "Done"}]}
        assert world.group_admin.put(path, change).status_code == 200
        assert world.group_admin.put(f"{path}/close", {}).status_code == 200
        updated, closed = happenings_since(world, position)
        common = {"actionId": action_id, "actionType": "ActionPackage", "actionPackageId": "com.example.Visit",
                  "packageId": "com.example.Visit.2", **of_group(world)}  # fmt: skip
        assert closed.data == common
        properties = [{"name": "Status", "type": "Text", "value": "Done"},
                      {"name": "Stock", "type": "Numeric", "value": "7"}]  # fmt: skip
        assert updated.data == {**common, "version": 2, "properties": properties}
        assert (updated.event_type, closed.event_type) == ("ActionUpdated", "ActionClosed")


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
        action_id = ask(world, "com.example.Visit.2", CREATIONS["com.example.Visit.2"][0])
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


class TestGroups:
    def test_who_comes_and_goes(self, world: World) -> None:
        position = (world.group_id, world.position)[1]
        world.group_admin.put(f"/groups/{world.group_id}/members", {"members": [OMAR]})
        omar = world.people[OMAR].user_id
        world.group_admin.put(f"/groups/{world.group_id}/members/{omar}", {"role": "Admin"})
        world.group_admin.delete(f"/groups/{world.group_id}/members/{omar}")
        told = happenings_since(world, position)
        assert [each.event_type for each in told] == ["MemberAdded", "MemberRoleChanged", "MemberRemoved"]
        assert [each.data["type"] for each in told] == ["Member", "Admin", "Admin"]
        added = told[0]
        assert added.data == {
            "member": OMAR, "memberId": omar, "memberName": "Omar", "memberProfilePic": "", "type": "Member",
            **of_group(world),
        }  # fmt: skip
        assert added.top_level == {"member": OMAR, "memberName": "Omar", "type": "Member", "profilePic": ""}
        assert_from(added, world.group_admin)
        assert len({each.event_id for each in told}) == 3

    def test_groups_below(self, world: World) -> None:
        child = world.make_group("Gate")
        position = (world.group_id, world.position)[1]
        world.group_admin.put(f"/groups/{world.group_id}/subGroups", {"subGroups": [child]})
        world.group_admin.delete(f"/groups/{world.group_id}/subGroups/{child}")
        added, removed = happenings_since(world, position)
        expected = {"groupId": child, "groupName": "Gate", "groupType": "Group", "parentGroupId": world.group_id,
                    "sourceGroupId": world.group_id}  # fmt: skip
        assert (added.event_type, removed.event_type) == ("GroupAdded", "GroupRemoved")
        assert added.data == removed.data == expected
        assert added.group_id == world.group_id

    def test_a_group_of_its_own(self, world: World) -> None:
        position = (world.group_admin, world.position)[1]
        group_id = world.make_group("Gate")
        world.group_admin.delete(f"/groups/{group_id}")
        told = happenings_since(world, position)
        assert [each.event_type for each in told] == ["GroupAdded", "MemberAdded", "GroupRemoved"]
        expected = {"groupId": group_id, "groupName": "Gate", "groupType": "Group", "parentGroupId": ""}
        assert told[0].data == told[2].data == {**expected, "sourceGroupId": group_id}

    def test_reactions(self, world: World) -> None:
        message_id = world.send("Rain")
        position = world.position
        path = f"/groups/{world.group_id}/reaction"
        body = {"referenceId": message_id, "sourceGroupId": world.group_id}
        world.member.post(path, {**body, "reactionType": "Like"})
        comment = world.member.post(path, {**body, "reactionType": "Comment", "comment": "At last"}).json()[
            "reactionId"
        ]
        like_told, comment_told = happenings_since(world, position)
        assert like_told.data["reactionType"] == "Like"
        assert "comment" not in like_told.data
        shown = {"reactionId": comment, "referenceId": message_id, "reactionType": "Comment", "comment": "At last"}
        assert comment_told.data == {**shown, **of_group(world)}
        assert comment_told.event_id == comment
        world.member.delete(f"{path}/{comment}")
        _, removed = happenings_since(world, position)
        assert removed.event_type == "ReactionRemoved"
        assert removed.data == {"reactionId": comment, "referenceId": message_id, **of_group(world)}


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


class TestEveryEvent:
    def test_every_one_of_the_contract_is_told(self, spec_dir: Path) -> None:
        section = (spec_dir / "wire.md").read_text().split("Event types:")[1].split("Exactly one event type")[0]
        names = re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b", section.replace("Ours", ""))
        assert {"Announcement", "SurveyResponse", "PhotoWithLocation", "MessageRetracted"} <= set(names)
        assert sorted(set(names) - set(TELLERS)) == []

    def test_event_ids_stay_the_same_and_say_nothing_of_positions(self, world: World) -> None:
        position = (world.group_id, world.position)[1]
        for text in ("a", "b"):
            message_id = world.send(text)
            world.group_admin.put(f"/groups/{world.group_id}/messages/{message_id}", {"message": text * 2})
        first, again = happenings_since(world, position), happenings_since(world, position)
        assert [each.event_id for each in first] == [each.event_id for each in again]
        assert len({each.event_id for each in first}) == 4

    def test_what_happens_outside_of_groups_is_not_told(self) -> None:
        outside = {"PersonAdded", "TokenGranted", "TokenRevoked", "ConnectorChanged", "MediaAdded", "ActionAnswered"}
        assert not outside & set(TELLERS)
