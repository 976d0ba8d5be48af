"""What is known of tenants that are on their way in, or out.

`arrivals` has a row for each tenant whose rows are being put in, and which is none yet. `arriving_rows` keeps those of
its rows that would make the server act (`moving.carried.ACTING`) until the tenant has arrived. `moves` has a row for
each tenant that goes to another cell, or has gone; `row_changes` are the keys of those of its rows that have changed
since (`store.recording`).
"""

from __future__ import annotations

from chaupal.store.schema import count, define_table, instant, key, number_key, octets, optional_instant, text

arrivals = define_table(
    "arrivals",
    text("arrival_id"),
    octets("sealed_key"),
    instant("begun_at_ms"),
    optional_instant("finished_at_ms"),
    is_clustered=True,
)

arriving_rows = define_table("arriving_rows", key("table_name"), key("row_key"), octets("packed_row"))

moves = define_table(
    "moves",
    text("move_id"),
    text("arrival_id"),
    text("to_cell"),
    text("phase"),
    count("row_count"),
    text("failure"),
    instant("begun_at_ms"),
    optional_instant("ended_at_ms"),
    is_clustered=True,
)

row_changes = define_table("row_changes", number_key("number"), text("table_name"), text("row_key"), is_clustered=True)
