"""The actions and answers of the lives that `test_life_model` leads: what is sent, and what it means to the model."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.api.life_model import MINUTE_MS, Action, Offer
from tests.api.worlds import GITA, MOHAN

CARD = "com.example.Card"
POLL = [("Tea?", ["Yes", "No"])]
MEETING = [("Stand-up", ["Yes", "No", "Maybe"])]
FORM = [("How?", ["Good", "Bad"]), ("Colours?", ["Red", "Blue"]), ("Why?", [])]
ROLL = [("Morning", ["CheckIn", "CheckOut", "On leave"])]
KINDS = ("Poll", "Survey", "Survey", CARD, "Job", "LetsMeet", "Checklist", "Attendance")


SELDOM = 0.3


def draw_action(random: Random, action: Action, now_ms: int) -> dict[str, Any]:
    """A body; what it says is put into the action."""
    minutes = random.choice([15, 60, 60])
    if action.kind != "LetsMeet":
        action.ends_at_ms = now_ms + minutes * MINUTE_MS
    return _DRAWN[action.kind](action, random) | {"dueDate": minutes / 60}


def _poll(action: Action, random: Random) -> dict[str, Any]:
    action.questions, action.visibility = POLL, random.choice("01")
    return {"question": "Tea?", "choices": ["Yes", "No"], "isSenderOnly": action.visibility == "1"}


def _meeting(action: Action, _random: Random) -> dict[str, Any]:
    action.questions = MEETING
    return {"title": "Stand-up", "startingTime": 4_000_000_000}


def _form(action: Action, random: Random) -> dict[str, Any]:
    action.questions, action.visibility = FORM, random.choice("0123")
    action.is_anonymous, action.accepts_multiple = random.random() < 0.5, random.random() < SELDOM
    types = ("SingleOption", "MultiOption", "Text")
    questions = [
        {"title": title, "type": kind, "options": options, "isOptional": kind != "SingleOption"}
        for (title, options), kind in zip(FORM, types, strict=True)
    ]
    return {
        "title": "Day",
        "questions": questions,
        "visibility": action.visibility,
        "isAnonymous": action.is_anonymous,
        "acceptMultipleResponses": action.accepts_multiple,
    }


def _job(action: Action, random: Random) -> dict[str, Any]:
    action.assignees = random.choice([[GITA, MOHAN], [MOHAN]])
    return {"title": "Load", "assignedTo": action.assignees}


def _checklist(action: Action, random: Random) -> dict[str, Any]:
    action.items, action.accepts_multiple = ["Tyres", "Oil"], True
    action.needs_verification = random.random() > SELDOM
    return {"title": "Before", "items": action.items, "needsVerification": action.needs_verification}


def _roll_call(action: Action, random: Random) -> dict[str, Any]:
    action.questions, action.accepts_multiple = ROLL, random.random() < SELDOM
    more = {"hasCheckOut": True, "statuses": ["On leave"], "acceptMultipleResponses": action.accepts_multiple}
    return {"title": "Morning", **more}


_DRAWN: dict[str, Callable[[Action, Random], dict[str, Any]]] = {
    "Poll": _poll,
    "LetsMeet": _meeting,
    "Survey": _form,
    CARD: _form,
    "Job": _job,
    "Checklist": _checklist,
    "Attendance": _roll_call,
}


def draw_answer(random: Random, action: Action) -> tuple[dict[str, Any], Offer]:
    """(body, what it means); now and then one that is not offered."""
    if action.kind == "Job":
        is_done = random.random() > SELDOM
        return {"isCompleted": is_done}, Offer({"isCompleted": is_done})
    if action.kind == "Checklist":
        index = random.choice([0, 1])
        status, said = random.choice(
            [("Done", {"isDone": True}), ("NotDone", {"isDone": False}), ("Verified", {"isVerified": True})]
        )
        is_valid = status != "Verified" or action.needs_verification
        shown = {"item": action.items[index], "itemIndex": index, "status": status}
        return {"item": index, **said}, Offer(shown, is_valid=is_valid)
    _, options = action.questions[0]
    title = random.choice(options) if random.random() < 0.95 else "Purple"
    is_valid = title in options
    if action.kind == "Poll":
        return {"choice": title}, Offer({"choice": title, "answers": [title]}, [[title]], is_valid)
    if action.kind == "LetsMeet":
        return {"response": title}, Offer({"response": title}, [[title]], is_valid)
    if action.kind == "Attendance":
        return {"status": title}, Offer({"status": title, "isLate": False}, [[title]], is_valid)
    colours = [colour for colour in FORM[1][1] if random.random() < SELDOM] or None
    reason = random.choice([None, "because"])
    shown = {"answers": [title, colours, reason], "responseName": "here", "responseLocation": None}
    picks = [[title], colours, [reason] if reason else None]
    return {"answers": [title, colours, reason], "responseName": "here"}, Offer(shown, picks, is_valid)
