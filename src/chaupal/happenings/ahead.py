"""Looking up what some events are told from, in as many statements for a hundred events as for three."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from chaupal.events.log import StoredEvent
from chaupal.happenings.groups import tell_group, tell_member
from chaupal.happenings.known import Imprint, Known
from chaupal.happenings.results import resources_of_answer, tell_reaction, tell_response
from chaupal.happenings.rules import TELLERS, Teller
from chaupal.happenings.sent import (
    resources_of,
    tell_action,
    tell_action_change,
    tell_message,
    tell_message_change,
    tell_properties,
    tell_reminder,
)
from chaupal.store.transaction import Transaction
from chaupal.timelines.rules import Item, has_recipients

TOLD_AT_ONCE = 101
"""So many events are looked ahead of, a page and the one that tells whether there is more: what they hold is in memory
until all of them are told."""

_Events = Mapping[Teller, list[StoredEvent]]


def look_ahead(tx: Transaction, imprint: Imprint, events: list[StoredEvent]) -> Known:
    """What is needed to tell of some events, in one or two statements for each kind of row, however many they are."""
    known = Known(tx, imprint)
    told: dict[Teller, list[StoredEvent]] = defaultdict(list)
    for event in events:
        if (teller := TELLERS.get(event.event_type)) is not None:
            told[teller].append(event)
    known.groups.fill(_objects(told[tell_group]))
    known.responses.fill(_objects(told[tell_response]))
    known.reactions.fill(_objects(told[tell_reaction]))
    items = _fill_items(known, told)
    known.recipients.fill(item.item_id for item in items if has_recipients(item))
    known.reminded.fill((event.position, event.object_id) for event in told[tell_reminder])
    known.responders.fill(_objects(told[tell_reminder]))
    known.media.fill(_resources(known, told))
    known.people.fill(_people(known, events, told))
    return known


def _fill_items(known: Known, told: _Events) -> list[Item]:
    """Look up the messages and actions that events are about."""
    message_ids = _objects(told[tell_message], told[tell_message_change])
    reacted_to = [str(event.facts.get("referenceId", "")) for event in told[tell_reaction]]
    whole_ids = [*_objects(told[tell_action], told[tell_properties]), *map(_answered, told[tell_response])]
    action_ids = [*whole_ids, *_objects(told[tell_action_change], told[tell_reminder])]
    message_ids += reacted_to
    known.messages.fill(message_ids)
    action_ids += [item_id for item_id in reacted_to if known.messages.find(item_id) is None]
    known.actions.fill(action_ids)
    known.parts.fill(whole_ids)
    sent = [*map(known.messages.find, message_ids), *map(known.actions.find, action_ids)]
    return [Item(*found[:4]) for found in sent if found is not None]


def _resources(known: Known, told: _Events) -> Iterator[str]:
    """The media in actions and answers."""
    for event in (*told[tell_action], *told[tell_properties], *told[tell_response]):
        try:
            if TELLERS[event.event_type] is not tell_response:
                whole = known.whole_action(event.object_id)
                yield from resources_of(whole) if whole is not None else ()
                continue
            whole, response = known.whole_action(_answered(event)), known.responses.find(event.object_id)
            if whole is not None and response is not None:
                yield from resources_of_answer(whole, response)
        except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
            # What cannot be read harms its own event alone: it is met again, and said, when that is told.
            continue


def _people(known: Known, events: list[StoredEvent], told: _Events) -> Iterator[str]:
    """Those who have done something, or of whom something is told."""
    yield from (event.actor_id for event in events)
    yield from _objects(told[tell_member])
    for event in told[tell_response]:
        if (response := known.responses.find(event.object_id)) is not None:
            yield response.responder_id
    for event in told[tell_action]:
        if (action := known.actions.find(event.object_id)) is not None:
            yield action.sender_id


def _answered(event: StoredEvent) -> str:
    return str(event.facts.get("actionId", ""))


def _objects(*several: list[StoredEvent]) -> list[str]:
    return [event.object_id for events in several for event in events]
