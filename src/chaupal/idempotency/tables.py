"""The stored answers. `scope` is the connector and caller, so that nobody meets another's keys."""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import define_table, instant, key, octets

stored_answers = define_table(
    "stored_answers",
    key("scope"),
    key("idempotency_key"),
    octets("request_hash"),
    octets("answer"),
    instant("created_at_ms"),
    Index("stored_answers_by_age", "tenant_id", "created_at_ms"),
)
