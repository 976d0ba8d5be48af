"""The ids of old that are kept with the scale unit behind them. Every other table has them as they are kept."""

from __future__ import annotations

from chaupal.store.schema import define_table, key, text

kept_ids = define_table("kept_ids", key("guid"), text("kept_id"), is_clustered=True)
