"""What is known of tenants that are on their way in.

`arrivals` has a row for each tenant whose rows are being put in, and which is none yet. `arriving_rows` keeps those of
its rows that would make the server act (`moving.carried.ACTING`) until the tenant has arrived.
"""

from __future__ import annotations

from chaupal.store.schema import define_table, instant, key, octets, text

arrivals = define_table(
    "arrivals",
    text("arrival_id"),
    octets("sealed_key"),
    instant("begun_at_ms"),
    is_clustered=True,
)

arriving_rows = define_table("arriving_rows", key("table_name"), key("row_key"), octets("packed_row"))
