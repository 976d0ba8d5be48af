"""What is told outside of what has happened, whole and in order: for the tests of happenings, webhooks and streams."""

from __future__ import annotations

from typing import Any

import msgspec

from chaupal.events.log import read_after
from chaupal.happenings.ahead import look_ahead
from chaupal.happenings.known import Known
from chaupal.happenings.rules import Happening, Imprint, Told, find_told
from chaupal.store.statements import Statement
from chaupal.store.transaction import Transaction
from tests.api.statement_counting import counted
from tests.api.worlds import Caller, World

FILES = "https://chat.example.org/media/files/"
VISIT: dict[str, Any] = {
    "title": "Visit",
    "questions": [{"title": "Name", "type": "Text"}],
    "properties": [
        {"name": "Status", "type": "Text", "value": "Open"},
        {"name": "Stock", "type": "Numeric", "value": 7},
    ],
}
"""The body of an action of a package."""


def told_since(world: World, position: int) -> list[Told]:
    """Everything that is told of what has happened since, with what decides who is told."""
    imprint = Imprint(world.house.media_links, world.house.tenant_keys)
    told: list[Told] = world.read(_tell_after, (position, imprint))
    return told


def happenings_since(world: World, position: int) -> list[Happening]:
    """Everything that is told of what has happened since."""
    return [told.happening for told in told_since(world, position)]


def only_happening(world: World, position: int, event_type: str) -> Happening:
    """The one of a type since."""
    [found] = [each for each in happenings_since(world, position) if each.event_type == event_type]
    return found


class Ahead(msgspec.Struct, frozen=True):
    """The types of events that were told of once all were looked ahead of; the statements of looking and of telling."""

    event_types: set[str]
    looking: list[Statement]
    telling: list[Statement]


def told_ahead(world: World, position: int) -> Ahead:
    """What it takes to tell of everything that has happened since."""
    imprint = Imprint(world.house.media_links, world.house.tenant_keys)
    ahead: Ahead = world.read(_tell_ahead, (position, imprint))
    return ahead


def _tell_ahead(tx: Transaction, _caller: Any, request: tuple[int, Imprint]) -> Ahead:
    position, imprint = request
    events = read_after(tx, position, 5_000)
    with counted() as looking:
        known = look_ahead(tx, imprint, events)
    with counted() as telling:
        types = {event.event_type for event in events if find_told(known, event) is not None}
    return Ahead(types, looking, telling)


def _tell_after(tx: Transaction, _caller: Any, request: tuple[int, Imprint]) -> list[Told]:
    position, imprint = request
    known = Known(tx, imprint)
    found = (find_told(known, event) for event in read_after(tx, position, 5_000))
    return [told for told in found if told is not None]


def of_group(world: World) -> dict[str, str]:
    """What the data of every event of the world's group has."""
    return {"groupId": world.group_id, "sourceGroupId": world.group_id}


def assert_from(happening: Happening, caller: Caller) -> None:
    """That a person has done it."""
    assert happening.from_user == caller.number
    assert happening.from_user_id == caller.id
    assert happening.from_user_name == caller.person.name
    assert happening.is_bot_from_user is False


def option(*titles: str) -> list[dict[str, str]]:
    """The options of a question as they are told."""
    return [{"title": title} for title in titles]


def question(title: str, of_type: str, options: list[dict[str, str]] | None = None, **more: Any) -> dict[str, Any]:
    """A question as it is told."""
    return {"title": title, "type": of_type, "options": options or [], **more}
