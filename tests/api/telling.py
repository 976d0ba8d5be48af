"""What is told outside of what has happened, whole and in order: for the tests of happenings, webhooks and streams."""

from __future__ import annotations

from typing import Any

from chaupal.events.log import read_after
from chaupal.happenings.rules import Happening, Imprint, Told, find_told
from chaupal.store.transaction import Transaction
from tests.api.worlds import World


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


def _tell_after(tx: Transaction, _caller: Any, request: tuple[int, Imprint]) -> list[Told]:
    position, imprint = request
    found = (find_told(tx, event, imprint) for event in read_after(tx, position, 5_000))
    return [told for told in found if told is not None]
