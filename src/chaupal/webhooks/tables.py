"""The webhooks, how far the event log was matched against them, and what is to be, and was, delivered.

`webhooks`: `group_id` is the group whose admins manage it, "" for a webhook on a package. `via_group_id` is the group
of the group token that made it, else "". Events after `from_position` are its. URL, token, headers, context, signing
secrets and the owner's address are sealed together; `host` is the URL's, for the limits. `next_due_ms` says from when
on something of it may be claimed, NULL for nothing: so that nobody has to search among the deliveries.
`failing_told_at_ms` is when a mail was queued that says it has been failing for long, NULL where that was not
necessary. A deleted one stays, empty, until its deliveries are gone.

`webhook_cursors`: one row for each tenant that has webhooks. Everything up to `position` was matched.

`webhook_deliveries`: one event for one webhook. A delivery is `waiting` in the order of `position` within its `lane`
(the group), `sending` while a worker has it, and after a failed try `retrying` from `due_at_ms` on, outside its lane.
It ends as `delivered`, `exhausted` after its last try, or `skipped` because the webhook was disabled. `origin` is
`event`, `replay` or `test`. `about_id` is the message or action that it tells of, "" where that is the event's own id,
or where it holds nothing that can be taken back. What `arrived_...` names is of the try that got through: when it
began, how long it took, and what was answered, sealed.

`webhook_bodies`: what every try of a delivery sends, sealed; apart, because a delivery's row is written again when it
is over, and its body, several times as long, never.

`webhook_tries`: each try of a delivery that failed, and, of those from before deliveries had `arrived_at_ms`, the last.
`webhook_workers`: the processes that deliver (under the tenant ""), and until when each is taken for alive without
another word; what a dead one was sending is sent again by others.
"""

from __future__ import annotations

from sqlalchemy import Index, literal_column

from chaupal.store.schema import (
    check,
    count,
    define_table,
    instant,
    key,
    number_key,
    octets,
    optional_count,
    optional_instant,
    partial_index,
    position,
    text,
)

webhooks = define_table(
    "webhooks",
    key("webhook_id"),
    text("object_type"),
    text("object_id"),
    text("group_id"),
    text("via_group_id"),
    text("event_types"),
    octets("sealed_target"),
    text("host"),
    text("connector_id"),
    text("owner_id"),
    position("from_position"),
    instant("created_at_ms"),
    instant("valid_until_ms"),
    optional_instant("disabled_at_ms"),
    text("disabled_reason"),
    optional_instant("deleted_at_ms"),
    optional_instant("next_due_ms"),
    optional_instant("failing_since_ms"),
    instant("last_success_at_ms"),
    optional_instant("failing_told_at_ms"),
    is_written_beside=True,
)

_is_there = webhooks.c.deleted_at_ms.is_(None)

partial_index(
    "webhooks_of_object",
    webhooks.c.tenant_id,
    webhooks.c.object_type,
    webhooks.c.object_id,
    webhooks.c.webhook_id,
    where=_is_there,
)
partial_index("webhooks_of_owner", webhooks.c.tenant_id, webhooks.c.owner_id, webhooks.c.webhook_id, where=_is_there)
partial_index(
    "webhooks_deleted",
    webhooks.c.tenant_id,
    webhooks.c.deleted_at_ms,
    webhooks.c.webhook_id,
    where=webhooks.c.deleted_at_ms.is_not(None),
)
partial_index("webhooks_due", webhooks.c.next_due_ms, where=webhooks.c.next_due_ms.is_not(None))

webhook_cursors = define_table("webhook_cursors", position("position"), is_clustered=True, is_written_beside=True)

STATES = ("waiting", "sending", "retrying", "delivered", "exhausted", "skipped")
_LISTED = ", ".join(f"'{state}'" for state in STATES)

webhook_deliveries = define_table(
    "webhook_deliveries",
    key("delivery_id"),
    text("webhook_id"),
    text("lane"),
    position("position"),
    text("event_id"),
    text("event_type"),
    text("origin"),
    text("state"),
    count("body_bytes"),
    count("try_count"),
    instant("happened_at_ms"),
    instant("created_at_ms"),
    instant("due_at_ms"),
    optional_instant("first_tried_at_ms"),
    text("worker_id"),
    optional_instant("finished_at_ms"),
    text("about_id", server_default=""),
    optional_instant("arrived_at_ms"),
    optional_count("arrived_after_ms"),
    optional_count("arrived_status"),
    text("arrived_answer", server_default=""),
    check("webhook_deliveries_states", f"state IN ({_LISTED})"),
    check(
        "webhook_deliveries_finished",
        "(state IN ('delivered', 'exhausted', 'skipped')) = (finished_at_ms IS NOT NULL)",
    ),
    check("webhook_deliveries_worker", "(state = 'sending') = (worker_id <> '')"),
    Index("webhook_deliveries_listed", "webhook_id", "delivery_id"),
    Index("webhook_deliveries_by_event", "event_id", "webhook_id"),
    is_written_beside=True,
)


# Written out, not bound: a partial index serves a query only where the query's own text implies its condition.
IS_WAITING = webhook_deliveries.c.state == literal_column("'waiting'")
IS_RETRYING = webhook_deliveries.c.state == literal_column("'retrying'")
IS_SENDING = webhook_deliveries.c.state == literal_column("'sending'")
IS_SKIPPED = webhook_deliveries.c.state == literal_column("'skipped'")
IS_ABOUT_ANOTHER = webhook_deliveries.c.about_id != literal_column("''")

partial_index(
    "webhook_deliveries_waiting",
    webhook_deliveries.c.tenant_id,
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.lane,
    webhook_deliveries.c.position,
    webhook_deliveries.c.delivery_id,
    where=IS_WAITING,
)
partial_index(
    "webhook_deliveries_retrying",
    webhook_deliveries.c.tenant_id,
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.due_at_ms,
    webhook_deliveries.c.delivery_id,
    where=IS_RETRYING,
)
partial_index(
    "webhook_deliveries_sending",
    webhook_deliveries.c.tenant_id,
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.worker_id,
    where=IS_SENDING,
)
partial_index(
    "webhook_deliveries_skipped",
    webhook_deliveries.c.tenant_id,
    webhook_deliveries.c.finished_at_ms,
    webhook_deliveries.c.delivery_id,
    where=IS_SKIPPED,
)
partial_index(
    "webhook_deliveries_about",
    webhook_deliveries.c.tenant_id,
    webhook_deliveries.c.about_id,
    webhook_deliveries.c.delivery_id,
    where=IS_ABOUT_ANOTHER,
)

webhook_bodies = define_table("webhook_bodies", key("delivery_id"), octets("body"), is_written_beside=True)

webhook_tries = define_table(
    "webhook_tries",
    key("delivery_id"),
    number_key("try_number"),
    instant("tried_at_ms"),
    count("duration_ms"),
    optional_count("status"),
    text("error"),
    text("answer"),
    is_clustered=True,
    is_written_beside=True,
)

webhook_workers = define_table(
    "webhook_workers", key("worker_id"), instant("lease_until_ms"), is_clustered=True, is_written_beside=True
)
