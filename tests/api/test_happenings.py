"""What the events of what was sent say to those outside: exactly the contract's forms. Contract, section 11."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chaupal.happenings.rules import TELLERS
from tests.api.answering import PLACE, TYPES, answered, ask
from tests.api.files import PDF, Part, picture
from tests.api.telling import FILES, VISIT, assert_from, happenings_since, of_group, only_happening, option, question
from tests.api.uploads import resource_of, upload
from tests.api.worlds import GITA, MOHAN, OMAR, World

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
        VISIT,
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
        action_id = ask(world, "com.example.Visit.2", VISIT)
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
