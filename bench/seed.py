"""Puts large data into a stopped product: filling a group with 100,000 members by HTTP would take longer than all
measurements together. It writes through the product's own store and tables, in rules like the product's own, so that
positions, times and events are as they would be. The one place of the benchmark that knows the product's insides.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bench.product import Product
from bench.stage import SeededGroups
from chaupal.groups.queries import add_to_counts
from chaupal.members.events import member_added
from chaupal.members.queries import MembershipRow, insert_memberships
from chaupal.messages.events import text_message_created
from chaupal.messages.queries import NewMessage, append_message
from chaupal.people.queries import PersonRow, insert_people
from chaupal.settings import load_settings
from chaupal.store.clock import new_id
from chaupal.store.opening import DataFolder, open_store
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from chaupal.timelines.merging import EVERYONE

# One transaction's worth: enough that the commit costs nothing, few enough that memory stays flat.
CHUNK_ROWS = 10_000

FEW_MEMBERS, MANY_MEMBERS = 10, 100_000
FEW_MESSAGES, MANY_MESSAGES = 100, 1_000_000

ROLE = "Member"


@dataclass(frozen=True)
class Seeder:
    """The caller of the rules below: the tenant's admin."""

    tenant_id: str
    user_id: str


@dataclass(frozen=True)
class Chunk:
    """`first` numbers the rows of this chunk on, through all groups, so that mobile numbers differ."""

    group_id: str
    first: int
    row_count: int


def seed_groups(product: Product, ids: SeededGroups) -> None:
    """Takes a minute or so. The groups exist already; the admin is their one member."""
    asyncio.run(_seed(product, ids))
    if product.database != "sqlite":
        _settle_postgresql(product.database)


async def _seed(product: Product, ids: SeededGroups) -> None:
    seeder = Seeder(product.installation.tenant_id, product.installation.admin_id)
    settings = load_settings(product.environment)
    folder = DataFolder(settings.data)
    folder.prepare()
    folder.take_lock()
    store = open_store(settings)
    try:
        await _fill(store, seeder, add_members, ids.few_members, 0, FEW_MEMBERS - 1)
        await _fill(store, seeder, add_members, ids.many_members, FEW_MEMBERS, MANY_MEMBERS - 1)
        await _fill(store, seeder, add_messages, ids.few_messages, 0, FEW_MESSAGES)
        await _fill(store, seeder, add_messages, ids.many_messages, 0, MANY_MESSAGES)
    finally:
        store.stop()
        folder.release_lock()


def _settle_postgresql(address: str) -> None:
    """What autovacuum would do some time after such a load anyway, done now, so that it does not fall into the runs."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


Rule = Callable[[Transaction, Seeder, Chunk], None]


async def _fill(store: Store, seeder: Seeder, rule: Rule, group_id: str, first: int, row_count: int) -> None:
    for start in range(0, row_count, CHUNK_ROWS):
        chunk = Chunk(group_id, first + start, min(CHUNK_ROWS, row_count - start))
        await store.write(rule, seeder, chunk)


def add_members(tx: Transaction, seeder: Seeder, chunk: Chunk) -> None:
    persons: list[PersonRow] = []
    members: list[MembershipRow] = []
    for number in range(chunk.first, chunk.first + chunk.row_count):
        user_id = new_id()
        mobile_number = f"+91{7_000_000_000 + number}"
        persons.append(PersonRow(user_id, mobile_number, f"Person {number}", "", ROLE, is_provisioned=False))
        position = tx.append(member_added(chunk.group_id, user_id, role=ROLE, actor_id=seeder.user_id))
        members.append(MembershipRow(user_id, position, tx.last_at_us, None, ROLE, welcome_audience=""))
    insert_people(tx, persons)
    insert_memberships(tx, chunk.group_id, members)
    add_to_counts(tx, chunk.group_id, members=chunk.row_count, admins=0, unprovisioned=chunk.row_count, subscribers=0)


def add_messages(tx: Transaction, seeder: Seeder, chunk: Chunk) -> None:
    for number in range(chunk.first, chunk.first + chunk.row_count):
        message_id = new_id()
        position = tx.append(text_message_created(chunk.group_id, message_id, sender_id=seeder.user_id))
        message = NewMessage(
            message_id=message_id,
            group_id=chunk.group_id,
            audience=EVERYONE,
            sent_at_us=tx.last_at_us,
            position=position,
            sender_id=seeder.user_id,
            connector_id="",
            text=f"Bus number {number} has left the stand on time.",
        )
        append_message(tx, message)
