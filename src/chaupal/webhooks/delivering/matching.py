"""From the event log to deliveries: which webhooks hear of an event, and what they are told.

Read only, so that posting is not held up: what is to be delivered is made out on one state of the database; then one
short write (`keeping`) adds the deliveries and moves the cursor, if that still stands where it was seen here. Whatever
happens in between, an event is matched once. Source: contract, section 11.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
import structlog

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SealBroken
from chaupal.auth.tenant_keys import TenantKeys, meet_tenant
from chaupal.events.catalogue import EventType
from chaupal.events.log import CursorExpired, StoredEvent, log_end, read_after
from chaupal.happenings.ahead import look_ahead
from chaupal.happenings.known import Known
from chaupal.happenings.rules import Happening, Imprint, Told, find_told, told_type, without_numbers
from chaupal.media.links import MediaLinks
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.timelines.merging import EVERYONE, MEMBERS
from chaupal.webhooks.delivering.bodies import build_body, seal_body
from chaupal.webhooks.delivering.queries import NewDelivery
from chaupal.webhooks.delivering.schedule import SKIPPED, WAITING
from chaupal.webhooks.kinds import ACTION, ACTION_PACKAGE, GROUP, Target, open_target
from chaupal.webhooks.queries import (
    WebhookRow,
    select_cursor,
    select_webhooks_of_objects,
    select_webhooks_of_type,
)
from chaupal.webhooks.rights import Sight, sight_of_owner

EVENTS_AT_ONCE = 100
DELIVERIES_AT_ONCE = 1_000
"""Events are matched until there are so many."""

DELIVERIES_A_WRITE = 20
"""Of so many one write adds: half a millisecond, in which the calls of users wait."""

DELIVERIES_A_WRITE_BESIDE = 50
"""Where they do not: a transaction of its own costs as much as fifty deliveries. Longer ones keep the database at it so
long at a stretch that what it has to do for a call has to wait for a processor."""

DELIVERIES_A_WRITE_IN_BULK = 500
"""There, while more has happened than is matched at once."""

NOT_ALLOWED = "NotAllowed"
"""The reason of a webhook whose maker has no right to it any more."""

_GROUP_REMOVED = "GroupRemoved"
_ENDS = frozenset({EventType.MESSAGE_RETRACTED, EventType.ACTION_RETRACTED, EventType.REACTION_REMOVED})

log = structlog.get_logger("webhooks")


class Matching(msgspec.Struct, frozen=True):
    """What is needed to tell of events."""

    links: MediaLinks
    keys: TenantKeys


class Matched(msgspec.Struct, frozen=True):
    """The events from one position to another, and what they mean for webhooks."""

    from_position: int
    until_position: int
    deliveries: list[NewDelivery]
    revoked: list[str]
    """Webhooks whose makers have lost the right to them."""
    has_more: bool
    taken_back: list[str] = []
    """Messages, actions and reactions that are no more: what was queued of them before goes, too."""
    expired: list[str] = []
    """Webhooks that have run out, and would have been told of something."""


def pieces_of(matched: Matched, *, is_beside: bool) -> list[Matched]:
    """The same, to be written piece by piece, `is_beside`: beside the calls of users. All of one event is in one
    piece."""
    deliveries_a_write = DELIVERIES_A_WRITE
    if is_beside:
        deliveries_a_write = DELIVERIES_A_WRITE_IN_BULK if matched.has_more else DELIVERIES_A_WRITE_BESIDE
    pieces: list[Matched] = []
    from_position, taken = matched.from_position, 0
    for index, delivery in enumerate(matched.deliveries):
        is_next_event = index > taken and delivery.position > matched.deliveries[index - 1].position
        if is_next_event and index - taken >= deliveries_a_write:
            until = matched.deliveries[index - 1].position
            pieces.append(Matched(from_position, until, matched.deliveries[taken:index], [], has_more=True))
            from_position, taken = until, index
    rest = matched.deliveries[taken:]
    return [*pieces, msgspec.structs.replace(matched, from_position=from_position, deliveries=rest)]


def match_events(tx: Transaction, caller: Operator, matching: Matching) -> Matched | None:
    """What the next events after the cursor, at most 100, are for webhooks; None where there are none. Reads only."""
    cursor = select_cursor(tx)
    if cursor is None:
        return None
    try:
        events = read_after(tx, cursor, EVENTS_AT_ONCE)
    except CursorExpired:
        # Only a database restored from a backup, or trimmed by hand: the log is never trimmed beyond the cursor.
        last = log_end(tx).position
        log.error("the event log does not reach back to the webhooks' cursor", tenant_id=tx.tenant_id, cursor=cursor)
        return Matched(cursor, last, [], [], has_more=False)
    if not events:
        return None
    meet_tenant(tx, caller, matching.keys)
    matcher = _Matcher(tx, matching, events)
    until = matcher.match(events)
    return Matched(
        from_position=cursor,
        until_position=until,
        deliveries=matcher.deliveries,
        revoked=sorted(matcher.revoked),
        has_more=until < events[-1].position or len(events) == EVENTS_AT_ONCE,
        expired=sorted(matcher.expired),
        taken_back=[event.object_id for event in events if event.event_type in _ENDS and event.position <= until],
    )


class _Matcher:
    """One run over a few events, in one state of the database."""

    def __init__(self, tx: Transaction, matching: Matching, events: list[StoredEvent]) -> None:
        self.deliveries: list[NewDelivery] = []
        self.revoked: set[str] = set()
        self.expired: set[str] = set()
        self._tx = tx
        self._imprint = Imprint(matching.links, matching.keys)
        self._known = Known(tx, self._imprint)
        self._secret_key = matching.keys.of(tx.tenant_id)
        self._of_group = _by_object(tx, GROUP, {event.group_id for event in events if event.group_id})
        self._of_action = _by_object(tx, ACTION, {_action_id(event) for event in events})
        self._of_package = select_webhooks_of_type(tx, ACTION_PACKAGE)
        self._sights: dict[tuple[str, str], Sight] = {}
        self._targets: dict[str, Target | None] = {}

    def match(self, events: list[StoredEvent]) -> int:
        """Add the deliveries of events, until there are enough; the position of the last that was matched."""
        concerned = [(event, webhooks) for event in events if (webhooks := self._candidates(event))]
        while concerned and len(self.deliveries) < DELIVERIES_AT_ONCE:
            taken = self._how_many(concerned)
            self._known = look_ahead(self._tx, self._imprint, [event for event, _ in concerned[:taken]])
            for event, webhooks in concerned[:taken]:
                self._match_one(event, webhooks)
            concerned = concerned[taken:]
        # What concerns nobody is done with.
        return concerned[0][0].position - 1 if concerned else events[-1].position

    def _how_many(self, concerned: list[tuple[StoredEvent, list[WebhookRow]]]) -> int:
        """How many of the next events to tell: no more than fill the room that is left, if all are delivered."""
        room = DELIVERIES_AT_ONCE - len(self.deliveries)
        for count, (_, webhooks) in enumerate(concerned, 1):
            room -= len(webhooks)
            if room <= 0:
                return count
        return len(concerned)

    def _candidates(self, event: StoredEvent) -> list[WebhookRow]:
        """The webhooks that may hear of an event, as far as is known before it is told."""
        if (event_type := told_type(event.event_type)) is None:
            return []
        candidates = [*self._of_group[event.group_id], *self._of_action[_action_id(event)]]
        candidates += self._of_package if _is_of_action(event) else []
        return [
            webhook
            for webhook in candidates
            if webhook.from_position < event.position and event_type in webhook.event_types.split(";")
        ]

    def _match_one(self, event: StoredEvent, webhooks: list[WebhookRow]) -> None:
        told = self._tell(event)
        if told is None:
            return
        for webhook in webhooks:
            if _is_about(webhook, told):
                self._add(webhook, event, told)

    def _tell(self, event: StoredEvent) -> Told | None:
        try:
            return find_told(self._known, event)
        except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
            # A defect. Nothing would ever be delivered again if the cursor stood still before it.
            log.exception("an event cannot be told", tenant_id=self._tx.tenant_id, position=event.position)
            return None

    def _add(self, webhook: WebhookRow, event: StoredEvent, told: Told) -> None:
        group_id = told.happening.source_group_id or event.group_id
        sight = self._sight(webhook, group_id)
        is_farewell = sight.is_over and told.happening.event_type == _GROUP_REMOVED
        if not sight.is_admin and webhook.object_type != ACTION_PACKAGE and not sight.is_over:
            if webhook.disabled_at_ms is None:
                self.revoked.add(webhook.webhook_id)
            return
        target = self._target(webhook)
        if target is None or not (_may_hear(webhook, told, sight) or is_farewell):
            return
        happening = told.happening if sight.sees_numbers else without_numbers(told.happening)
        body = build_body(happening, webhook, target)
        now_ms = self._tx.now_ms
        is_active = webhook.is_active(now_ms)
        if not is_active and webhook.disabled_at_ms is None:
            self.expired.add(webhook.webhook_id)
        self.deliveries.append(
            NewDelivery(
                delivery_id=new_id(),
                webhook_id=webhook.webhook_id,
                lane=group_id,
                position=event.position,
                event_id=happening.event_id,
                event_type=happening.event_type,
                origin="event",
                state=WAITING if is_active else SKIPPED,
                body=seal_body(body, self._secret_key),
                body_bytes=len(body),
                happened_at_ms=event.at_us // 1000,
                created_at_ms=now_ms,
                finished_at_ms=None if is_active else now_ms,
                about_id=_about_id(happening),
            )
        )

    def _sight(self, webhook: WebhookRow, group_id: str) -> Sight:
        key = (webhook.webhook_id, group_id)
        if key not in self._sights:
            self._sights[key] = sight_of_owner(self._tx, webhook, group_id)
        return self._sights[key]

    def _target(self, webhook: WebhookRow) -> Target | None:
        if webhook.webhook_id not in self._targets:
            try:
                self._targets[webhook.webhook_id] = open_target(webhook.sealed_target, self._secret_key)
            except SealBroken as error:
                log.error("a webhook cannot be read", webhook_id=webhook.webhook_id, cause=str(error))
                self._targets[webhook.webhook_id] = None
        return self._targets[webhook.webhook_id]


def _by_object(tx: Transaction, object_type: str, object_ids: set[str]) -> dict[str, list[WebhookRow]]:
    found: dict[str, list[WebhookRow]] = defaultdict(list)
    if object_ids:
        for webhook in select_webhooks_of_objects(tx, object_type, sorted(object_ids)):
            found[webhook.object_id].append(webhook)
    return found


def _action_id(event: StoredEvent) -> str:
    """The action that an event may be about; the id of something else does no harm."""
    return str(event.facts.get("actionId") or event.facts.get("referenceId") or event.object_id)


def _about_id(happening: Happening) -> str:
    """What the words of a happening belong to, where its event has an id of its own."""
    if happening.event_type == EventType.MESSAGE_EDITED:
        return str(happening.data["referenceId"])
    return happening.action_id if happening.action_id != happening.event_id else ""


def _is_of_action(event: StoredEvent) -> bool:
    return event.event_type.startswith(("Action", "Reaction"))


def _is_about(webhook: WebhookRow, told: Told) -> bool:
    happening = told.happening
    if webhook.object_type == GROUP:
        return True
    if webhook.object_type == ACTION:
        return webhook.object_id in (happening.action_id, happening.data.get("referenceId"))
    named = (happening.package_id, happening.data.get("packageId"))
    return bool(happening.package_id) and webhook.object_id in named


def _may_hear(webhook: WebhookRow, told: Told, sight: Sight) -> bool:
    """Whether the webhook's maker may see what is told, with an admin's or a member's eyes."""
    if not sight.is_member:
        return False
    happening = told.happening
    if happening.results_for and happening.sender_id != webhook.owner_id:
        return happening.results_for == "Admins" and sight.is_admin
    if sight.is_admin or happening.sender_id == webhook.owner_id:
        return True
    is_for_all = told.item is None or told.item.audience in (EVERYONE, MEMBERS)
    return is_for_all and not told.is_by_subscriber
