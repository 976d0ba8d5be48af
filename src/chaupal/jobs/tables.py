"""The queue. A job is `waiting` until it is due, `running` under a lease, then deleted; after its last try `failed`.

A failed job keeps its row for a while, without its payload, so that the operator sees why; its `due_at_ms` is then the
instant at which it failed. `try_count` counts the claims, and tells one claim of a job from the next.
"""

from __future__ import annotations

from sqlalchemy import Index

from chaupal.store.schema import count, define_table, instant, key, octets, optional_instant, text

jobs = define_table(
    "jobs",
    key("job_id"),
    text("kind"),
    octets("sealed_payload"),
    text("state"),
    count("try_count"),
    instant("due_at_ms"),
    instant("expires_at_ms"),
    optional_instant("lease_until_ms"),
    text("last_error"),
    instant("created_at_ms"),
    Index("jobs_due", "state", "due_at_ms"),
)
