"""Asking and answering: what the tests of answers have in common."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.worlds import MOHAN, Caller, World

PLACE = {"latitude": 17.385, "longitude": 78.4867, "name": "Depot"}

# A question of each type; those about files are optional, because files have to be uploaded first.
SURVEY: dict[str, Any] = {
    "title": "Day",
    "questions": [
        {"title": "How was it?", "type": "SingleOption", "options": ["Good", "Bad"]},
        {"title": "Colours?", "type": "MultiOption", "options": ["Red", "Blue, dark"], "isOptional": True},
        {"title": "Why?", "type": "Text"},
        {"title": "How many?", "type": "Numeric"},
        {"title": "Where?", "type": "Location"},
        {"title": "Which day?", "type": "Date"},
        {"title": "When?", "type": "DateTime"},
        {"title": "Photo", "type": "Image", "isOptional": True},
        {"title": "Files", "type": "AttachmentList", "isOptional": True},
        {"title": "Phone", "type": "PhoneNumber"},
    ],
}
SURVEY_ANSWERS: list[Any] = [
    "good",
    ["Blue, dark", "Red"],
    "हाँ",
    "3.5",
    {"lt": 17.385, "lg": 78.4867, "n": "Depot", "acc": 5},
    "2026-01-05",
    1_767_571_200,
    None,
    [],
    {"cc": "+254", "pn": "712 345678"},
]

# For each type: the action's body, an answer, what the details show of the answer, and the event that tells of it.
TYPES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    "Job": (
        {"title": "Load the truck", "assignedTo": [MOHAN]},
        {"isCompleted": "True"},
        {"isCompleted": True},
        "JobResponse",
    ),
    "Poll": (
        {"question": "Tea?", "choices": ["Yes", "No"]},
        {"choice": " yes"},
        {"choice": "Yes", "answers": ["Yes"]},
        "PollResponse",
    ),
    "LetsMeet": (
        {"title": "Stand-up", "startingTime": 4_000_000_000},
        {"response": "maybe"},
        {"response": "Maybe"},
        "LetsMeetResponse",
    ),
    "Survey": (
        SURVEY,
        {"responseName": "Mohan", "responseLocation": PLACE, "Answers": SURVEY_ANSWERS},
        {
            "responseName": "Mohan",
            "responseLocation": {**PLACE, "lt": 17.385, "lg": 78.4867, "n": "Depot"},
            "answers": ["Good", ["Red", "Blue, dark"], "हाँ", 3.5, {"lt": 17.385, "lg": 78.4867, "n": "Depot",
                        "acc": 5, **PLACE}, 1_767_571_200_000, 1_767_571_200_000, None, None,
                        {"cc": "+254", "pn": "712345678"}],
        },
        "SurveyResponse",
    ),
    "com.example.Visit.2": (
        {"questions": [{"title": "Name", "type": "Text"}]},
        {"answers": ["test text"]},
        {"answers": ["test text"], "responseName": "", "responseLocation": None},
        "ActionResponse",
    ),
    "RequestLocation": (
        {"title": "Where?", "isSenderOnly": False},
        {"location": {"lt": 17.385, "lg": "78.4867", "n": "Depot"}},
        {"location": {**PLACE, "lt": 17.385, "lg": 78.4867, "n": "Depot"}},
        "ActionResponse",
    ),
    "LiveLocation": (
        {**PLACE, "durationInMins": 30},
        PLACE,
        {"location": {**PLACE, "lt": 17.385, "lg": 78.4867, "n": "Depot"}},
        "ActionResponse",
    ),
    "Checklist": (
        {"title": "Before leaving", "items": ["Tyres", "Oil"]},
        {"item": "oil"},
        {"item": "Oil", "itemIndex": 1, "status": "Done"},
        "ActionResponse",
    ),
    "Attendance": (
        {"title": "Morning", "needsLocation": True, "statuses": ["On leave"]},
        {"location": PLACE, "note": "Gate 2"},
        {"status": "CheckIn", "isLate": False, "note": "Gate 2",
         "location": {**PLACE, "lt": 17.385, "lg": 78.4867, "n": "Depot"}},
        "ActionResponse",
    ),
    "Training": (
        {"title": "Fire", "passMarkPercent": 50, "questions": [
            {"title": "First?", "type": "SingleOption", "options": [{"title": "Run", "isCorrect": True}, "Hide"]},
            {"title": "Which?", "type": "MultiOption",
             "options": [{"title": "Foam", "isCorrect": True}, {"title": "Sand", "isCorrect": True}, "Oil"]}]},
        {"answers": ["Run", ["Foam", "Oil"]]},
        {"answers": ["Run", ["Foam", "Oil"]], "scorePercent": 50, "hasPassed": True},
        "ActionResponse",
    ),
}  # fmt: skip


def with_answer(index: int, value: Any) -> list[Any]:
    """The answers to the survey with another one in one place."""
    return [*SURVEY_ANSWERS[:index], value, *SURVEY_ANSWERS[index + 1 :]]


def ask(
    world: World, action_type: str, body: dict[str, Any], *, group_id: str = "", sender: Caller | None = None
) -> str:
    """Gita, or someone else, posts an action; a name with points is a package. Its id."""
    field = "id" if "." in action_type else "actionType"
    return world.post_action({field: action_type, "actionBody": body}, sender=sender, group_id=group_id)


def answer(
    caller: Caller, group_id: str, action_id: str, body: Any, *, response_id: str = "", key: str = ""
) -> httpx.Response:
    """POST of an answer."""
    sent = {"actionBody": body, **({"responseId": response_id} if response_id else {})}
    headers = {"Idempotency-Key": key} if key else {}
    return caller.post(f"/groups/{group_id}/actions/{action_id}/responses", sent, headers=headers)


def answered(caller: Caller, group_id: str, action_id: str, body: Any, *, response_id: str = "") -> str:
    """An answer that is taken; its id."""
    taken = answer(caller, group_id, action_id, body, response_id=response_id)
    assert taken.status_code == 200, taken.text
    given: str = taken.json()["responseId"]
    return given


def seen(caller: Caller, group_id: str, action_id: str, **query: Any) -> dict[str, Any]:
    """The details of an action with its answers."""
    found = caller.get(f"/groups/{group_id}/actions/{action_id}", getDetails="true", **query)
    assert found.status_code == 200, found.text
    details: dict[str, Any] = found.json()["actionDetails"]
    return details


def counts_of(world: World, action_id: str) -> tuple[int, int, int]:
    """(answers, people who gave them, what is done) as they are stored."""
    rows = world.database.ask(
        "SELECT response_count, responder_count, completed_count FROM response_counts"
        " WHERE tenant_id = %s AND action_id = %s",
        world.tenant_id,
        action_id,
    )
    counts: tuple[int, int, int] = rows[0] if rows else (0, 0, 0)
    return tuple(counts)  # type: ignore[return-value]


def assert_refused(refused: httpx.Response, code: str) -> None:
    """The call's error; that its status and category fit is checked for every answer."""
    assert refused.status_code != 200, refused.text
    assert refused.json()["errorCode"] == code, refused.text
