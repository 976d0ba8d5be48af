"""A soak's backlog: however many deliveries wait, the process that delivers takes no more memory.

The rows are written beside the stopped server by one statement a table, each like one that was really delivered; then
the server starts, and memory is looked at while it delivers some thousand of them.
"""

import time
from collections.abc import Sequence

from bench.product import Product
from bench.soak_hooks import Hooks

FEW = 2_000
MEASURED = 2_000
"""So many are delivered while memory is looked at, of few and of many."""

GROWTH_MOST_MB = 15.0
"""What the process takes differs by a few MB from start to start."""

_LANES = 20
_PATIENCE_S = 300.0
_LOOK_S = 0.1

_DELIVERIES, _TRIES = "webhook_deliveries", "webhook_tries"
_ID = "substr(delivery_id, 1, 26) || substr(CAST(10000000000 + number AS TEXT), 2)"
_NEW = {
    "delivery_id": _ID,
    "event_id": _ID,
    "lane": f"'lane-' || CAST(number % {_LANES} AS TEXT)",
    "position": "position + number",
    "state": "'waiting'",
    "try_count": "0",
    "due_at_ms": "0",
    "first_tried_at_ms": "NULL",
    "finished_at_ms": "NULL",
    "worker_id": "''",
    "arrived_at_ms": "NULL",
    "arrived_after_ms": "NULL",
    "arrived_status": "NULL",
    "arrived_answer": "''",
}
"""What a delivery that waits has in its columns; everything else is as its model has it."""


def check_backlog(few_mb: float, many_mb: float, count: int) -> list[str]:
    """Print what the process that delivers took with few deliveries waiting and with so many, and say whether that is
    too much."""
    grown_mb = many_mb - few_mb
    print(
        f"with {min(FEW, count)} deliveries waiting the process that delivers had {few_mb:.1f} MB at most, "
        f"with {count} {many_mb:.1f} MB, {grown_mb:+.1f} MB"
    )
    if grown_mb > GROWTH_MOST_MB:
        return [f"{count} waiting deliveries took {grown_mb:.1f} MB more, at most {GROWTH_MOST_MB:.1f} MB"]
    return []


def deliver_waiting(product: Product, hooks: Hooks, count: int) -> float:
    """The highest memory of the process that delivers, in MB, while so many wait. The server ends running."""
    group_id = product.create_group(f"Backlog of {count}")
    hook = hooks.add_counting(product, group_id)
    product.send(product.post_target(group_id))
    hook.wait_for(1, patience_s=_PATIENCE_S)
    product.server.stop()
    began_s = time.monotonic()
    _multiply(product, hook.webhook_id, count)
    wrote_s = time.monotonic() - began_s
    product.server.start()
    began_s = time.monotonic()
    wanted = 1 + min(count, MEASURED)
    peak_mb = 0.0
    while hook.call_count < wanted:
        peak_mb = max(peak_mb, product.delivering_mb())
        if time.monotonic() - began_s > _PATIENCE_S:
            raise TimeoutError(f"{hook.call_count} of {wanted} deliveries after {_PATIENCE_S:.0f} s")
        time.sleep(_LOOK_S)
    took_s = time.monotonic() - began_s
    print(f"{count} deliveries written in {wrote_s:.0f} s, {wanted} of them delivered in {took_s:.0f} s")
    product.call("DELETE", f"/v1/webhook/{hook.webhook_id}")
    return peak_mb


def _multiply(product: Product, webhook_id: str, count: int) -> None:
    """Write so many deliveries that wait, each like the one that the webhook has had, with an id of its own."""
    # Here, because it imports the product, which everything else only starts.
    import chaupal.webhooks.tables  # noqa: F401 (says what tables there are)
    from chaupal.store.schema import metadata

    which = f"SELECT delivery_id FROM {_DELIVERIES} WHERE webhook_id = '{webhook_id}' AND state = 'delivered'"  # noqa: S608
    steps = []
    for table in metadata.tables.values():
        if "delivery_id" in table.c and table.name != _TRIES:
            names = list(table.c.keys())
            values = ", ".join(_NEW.get(name, name) for name in names)
            steps += [
                f"CREATE TEMPORARY TABLE model AS SELECT * FROM {table.name} WHERE delivery_id IN ({which})",  # noqa: S608
                f"WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers "  # noqa: S608
                f"WHERE number < {count}) "
                f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM model, numbers",
                "DROP TABLE model",
            ]
    _run(product, [*steps, f"UPDATE webhooks SET next_due_ms = 0 WHERE webhook_id = '{webhook_id}'"])  # noqa: S608


def _run(product: Product, steps: Sequence[str]) -> None:
    """All in one transaction."""
    if product.database == "sqlite":
        import apsw

        connection = apsw.Connection(product.store_address.removeprefix("sqlite:"))
        try:
            with connection:
                for step in steps:
                    connection.execute(step)
        finally:
            connection.close()
        return
    import psycopg

    with psycopg.connect(product.database) as session:
        for step in steps:
            session.execute(step.encode())
