"""Every event that is declared is emitted by some call, and comes out of webhooks, streams and pages in the documented
form. A type that nothing emits fails here, and so does a form that no document describes."""

from __future__ import annotations

import re
from typing import Any

from chaupal.events.catalogue import EventType
from chaupal.happenings.rules import TELLERS
from chaupal.webhooks.kinds import EVENT_TYPES
from tests.api.doing_everything import Everything
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.listening import Listener
from tests.api.telling import Ahead, told_ahead
from tests.api.worlds import Caller, World
from tests.docs.pages import PROJECT, Page

EVERYWHERE = {"groupId", "sourceGroupId"}
OF_AN_ANSWER = {
    "responseId",
    "isUpdateResponse",
    "responder",
    "responderId",
    "responderName",
    "responderProfilePic",
    "responseDetails",
}
"""The document says of a posted survey that these are there, too, without naming each."""

FRAME = {"objectId", "objectType", "context", "subscriptionId", "eventTime"}
"""What only one of webhooks and streams has, or each has of its own."""

Told = list[dict[str, Any]]


def documented() -> dict[str, set[str]]:
    """The names of each event's data by the table in `docs/api/events.md`, without those inside of others."""
    section = Page(PROJECT / "docs" / "api" / "events.md").sections(3)["What `data` holds"]
    forms: dict[str, set[str]] = {}
    for types, text in re.findall(r"^\| (`[^|]*) \| ([^|]*) \|$", section, re.MULTILINE):
        words = {name.split(".")[0] for name in re.findall(r"`([\w.]+)`", re.sub(r"\([^)]*\)", "", text))}
        like = words & forms.keys()
        names = (words - like).union(*(forms[name] for name in like))
        for event_type in re.findall(r"`(\w+)`", types):
            forms[event_type] = names
    return forms


def read_all(caller: Caller, cursor: str) -> tuple[Told, str]:
    """All pages after a cursor, and the cursor to go on with."""
    told: Told = []
    has_more = True
    while has_more:
        page = caller.get("/v1/sync", cursor=cursor).json()
        told, cursor, has_more = told + page["events"], page["cursor"], page["hasMore"]
    return told, cursor


def unframed(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in FRAME}


def names_of(told: Told, event_type: str) -> set[str]:
    """What the data of an event of this type have had."""
    return {name for event in told if event["eventType"] == event_type for name in event["data"]}


def check_ahead(ahead: Ahead) -> None:
    """However many events there are, each statement ran once, and none when it came to telling of them."""
    assert len(ahead.looking) == len(set(ahead.looking))
    assert ahead.telling == []


def play(world: World, receiver: HookReceiver) -> tuple[Told, Told, set[str]]:
    """Let everything happen; what Gita and Mohan, or a stream of Gita's, were told, what a webhook, and the types of
    events that took no statement of their own to tell."""
    everything = Everything(world)
    register(world.group_admin, draft(receiver, world.group_id, *EVENT_TYPES))
    people = (world.group_admin, world.member)
    cursors = [caller.get("/v1/sync").json()["cursor"] for caller in people]
    told: Told = []
    types_ahead: set[str] = set()
    for part in (everything.send, everything.answer, everything.change, everything.take_back):
        position = world.position
        part()
        ahead = told_ahead(world, position)
        check_ahead(ahead)
        types_ahead |= ahead.event_types
        deliver(world)
        stream = Listener(world.group_admin, cursor=cursors[0])
        for which, caller in enumerate(people):
            page, cursors[which] = read_all(caller, cursors[which])
            told += page
            if caller is world.group_admin:
                assert stream.wait(len(page))[: len(page)] == page
        stream.go_away()
    bodies = receiver.bodies
    everything.manage(receiver)
    return told, bodies, types_ahead


def test_each_type_is_emitted_and_told_as_documented(world: World, hook_receiver: HookReceiver) -> None:
    told, bodies, types_ahead = play(world, hook_receiver)
    assert types_ahead == {*TELLERS}
    assert {*EventType} - {event.event_type for event in world.events_after(0)} == set(), "never emitted"
    seen_types = {event["eventType"] for event in told}
    assert seen_types == {*TELLERS} - {EventType.SUBGROUP_ADDED, EventType.SUBGROUP_REMOVED}
    assert {body["eventType"] for body in bodies} == {*EVENT_TYPES}
    by_id = {(event["eventId"], event["eventType"]): event for event in told}
    for body in bodies:
        assert unframed(body) == unframed(by_id[body["eventId"], body["eventType"]])
    forms = documented()
    assert forms.keys() == seen_types
    for event_type, names in forms.items():
        forms[event_type] = (
            names | EVERYWHERE | (OF_AN_ANSWER if event_type in ("SurveyCreated", "ActionCreated") else set())
        )
    found = {event_type: names_of(told, event_type) for event_type in forms}
    assert {
        event_type: found[event_type] ^ names for event_type, names in forms.items() if names != found[event_type]
    } == {}
