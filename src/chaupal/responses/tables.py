"""The answers to actions. Counts are kept beside them, so that reading them costs the same for 100 and 100,000.

An anonymous answer has no `responder_id`, no `connector_id`, a random id and a time rounded to the hour; `answered`
then holds who has answered as a keyed hash, whose key is deleted when the action closes. `tell_after_us` is not NULL
only while the event of an anonymous answer is still to come (see `anonymity`).
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import (
    count,
    define_table,
    flag,
    key,
    number_key,
    octets,
    optional_instant,
    optional_text,
    partial_index,
    text,
)

responses = define_table(
    "responses",
    key("action_id"),
    number_key("responded_at_us"),
    key("response_id"),
    text("responder_id"),
    text("connector_id"),
    text("group_id"),
    text("response_name"),
    text("response_location"),
    text("answers"),
    flag("is_completed"),
    optional_instant("updated_at_ms"),
    optional_instant("tell_after_us"),
    Index("responses_by_id", "tenant_id", "response_id"),
    Index("responses_of_person", "tenant_id", "action_id", "responder_id", "responded_at_us", "response_id"),
    is_clustered=True,
)

IS_UNTOLD = responses.c.tell_after_us.is_not(None)

partial_index(
    "responses_untold",
    responses.c.tenant_id,
    responses.c.tell_after_us,
    responses.c.response_id,
    where=IS_UNTOLD,
)

# One row per action that was answered: all answers, the people who gave them, and what of it is done (of a job its
# assignees, of a checklist its items). `sums`: how often each option was chosen, and the state of a checklist's items,
# as JSON. In one row, because an answer changes many of them at once, and because a row for each option would tell
# which of them the last answer has changed.
response_counts = define_table(
    "response_counts",
    key("action_id"),
    count("response_count"),
    count("responder_count"),
    count("completed_count"),
    optional_text("sums"),
    is_clustered=True,
)

answered = define_table("answered", key("action_id"), key("responder_hash"), is_clustered=True)

answer_keys = define_table("answer_keys", key("action_id"), octets("hash_key"), is_clustered=True)

# Retracted actions whose answers are being erased, a little at a time.
answer_erasures = define_table("answer_erasures", key("action_id"), is_clustered=True)
