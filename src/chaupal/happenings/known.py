"""The rows that events are told from, looked up once for one reading of the log, and of many events all at once.

Without looking ahead each row is looked up when it is met, by the same statements. Must not decide what is told; that
is in `sent`, `results` and `groups`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

import msgspec

from chaupal.actions.bodies.links import ShownMedia
from chaupal.actions.media import find_media_of
from chaupal.actions.reading import ActionParts, WholeAction, find_parts, make_whole
from chaupal.actions.rules import Action, find_actions, find_reminded
from chaupal.auth.tenant_keys import TenantKeys
from chaupal.events.log import StoredEvent
from chaupal.groups.rules import Group, find_past_groups
from chaupal.media.links import MediaLinks
from chaupal.media.rules import Media
from chaupal.messages.rules import Message, find_messages
from chaupal.people.rules import Person, find_past_people
from chaupal.reactions.rules import Reaction, find_reactions
from chaupal.responses.reading import Response, find_responses, responders_of
from chaupal.store.transaction import Transaction
from chaupal.timelines.rules import Item, find_recipients, has_recipients

_EVENT_IDS = "event id"

_ANSWERED_MOST = 10_000
"""So many of those who have answered are left out of a reminder; beyond that nobody is, and clients know better."""

_NOBODY: frozenset[str] = frozenset()

_Key = TypeVar("_Key", bound=Hashable)
_Row = TypeVar("_Row")


class Imprint(msgspec.Struct, frozen=True):
    """What a tenant's happenings are told with: links to its media, and ids that cannot be guessed."""

    links: MediaLinks
    keys: TenantKeys


class Shelf(Generic[_Key, _Row]):
    """Rows by their keys, each looked up once; that there is none is known, too."""

    def __init__(self, find: Callable[[list[_Key]], dict[_Key, _Row]]) -> None:
        self._find = find
        self._rows: dict[_Key, _Row | None] = {}

    def fill(self, keys: Iterable[_Key]) -> None:
        """Look up those that are not known yet, all at once."""
        unknown = [key for key in dict.fromkeys(keys) if key and key not in self._rows]
        if unknown:
            self._rows.update(dict.fromkeys(unknown))
            self._rows.update(self._find(unknown))

    def find(self, key: _Key) -> _Row | None:
        """The row with this key, or None."""
        if key not in self._rows:
            self.fill((key,))
        return self._rows.get(key)


class Known:
    """What one reading of the log knows, in one state of the database."""

    def __init__(self, tx: Transaction, imprint: Imprint) -> None:
        self._tx = tx
        self._imprint = imprint
        self._wholes: dict[str, WholeAction | None] = {}
        self.people: Shelf[str, Person] = Shelf(lambda ids: find_past_people(tx, ids))
        self.groups: Shelf[str, Group] = Shelf(lambda ids: find_past_groups(tx, ids))
        self.messages: Shelf[str, Message] = Shelf(lambda ids: find_messages(tx, ids))
        self.actions: Shelf[str, Action] = Shelf(lambda ids: find_actions(tx, ids))
        self.responses: Shelf[str, Response] = Shelf(lambda ids: find_responses(tx, ids))
        self.reactions: Shelf[str, Reaction] = Shelf(lambda ids: find_reactions(tx, ids))
        self.media: Shelf[str, Media] = Shelf(lambda resources: find_media_of(tx, resources))
        self.recipients: Shelf[str, frozenset[str]] = Shelf(lambda ids: find_recipients(tx, ids))
        self.parts: Shelf[str, ActionParts] = Shelf(lambda ids: find_parts(tx, self._actions_of(ids)))
        self.reminded: Shelf[tuple[int, str], frozenset[str]] = Shelf(self._find_reminded)
        self.responders: Shelf[str, frozenset[str]] = Shelf(
            lambda ids: responders_of(tx, self._actions_of(ids), most=_ANSWERED_MOST)
        )

    def event_id(self, event: StoredEvent) -> str:
        """The id of an event that has none: the same each time, telling nothing of its position, and of no other event,
        also not of one that has had its position before the database was put back to an earlier time."""
        tenant_id, place = self._tx.tenant_id, event.place
        named = f"{tenant_id}:{place.position}:{place.mark.hex()}"
        digest = self._imprint.keys.of(tenant_id).hash(_EVENT_IDS, named)
        return str(uuid.UUID(bytes=digest[:16], version=4))

    def whole_action(self, action_id: str) -> WholeAction | None:
        """An action with everything that it holds; None where there is none, or nothing is left of it."""
        if action_id not in self._wholes:
            action = self.actions.find(action_id)
            parts = self.parts.find(action_id) if action is not None else None
            whole = make_whole(action, parts) if action is not None and parts is not None else None
            self._wholes[action_id] = whole
        return self._wholes[action_id]

    def item(self, item_id: str) -> tuple[Item, bool] | None:
        """What a reference id stands for, a message or an action, and whether it was retracted."""
        found = self.messages.find(item_id) or self.actions.find(item_id)
        return (Item(*found[:4]), found.retracted_at_ms is not None) if found is not None else None

    def recipients_of(self, item: Item) -> frozenset[str]:
        """The ids of those who see an item because it was sent to them by name, or is their own; none where an audience
        alone decides it."""
        return (self.recipients.find(item.item_id) or _NOBODY) if has_recipients(item) else _NOBODY

    def shown_media(self, resources: list[str]) -> ShownMedia:
        """Those of the media that are still there, with their links."""
        self.media.fill(resources)
        found = {resource: media for resource in resources if (media := self.media.find(resource)) is not None}
        return ShownMedia(self._imprint.links, self._tx.tenant_id, found)

    def _actions_of(self, action_ids: list[str]) -> list[Action]:
        self.actions.fill(action_ids)
        return [action for action_id in action_ids if (action := self.actions.find(action_id)) is not None]

    def _find_reminded(self, reminders: list[tuple[int, str]]) -> dict[tuple[int, str], frozenset[str]]:
        found = find_reminded(self._tx, dict(reminders))
        return {reminder: found[reminder[0]] for reminder in reminders if reminder[0] in found}
