"""The answers to actions. Counts are kept beside them, so that reading them costs the same for 100 and 100,000.

An anonymous answer has no `responder_id`, no `connector_id`, a random id and a time rounded to the hour;
`answered` then holds who has answered as a keyed hash, whose key is deleted when the action closes.
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import count, define_table, flag, key, number_key, octets, optional_instant, text

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
    Index("responses_by_id", "tenant_id", "response_id"),
    Index("responses_of_person", "tenant_id", "action_id", "responder_id", "responded_at_us", "response_id"),
    is_clustered=True,
)

# One row per action that was answered: all answers, the people who gave them, and of a job those that are done.
response_counts = define_table(
    "response_counts",
    key("action_id"),
    count("response_count"),
    count("responder_count"),
    count("completed_count"),
    is_clustered=True,
)

# How often an option was chosen, by the indexes of question and option; option -1 counts who answered the question.
response_tallies = define_table(
    "response_tallies",
    key("action_id"),
    number_key("question_index"),
    number_key("option_index"),
    count("choice_count"),
    is_clustered=True,
)

answered = define_table("answered", key("action_id"), key("responder_hash"), is_clustered=True)

answer_keys = define_table("answer_keys", key("action_id"), octets("hash_key"), is_clustered=True)
