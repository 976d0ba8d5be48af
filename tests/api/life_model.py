"""What the API should answer about actions and the answers to them, worked out the plainest way.

It keeps all that was ever given and asks, for each person and group, who may see and do what now. People are named by
their number, groups, actions and answers by the ids that the server gave. Nothing here is taken from the server.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ANONYMOUS_FROM = 3
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

Verdict = int
"""A status: 200, or that of the refusal."""


def instant(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"


@dataclass
class Offer:
    """An answer as someone sends it: what is shown of it, and for each question what it chooses (None: nothing)."""

    shown: dict[str, Any]
    picks: list[list[str] | None] = field(default_factory=list)
    is_valid: bool = True


@dataclass
class Given:
    """An answer that was taken; of an anonymous one nobody knows the id."""

    name: str
    person: str
    at_ms: int
    offer: Offer
    updated_at_ms: int | None = None


@dataclass
class Action:
    kind: str
    group: str
    sender: str
    moment: int
    questions: list[tuple[str, list[str]]] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    ends_at_ms: int | None = None
    visibility: str = "0"
    is_anonymous: bool = False
    accepts_multiple: bool = False
    needs_verification: bool = False
    assignees: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    version: int = 1
    is_closed: bool = False
    is_retracted: bool = False
    given: list[Given] = field(default_factory=list)

    def last_of(self, person: str) -> Given | None:
        return next((one for one in reversed(self.given) if one.person == person), None)

    def done_by(self, item: str) -> list[Given]:
        """What holds of an item: by whom it was done and, perhaps, verified."""
        held: list[Given] = []
        for one in self.given:
            if one.offer.shown["item"] == item:
                held = [] if one.offer.shown["status"] == "NotDone" else [*held, one]
        return held


@dataclass
class Model:
    """A group, and a group that was linked below it at a moment."""

    tenant_admin: str
    ids: dict[str, str]
    names: dict[str, str]
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    below: dict[str, tuple[str, int]] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)

    # Who sees and may do what

    def role(self, person: str, group: str) -> str | None:
        return "Admin" if person == self.tenant_admin else self.roles[group].get(person)

    def shows(self, person: str, group: str, action: Action) -> bool:
        """Whether the person sees the action through the group."""
        above, since = self.below.get(group, ("", 0))
        is_here = action.group == group or (action.group == above and action.moment > since)
        return self.role(person, group) is not None and is_here

    def is_admin_there(self, person: str, group: str, action: Action) -> bool:
        return action.group == group and self.role(person, group) == "Admin"

    def as_owner(self, person: str, group: str, action: Action) -> Verdict:
        if not self.shows(person, group, action):
            return 404
        return 200 if action.sender == person or self.is_admin_there(person, group, action) else 403

    def sees_results(self, person: str, group: str, action: Action) -> bool:
        if action.is_retracted:
            return False
        is_entitled = {"0": True, "1": False, "2": self.is_admin_there(person, group, action), "3": True}
        return action.sender == person or is_entitled[action.visibility]

    def sees_answers(self, person: str, group: str, action: Action) -> bool:
        enough = not action.is_anonymous or len(action.given) >= ANONYMOUS_FROM
        return enough and self.sees_results(person, group, action)

    # What becomes of it in time

    def is_open(self, action: Action, now_ms: int) -> bool:
        return not action.is_closed and not action.is_retracted and not self.is_expired(action, now_ms)

    def is_expired(self, action: Action, now_ms: int) -> bool:
        return self.is_over(action, now_ms) and action.kind not in ("Job", "Checklist")

    def is_over(self, action: Action, now_ms: int) -> bool:
        return action.ends_at_ms is not None and action.ends_at_ms <= now_ms

    def is_completed(self, action: Action) -> bool:
        done = [one for one in action.given if one.offer.shown.get("isCompleted")]
        return action.kind == "Job" and len(done) == len(action.assignees)

    def status(self, action: Action, now_ms: int) -> str:
        if self.is_completed(action):
            return "Completed"
        if action.is_closed:
            return "Closed"
        if self.is_expired(action, now_ms):
            return "Expired"
        return "Overdue" if self.is_over(action, now_ms) else "Active"

    # Answering

    def verdict(self, person: str, group: str, action: Action, offer: Offer, changed: str, now_ms: int) -> Verdict:
        """What becomes of an answer; `changed` is the id of one to change, or ""."""
        if not self.shows(person, group, action):
            return 404
        if not self.is_open(action, now_ms):
            return 409
        if action.assignees and person not in action.assignees:
            return 403
        if changed and (verdict := self._verdict_on_change(person, group, action, changed)) != 200:
            return verdict
        if not offer.is_valid:
            return 400
        return 200 if changed else self._verdict_on_first(person, group, action, offer)

    def _verdict_on_change(self, person: str, group: str, action: Action, changed: str) -> Verdict:
        if action.is_anonymous:
            return 409
        old = next((one for one in action.given if one.name == changed), None)
        if old is not None and old.person == person:
            return 409 if action.kind in ("Checklist", "Attendance") else 200
        return 403 if old is not None and self.sees_answers(person, group, action) else 404

    def _verdict_on_first(self, person: str, group: str, action: Action, offer: Offer) -> Verdict:
        last, status = action.last_of(person), offer.shown.get("status")
        if action.kind == "Checklist":
            held = action.done_by(offer.shown["item"])
            if status == "Done" or (status == "Verified" and len(held) == 2):
                return 200
            if not held or (status == "Verified" and held[0].person == person):
                return 409
            is_theirs = person in [one.person for one in held] or self.is_admin_there(person, group, action)
            return 200 if status == "Verified" or is_theirs else 403
        if action.kind == "Attendance":
            is_in = last is not None and last.offer.shown["status"] == "CheckIn"
            if status == "CheckOut":
                return 200 if is_in else 409
            return 200 if last is None or (action.accepts_multiple and not is_in) else 409
        return 200 if last is None or action.accepts_multiple or action.kind == "Job" else 409

    def standing(self, person: str, action: Action, offer: Offer) -> Given | None:
        """The answer that said so before, whose id is given back; that of a job is changed."""
        if action.kind == "Checklist":
            held = action.done_by(offer.shown["item"])
            number = ["Done", "Verified"].index(offer.shown["status"]) if offer.shown["status"] != "NotDone" else 2
            return held[number] if number < len(held) else None
        return action.last_of(person) if action.kind == "Job" else None

    def take(self, person: str, action: Action, offer: Offer, changed: Given | None, name: str, now_ms: int) -> None:
        if changed is None:
            at_ms = now_ms - now_ms % HOUR_MS if action.is_anonymous else now_ms
            action.given.append(Given(name, person, at_ms, offer))
        elif changed.offer != offer:
            changed.offer, changed.updated_at_ms = offer, now_ms

    # What is shown

    def results(self, action: Action) -> list[dict[str, Any]]:
        picks = [one.offer.picks for one in action.given]
        return [
            {
                "title": title,
                "answerCount": sum(1 for each in picks if each[index] is not None),
                "options": [
                    {"title": option, "count": sum((each[index] or []).count(option) for each in picks)}
                    for option in options
                ],
            }
            for index, (title, options) in enumerate(action.questions)
        ]

    def item_results(self, action: Action) -> list[dict[str, Any]]:
        shown = []
        for title in action.items:
            held = action.done_by(title)
            one: dict[str, Any] = {"title": title, "isDone": bool(held)}
            if action.needs_verification:
                one["isVerified"] = len(held) == 2
            if held:
                one |= {"doneBy": self.ids[held[0].person], "doneAt": instant(held[0].at_ms)}
            if len(held) == 2:
                one["verifiedBy"] = self.ids[held[1].person]
            shown.append(one)
        return shown

    def responses(self, person: str, group: str, action: Action) -> list[dict[str, Any]]:
        """In the order in which they came; anonymous ones in none."""
        if action.is_retracted:
            return []
        if self.sees_answers(person, group, action):
            seen = action.given
        else:
            seen = [one for one in action.given if one.person == person and not action.is_anonymous]
        return [self._response(one, person, action) for one in seen]

    def _response(self, one: Given, person: str, action: Action) -> dict[str, Any]:
        if action.is_anonymous:
            shown = {"responder": "", "responderName": "", "respondedAt": instant(one.at_ms)}
            return shown | one.offer.shown | {"responseName": "", "responseLocation": None}
        shown = {
            "responseId": one.name,
            "responder": one.person,
            "responderId": self.ids[one.person],
            "responderName": self.names[one.person],
            "respondedAt": instant(one.at_ms),
        }
        if one.updated_at_ms is not None:
            shown["updatedAt"] = instant(one.updated_at_ms)
        return shown | one.offer.shown | ({"isMine": True} if one.person == person else {})
