"""The actions: one row each, however many people see it. Keyed like messages, in the order of a timeline.

`action_type` is the name of a built-in type, or `ActionPackage`; only then `package_id` is not "", and
`package_version` is 0 where the client named none. `content` is the checked body as JSON, "" once retracted. What
changes with every answer is not here: the counts are `responses`' own. `expires_at_ms` NULL: never.
"""

from __future__ import annotations

from sqlalchemy import Index, literal_column

from chaupal.store.schema import (
    count,
    define_table,
    flag,
    key,
    number_key,
    optional_instant,
    partial_index,
    position,
    text,
)

actions = define_table(
    "actions",
    key("group_id"),
    key("audience"),
    number_key("sent_at_us"),
    key("action_id"),
    position("position"),
    text("sender_id"),
    text("connector_id"),
    text("action_type"),
    text("package_id"),
    count("package_version"),
    text("content"),
    text("visibility"),
    flag("is_anonymous"),
    flag("accepts_multiple"),
    count("assignee_count"),
    count("version"),
    text("reply_to"),
    optional_instant("expires_at_ms"),
    optional_instant("closed_at_ms"),
    optional_instant("retracted_at_ms"),
    Index("actions_by_id", "tenant_id", "action_id"),
    Index("actions_by_type", "tenant_id", "group_id", "audience", "action_type", "sent_at_us", "action_id"),
    is_clustered=True,
)

# Written out, not bound: a partial index serves a query only where the query's own text implies its condition.
IS_PACKAGE = actions.c.package_id != literal_column("''")

partial_index(
    "actions_by_package",
    actions.c.tenant_id,
    actions.c.group_id,
    actions.c.audience,
    actions.c.package_id,
    actions.c.sent_at_us,
    actions.c.action_id,
    where=IS_PACKAGE,
)

action_properties = define_table(
    "action_properties",
    key("action_id"),
    key("name"),
    count("place"),
    text("property_type"),
    text("value"),
    is_clustered=True,
)

action_assignees = define_table(
    "action_assignees",
    key("action_id"),
    key("user_id"),
    Index("actions_of_assignee", "tenant_id", "user_id", "action_id"),
    is_clustered=True,
)

action_reminders = define_table(
    "action_reminders",
    key("action_id"),
    number_key("position"),
    key("user_id"),
    is_clustered=True,
)
