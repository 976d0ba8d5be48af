"""The statements that merge several branches of a timeline, for any table of things that are sent to groups.

A branch is one group, one audience and one stretch of time; its rows lie together in the table's key. SQLite walks all
branches at once and stops at the page's end, if they are arms of one compound SELECT. PostgreSQL reads a page of each,
by a LATERAL over the list of branches, which SQLite does not have; so it must join senders and the like only once the
page is cut. So each database has its own text for the same question; but one branch alone, which is what most timelines
are, both read by the one arm: PostgreSQL then keeps its plan, instead of making one for each list.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Label,
    Select,
    Table,
    Text,
    and_,
    asc,
    bindparam,
    column,
    desc,
    func,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.sql.visitors import replacement_traverse

from chaupal.store.statements import Statement, statement
from chaupal.store.transaction import Transaction
from chaupal.timelines.tables import recipients

EVERYONE = ""
"""The audience of what everyone in the group sees, and everyone in the groups below it."""
MEMBERS = "members"
"""What the members of a public group see, and not its subscribers."""
ADMINS = "admins"
"""What only a public group's admins see, and whoever sent it: what a subscriber sends."""
LISTED = "listed"
"""What only a public group's admins see, and the subscribers it was sent to."""

_ARMS_MAX = 400
"""SQLite takes at most 500 arms in a compound SELECT."""
_ARMS_EXACT = 16
_ARMS_STEP = 8
"""Beyond `_ARMS_EXACT` the number of arms is rounded up to a multiple of this, so that there are few different texts.
An arm that finds nothing costs a microsecond, and two to bind its values."""


class Place(NamedTuple):
    """A place in a timeline."""

    sent_at_us: int
    item_id: str


class Branch(NamedTuple):
    """A part of a timeline: one group, one audience, within a time (until is exclusive)."""

    group_id: str
    audience: str
    from_us: int
    until_us: int


class Reading(NamedTuple):
    """Which rows to read: from all branches, and what was sent to `recipient_id` in `group_id` alone ("": nobody)."""

    branches: list[Branch]
    group_id: str
    recipient_id: str
    place: Place
    is_older: bool
    row_count: int
    chosen: str = ""
    """The choice of `TimelineStatements` that the rows must fit, "" for all rows; `wanted` is bound in it."""
    wanted: str = ""


_NOTHING = Branch("", "", 0, 0)


