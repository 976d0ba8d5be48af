"""An action of every type, to be posted, and what the API says of it."""

from __future__ import annotations

import re
from typing import Any

from tests.api.files import PDF, WAV, Part, film, picture
from tests.api.uploads import resource_of, upload
from tests.api.worlds import MOHAN, OMAR, Caller, World

LINK = re.compile(r"https://chat\.example\.org/media/files/[A-Za-z0-9_-]+\.[a-z0-9]+")
PLACE = {"latitude": 17.385, "longitude": 78.4867, "name": "Depot"}
QUESTIONS = [{"title": "How was it?", "type": "SingleOption", "options": [{"title": "Good"}, {"title": "Bad"}]}]

# What is posted for each type, the event that tells of it, and what the details show of it.
TYPES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "Announcement": (
        {"Title": "Rain", "Message": "Stay inside.", "MediaResources": ["{Document}"]},
        "Announcement",
        {"title": "Rain", "message": "Stay inside.", "media": [{"mediaFileName": "note.pdf"}]},
    ),
    "Job": (
        {"title": "Load the truck", "assignedTo": [MOHAN], "dueDate": 10},
        "JobCreated",
        {"title": "Load the truck", "assigneeCount": 1, "responseCount": 0, "isCompleted": False,
         "assignedTo": [MOHAN], "status": "Active", "dueDate": "2026-01-05T20:00:00Z"},
    ),
    "Poll": (
        {"question": "Tea?", "choices": [{"title": "Yes"}, {"title": "No"}], "expiryInHours": 2},
        "PollCreated",
        {"question": "Tea?", "choices": [{"title": "Yes"}, {"title": "No"}], "isSenderOnly": False,
         "expiryDate": "2026-01-05T12:00:00Z", "status": "Active"},
    ),
    "LetsMeet": (
        {"title": "Stand-up", "startingTime": 1767690000, "DurationInMins": 45, "place": PLACE, "agenda": "Trucks"},
        "LetsMeetCreated",
        {"title": "Stand-up", "startingTime": 1767690000000, "duration": 45, "place": PLACE, "agenda": "Trucks",
         "isSenderOnly": False},
    ),
    "Survey": (
        {"title": "Day", "questions": QUESTIONS, "isAnonymous": True, "dueDate": 24},
        "SurveyCreated",
        {"title": "Day", "questions": QUESTIONS, "isAnonymous": True, "isSenderOnly": False, "visibility": "0",
         "acceptMultipleResponses": False, "responseCount": 0, "expiryDate": "2026-01-06T10:00:00Z"},
    ),
    "Image": ({"mediaResource": "{Image}", "caption": "Us"}, "AttachmentCreated",
              {"imageUrl": LINK, "mediaUrl": LINK, "mediaFileName": "us.jpg", "caption": "Us", "media": [dict]}),
    "Album": ({"mediaResource": "{Album}"}, "AttachmentCreated",
              {"imageUrl": LINK, "caption": "", "media": [dict, dict]}),
    "Audio": ({"mediaResource": "{Audio}"}, "AttachmentCreated", {"mediaFileName": "song.wav", "caption": ""}),
    "Document": ({"mediaResource": "{Document}"}, "AttachmentCreated", {"mediaUrl": LINK, "caption": ""}),
    "Video": ({"mediaResource": "{Video}"}, "AttachmentCreated", {"mediaUrl": LINK, "caption": ""}),
    "ShareLocation": (PLACE, "LocationShared", PLACE),
    "LiveLocation": ({**PLACE, "durationInMins": 30}, "LocationShared",
                     {**PLACE, "expiryDate": "2026-01-05T10:30:00Z"}),
    "PhotoWithLocation": ({**PLACE, "mediaResource": "{Image}"}, "PhotoWithLocation", {**PLACE, "imageUrl": LINK}),
    "RequestLocation": ({"title": "Where are you?"}, "ActionCreated",
                        {"title": "Where are you?", "isSenderOnly": True, "expiryDate": "2026-01-06T10:00:00Z"}),
    "Contact": (
        {"name": "Omar", "mobileNumbers": [OMAR], "email": "omar@example.org"},
        "ActionCreated",
        {"name": "Omar", "mobileNumbers": [OMAR], "email": "omar@example.org"},
    ),
    "Checklist": (
        {"title": "Before leaving", "items": ["Tyres", {"title": "Oil"}], "needsVerification": True},
        "ActionCreated",
        {"title": "Before leaving", "items": [{"title": "Tyres"}, {"title": "Oil"}], "needsVerification": True},
    ),
    "Attendance": (
        {"title": "Morning", "cutOffTime": "2026-01-05T10:15:00Z", "needsLocation": True, "statuses": ["On leave"]},
        "ActionCreated",
        {"title": "Morning", "cutOffTime": "2026-01-05T10:15:00Z", "needsLocation": True, "needsPhoto": False,
         "hasCheckOut": False, "statuses": ["On leave"]},
    ),
    "Training": (
        {"title": "Fire", "content": [{"title": "Exits", "text": "Know them."}], "passMarkPercent": 50,
         "questions": [{"title": "First?", "type": "SingleOption",
                        "options": [{"title": "Run", "isCorrect": True}, {"title": "Hide"}]}]},
        "ActionCreated",
        {"title": "Fire", "content": [{"title": "Exits", "text": "Know them."}], "passMarkPercent": 50,
         "questions": [{"title": "First?", "type": "SingleOption",
                        "options": [{"title": "Run", "isCorrect": True}, {"title": "Hide", "isCorrect": False}]}]},
    ),
    "com.example.Birthday.12": (
        {"properties": [{"name": "occasion", "value": "birthday", "type": "Text"}]},
        "ActionCreated",
        {"title": "", "questions": [], "properties": [{"name": "occasion", "type": "Text", "value": "birthday"}]},
    ),
}  # fmt: skip


FILES = {
    "Image": [Part(picture(), "us.jpg", "image/jpeg")],
    "Album": [Part(picture(), "one.jpg", "image/jpeg"), Part(picture(), "two.jpg", "image/jpeg")],
    "Audio": [Part(WAV, "song.wav", "audio/wav")],
    "Document": [Part(PDF, "note.pdf", "application/pdf")],
    "Video": [Part(film(b"mp42"), "film.mp4", "video/mp4")],
}


def with_media(world: World, body: Any) -> Any:
    """The body with `{Image}` and the like filled in by media that Mohan uploads."""
    if isinstance(body, list):
        return [with_media(world, each) for each in body]
    if isinstance(body, dict):
        return {name: with_media(world, each) for name, each in body.items()}
    kind = body[1:-1] if isinstance(body, str) else ""
    return resource_of(upload(world.member, *FILES[kind])) if kind in FILES else body


def post(world: World, action_type: str, body: dict[str, Any], *, sender: Caller | None = None, **fields: Any) -> str:
    """Post an action to the world's group; its id."""
    group_id = fields.pop("group_id", "")
    return world.post_action(
        {"actionType": action_type, "actionBody": body, **fields}, sender=sender, group_id=group_id
    )


def details(world: World, action_id: str, *, by: Caller | None = None, group_id: str = "") -> dict[str, Any]:
    """GET of one action, with its details."""
    answer = (by or world.group_admin).get(
        f"/groups/{group_id or world.group_id}/actions/{action_id}", getDetails="true"
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def named(body: dict[str, Any], action_type: str = "Poll") -> dict[str, Any]:
    return {"actionType": action_type, "actionBody": body}
