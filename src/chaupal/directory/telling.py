"""Notes that the API root has to be told of a tenant, in the transaction of what has changed.

Beside the rules, because connectors' rules call it and tenants' rules call those. Who does the telling is `cells`;
where there are no other cells the note stays, one row a tenant, until there are.
"""

from __future__ import annotations

from chaupal.directory.place_queries import note_untold
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction


def note_changed(tx: Transaction) -> None:
    """The tenant, or one of its application ids, came or went. Inside tx."""
    note_untold(tx, new_id())