class TimelineStatements:
    """The statements for one table. `columns` begin with item id, group id, audience and sent_at_us. `source` is the
    table, joined with what further columns are of, by columns that are among these.

    `choices` are named conditions on the rows; each compares one column with `bindparam("wanted")`, and an index of
    tenant, group, audience, that column and the order of the timeline serves it.
    """

    def __init__(
        self,
        table: Table,
        source: FromClause,
        columns: tuple[Column[Any], ...],
        choices: Mapping[str, ColumnElement[bool]] = MappingProxyType({}),
    ) -> None:
        self._table = table
        self._source = source
        self._columns = columns
        self._id = columns[0]
        self._choices = choices
        self._made: dict[tuple[int, bool, bool, str], Statement] = {}

    def read(self, tx: Transaction, reading: Reading) -> list[tuple[Any, ...]]:
        """At most `row_count` rows beyond the place: newest first where older ones are read, else oldest first."""
        has_recipient = bool(reading.recipient_id)
        shared: dict[str, Any] = {
            "place_us": reading.place.sent_at_us,
            "place_id": reading.place.item_id,
            "row_count": reading.row_count,
        }
        if reading.chosen:
            shared["wanted"] = reading.wanted
        if has_recipient:
            shared |= {"recipient_id": reading.recipient_id, "recipient_group": reading.group_id}
        if tx.dialect == "postgresql" and (has_recipient or len(reading.branches) > 1):
            made = self._made_for(0, is_older=reading.is_older, has_recipient=has_recipient, chosen=reading.chosen)
            lists = zip(*(reading.branches or [_NOTHING]), strict=True)
            named = dict(zip(("groups", "audiences", "from_times", "until_times"), map(list, lists), strict=True))
            return tx.all(made, **shared, **named)
        rows: list[tuple[Any, ...]] = []
        for start in range(0, max(len(reading.branches), 1), _ARMS_MAX):
            rows.extend(self._read_arms(tx, reading.branches[start : start + _ARMS_MAX], reading, shared))
            shared = {name: value for name, value in shared.items() if not name.startswith("recipient")}
        if len(reading.branches) > _ARMS_MAX:
            rows.sort(key=lambda row: (row[3], row[0]), reverse=reading.is_older)
        return rows[: reading.row_count]

    def _read_arms(
        self, tx: Transaction, branches: list[Branch], reading: Reading, shared: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        arm_count = max(len(branches), 1)
        if arm_count > _ARMS_EXACT:
            arm_count += -arm_count % _ARMS_STEP
        branches = branches + [_NOTHING] * (arm_count - len(branches))
        bound: dict[str, Any] = dict(shared)
        for index, branch in enumerate(branches):
            bound[f"group_{index}"], bound[f"audience_{index}"] = branch.group_id, branch.audience
            bound[f"from_{index}"], bound[f"until_{index}"] = branch.from_us, branch.until_us
        made = self._made_for(
            arm_count, is_older=reading.is_older, has_recipient="recipient_id" in shared, chosen=reading.chosen
        )
        return tx.all(made, **bound)

    def _made_for(self, arm_count: int, *, is_older: bool, has_recipient: bool, chosen: str = "") -> Statement:
        """`arm_count` 0 makes PostgreSQL's statement for any number of branches."""
        key = (arm_count, is_older, has_recipient, chosen)
        found = self._made.get(key)
        if found is None:
            make = self._merge_arms if arm_count else self._cut_page
            found = self._made[key] = make(*key)
        return found

    def _merge_arms(self, arm_count: int, is_older: bool, has_recipient: bool, chosen: str) -> Statement:
        arms = [self._arm(index, is_older=is_older) for index in range(arm_count)]
        if chosen:
            arms = [arm.where(self._choices[chosen]) for arm in arms]
        if has_recipient:
            arms.append(self._recipient_arm(self._source, self._columns, is_older=is_older, chosen=chosen))
        return statement(_first_of(arms, is_older=is_older))

    def _cut_page(self, _: int, is_older: bool, has_recipient: bool, chosen: str) -> Statement:
        own = tuple(each for each in self._columns if each.table is self._table)
        arms = [self._lateral(own, is_older=is_older, chosen=chosen)]
        if has_recipient:
            arm = self._recipient_arm(self._table, own, is_older=is_older, chosen=chosen)
            arms.append(self._limited_recipient_arm(arm, is_older=is_older))
        page = _first_of(arms, is_older=is_older).subquery("page")

        def in_page(element: Any, **_options: Any) -> Any:
            if element is self._table:
                return page
            return page.c[element.name] if getattr(element, "table", None) is self._table else None

        columns: list[Any] = [replacement_traverse(each, {}, in_page) for each in self._columns]
        source: Any = replacement_traverse(self._source, {}, in_page)
        order = desc if is_older else asc
        return statement(
            select(*columns).select_from(source).order_by(order(page.c.sent_at_us), order(page.c[self._id.name]))
        )

    def _arm(self, index: int, *, is_older: bool) -> Select[Any]:
        table = self._table
        return (
            select(*self._columns)
            .select_from(self._source)
            .where(
                table.c.tenant_id == bindparam("tenant_id"),
                table.c.group_id == bindparam(f"group_{index}"),
                table.c.audience == bindparam(f"audience_{index}"),
                table.c.sent_at_us >= bindparam(f"from_{index}"),
                table.c.sent_at_us < bindparam(f"until_{index}"),
                _beyond(table.c.sent_at_us, self._id, is_older=is_older),
            )
        )

    def _lateral(self, columns: tuple[Column[Any], ...], *, is_older: bool, chosen: str) -> Select[Any]:
        table, order = self._table, desc if is_older else asc
        branch = (
            func.unnest(
                bindparam("groups", type_=ARRAY(Text)),
                bindparam("audiences", type_=ARRAY(Text)),
                bindparam("from_times", type_=ARRAY(BigInteger)),
                bindparam("until_times", type_=ARRAY(BigInteger)),
            )
            .table_valued(
                column("group_id", Text),
                column("audience", Text),
                column("from_us", BigInteger),
                column("until_us", BigInteger),
            )
            .render_derived(name="branch")
        )
        item = (
            select(*columns)
            .where(
                table.c.tenant_id == bindparam("tenant_id"),
                table.c.group_id == branch.c.group_id,
                table.c.audience == branch.c.audience,
                table.c.sent_at_us >= branch.c.from_us,
                table.c.sent_at_us < branch.c.until_us,
                _beyond(table.c.sent_at_us, self._id, is_older=is_older),
                *([self._choices[chosen]] if chosen else []),
            )
            .order_by(order(table.c.sent_at_us), order(self._id))
            .limit(bindparam("row_count"))
            .lateral("item")
        )
        return select(*item.c).select_from(branch.join(item, true()))

    def _recipient_arm(
        self, source: FromClause, columns: tuple[Column[Any], ...], *, is_older: bool, chosen: str
    ) -> Select[Any]:
        """What was sent to one person alone. Ordered by the recipients' own columns, along their key."""
        table = self._table
        here = and_(
            table.c.tenant_id == bindparam("tenant_id"),
            table.c.group_id == recipients.c.group_id,
            table.c.audience == recipients.c.audience,
            table.c.sent_at_us == recipients.c.sent_at_us,
            self._id == recipients.c.item_id,
        )
        sort_keys: dict[str, Label[Any]] = {
            self._id.name: recipients.c.item_id.label(self._id.name),
            "sent_at_us": recipients.c.sent_at_us.label("sent_at_us"),
        }
        arm = (
            select(*(sort_keys.get(each.name, each) if each.table is table else each for each in columns))
            .select_from(recipients)
            .join(source, here)
            .where(
                recipients.c.tenant_id == bindparam("tenant_id"),
                recipients.c.group_id == bindparam("recipient_group"),
                recipients.c.user_id == bindparam("recipient_id"),
                _beyond(recipients.c.sent_at_us, recipients.c.item_id, is_older=is_older),
            )
        )
        return arm.where(self._choices[chosen]) if chosen else arm

    def _limited_recipient_arm(self, arm: Select[Any], *, is_older: bool) -> Select[Any]:
        order = desc if is_older else asc
        limited = arm.order_by(order(recipients.c.sent_at_us), order(recipients.c.item_id)).limit(
            bindparam("row_count")
        )
        return select(*limited.subquery("received").c)


def _first_of(arms: list[Select[Any]], *, is_older: bool) -> Any:
    """The first rows of all arms together, in the order of a timeline."""
    order = desc if is_older else asc
    # By number, because a joined table may have a column of the id's name as well.
    by: list[Any] = [order(literal_column("4")), order(literal_column("1"))]
    whole: Any = arms[0] if len(arms) == 1 else union_all(*arms)
    return whole.order_by(*by).limit(bindparam("row_count"))


def _beyond(sent_at_us: Column[Any], item_id: Column[Any], *, is_older: bool) -> Any:
    there = tuple_(bindparam("place_us"), bindparam("place_id"))
    return tuple_(sent_at_us, item_id).op("<" if is_older else ">", is_comparison=True)(there)
