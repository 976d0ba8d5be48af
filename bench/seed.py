"""Puts large data into a stopped product: filling a group with 100,000 members by HTTP would take longer than all
measurements together. It writes through the product's own store, in rules like the product's own, so that positions,
times and events are as they would be. What is written is in `seed_groups` and `seed_answers`; these three are the one
place of the benchmark that knows the product's insides.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from bench.product import Product
from chaupal.settings import load_settings
from chaupal.store.opening import DataFolder, open_store
from chaupal.store.transaction import Transaction

# One transaction's worth: enough that the commit costs nothing, few enough that memory stays flat.
CHUNK_ROWS = 10_000

RowT = TypeVar("RowT")


@dataclass(frozen=True)
class Seeder:
    """The caller of the rules: the tenant's admin."""

    tenant_id: str
    user_id: str


class Step(NamedTuple):
    """One transaction: a rule and what it is given."""

    rule: Callable[[Transaction, Seeder, Any], None]
    request: Any


def in_chunks(rows: Sequence[RowT], chunk_rows: int = CHUNK_ROWS) -> Iterator[Sequence[RowT]]:
    for start in range(0, len(rows), chunk_rows):
        yield rows[start : start + chunk_rows]


def run_steps(product: Product, steps: Iterable[Step]) -> None:
    """One after another. The product must not run meanwhile: on SQLite one process writes."""
    asyncio.run(_run(product, steps))
    if product.database != "sqlite":
        _settle_postgresql(product.database)


async def _run(product: Product, steps: Iterable[Step]) -> None:
    seeder = Seeder(product.installation.tenant_id, product.installation.admin_id)
    settings = load_settings(product.environment)
    folder = DataFolder(settings.data)
    folder.prepare()
    folder.take_lock()
    store = open_store(settings)
    try:
        for step in steps:
            await store.write(step.rule, seeder, step.request)
    finally:
        store.stop()
        folder.release_lock()


def _settle_postgresql(address: str) -> None:
    """What autovacuum would do some time after such a load anyway, done now, so that it does not fall into the runs."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
