"""The rules on where a tenant lives: leaving this cell, arriving in it, and what the root knows of the others.

A tenant's number of moves only grows, so that what is told late or twice cannot undo what is known. Source: contract,
section 1; architecture, "Tenant is the unit of isolation and of moving".
"""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.connectors.rules import fold_application_id, list_connectors
from chaupal.directory.place_queries import (
    PlaceRow,
    count_places,
    delete_place,
    forget_untold,
    replace_applications,
    replace_origins,
    replace_place,
    select_all_origins,
    select_application_places,
    select_left,
    select_origins,
    select_place,
    select_place_by_application,
    select_tenants_of_cell,
)
from chaupal.directory.queries import (
    TenantElsewhere,
    UntoldRow,
    select_elsewhere,
    select_state,
    select_tenants,
    select_untold,
    set_state,
)
from chaupal.directory.telling import note_changed
from chaupal.errors import Conflict, NotFound
from chaupal.store.gates import HELD, LANDING, LEFT, OPEN
from chaupal.store.transaction import Transaction

TenantPlace = PlaceRow
"""Where a tenant lives that is not here, as other slices see it."""
UntoldTenant = UntoldRow

_TOLD_AT_ONCE = 100


class TenantHasLeft(Conflict):
    """What was asked for needs the tenant here. Fields: `cell_name`."""

    template = "The tenant lives in the cell '{cell_name}' now."


class Departure(msgspec.Struct, frozen=True):
    """A tenant goes to another cell. From `at_ms` on its calls are answered from there."""

    to_cell: str
    endpoint_url: str
    at_ms: int


class Home(msgspec.Struct, frozen=True):
    """What the next cell has to know of a tenant's past: how often it has moved, and whose access tokens still work."""

    move_count: int
    origins: dict[str, int]
    """Until when, milliseconds since 1970 UTC, by the name of a cell."""


class Arrival(msgspec.Struct, frozen=True):
    """A tenant comes from another cell, whose access tokens work until `tokens_until_ms`."""

    from_cell: str
    home: Home
    tokens_until_ms: int


def describe_home(tx: Transaction, _caller: Operator, _request: None) -> Home:
    """What goes along with the transaction's own tenant when it moves.

    Raises:
        NotFound.
    """
    state = select_state(tx)
    if state is None:
        raise NotFound("tenant")
    return Home(state[1], {name: until for name, until in select_origins(tx).items() if until > tx.now_ms})


def lives_here(tx: Transaction) -> bool:
    """Whether the transaction's own tenant is here and has not left."""
    state = select_state(tx)
    return state is not None and state[0] != LEFT


def land(tx: Transaction, _caller: Operator, _request: None) -> None:
    """Let nothing more of the tenant be sent to receivers, until `release` or `leave`; writes go on. Idempotent.

    Raises:
        NotFound, TenantHasLeft.
    """
    _set_gate(tx, LANDING)


def hold(tx: Transaction, _caller: Operator, _request: None) -> None:
    """Let writes of the tenant wait, until `release` or `leave`. Idempotent.

    Raises:
        NotFound, TenantHasLeft.
    """
    _set_gate(tx, HELD)


def release(tx: Transaction, _caller: Operator, _request: None) -> None:
    """Let writes of the tenant go on. Idempotent.

    Raises:
        NotFound, TenantHasLeft.
    """
    _set_gate(tx, OPEN)


def _set_gate(tx: Transaction, gate: str) -> None:
    tx.lock_beside()
    state = select_state(tx)
    if state is None:
        raise NotFound("tenant")
    if state[0] == LEFT:
        place = select_place(tx)
        raise TenantHasLeft(cell_name=place.cell_name if place else "")
    set_state(tx, gate=gate, move_count=state[1])


def leave(tx: Transaction, _caller: Operator, departure: Departure) -> None:
    """From this commit on nothing of the tenant is written here but by callers whom no gate stops. Idempotent.

    Processes keep in memory who has left: `serving.house.House.tell_cells` makes all of them look again.

    Raises:
        NotFound.
        TenantHasLeft: to another cell than this one.
    """
    tx.lock_beside()
    state = select_state(tx)
    if state is None:
        raise NotFound("tenant")
    if state[0] == LEFT:
        place = select_place(tx)
        if place is None or place.cell_name != departure.to_cell:
            raise TenantHasLeft(cell_name=place.cell_name if place else "")
        return
    set_state(tx, gate=LEFT, move_count=state[1])
    place = PlaceRow(tx.tenant_id, departure.to_cell, departure.endpoint_url, state[1] + 1, departure.at_ms)
    replace_place(tx, place)
    connectors = list_connectors(tx, Operator(tx.tenant_id), None)
    replace_applications(tx, [fold_application_id(each.shown_id) for each in connectors])


def arrive(tx: Transaction, _caller: Operator, arrival: Arrival) -> None:
    """The tenant, whose rows are here, lives here from this commit on; the root will be told. Idempotent.

    Raises:
        NotFound: its rows are not here.
    """
    if not set_state(tx, gate=OPEN, move_count=arrival.home.move_count + 1):
        raise NotFound("tenant")
    delete_place(tx)
    replace_origins(tx, {**arrival.home.origins, arrival.from_cell: arrival.tokens_until_ms})
    note_changed(tx)


def return_home(tx: Transaction, _caller: Operator, _request: None) -> None:
    """Undo `leave`, where the other cell has not taken the tenant over. Idempotent.

    Counted as a move, so that whatever the other cell may have told the root is out of date.

    Raises:
        NotFound.
    """
    state = select_state(tx)
    if state is None:
        raise NotFound("tenant")
    place = select_place(tx)
    set_state(tx, gate=OPEN, move_count=max(state[1], place.move_count + 1 if place else 0))
    delete_place(tx)
    note_changed(tx)


def find_place(tx: Transaction, _caller: Operator, application_id: str) -> PlaceRow | None:
    """In which other cell the application id is known, as far as is known here."""
    return select_place_by_application(tx, fold_application_id(application_id))


def list_left(tx: Transaction, _caller: Operator, since_ms: int) -> list[PlaceRow]:
    """The tenants that have left since then, oldest first."""
    return select_left(tx, since_ms=since_ms)


def list_origins(tx: Transaction, _caller: Operator, _request: None) -> list[tuple[str, str, int]]:
    """(tenant id, name of a cell whose access tokens of it work here, until when)."""
    return select_all_origins(tx)


def count_by_cell(tx: Transaction, _caller: Operator, _request: None) -> dict[str, int]:
    """The number of tenants known to live in each other cell."""
    return count_places(tx)


class CellPage(msgspec.Struct, frozen=True):
    """The tenants of one cell, from an id on."""

    cell_name: str
    after_id: str
    limit: int


def list_of_cell(tx: Transaction, _caller: Operator, page: CellPage) -> list[str]:
    """Ids of tenants known to live in another cell."""
    return select_tenants_of_cell(tx, page.cell_name, after_id=page.after_id, limit=page.limit)


class ElsewherePage(msgspec.Struct, frozen=True):
    """Tenants that live in other cells, from an id on."""

    after_id: str
    limit: int


def list_elsewhere(tx: Transaction, _caller: Operator, page: ElsewherePage) -> list[TenantElsewhere]:
    """Those that are known here: at the root all, in another cell those that have lived in it."""
    return select_elsewhere(tx, after_id=page.after_id, limit=page.limit)


def give_up_place(tx: Transaction, _caller: Operator, cell_name: str) -> None:
    """The transaction's own tenant is lost with the cell that it lived in: nobody is led there by its application ids
    any more, and it may be put back anywhere. One that left this cell stays known as having left. Idempotent."""
    place = select_place(tx)
    if place is None or place.cell_name != cell_name:
        return
    if place.left_at_ms is None:
        delete_place(tx)
    else:
        replace_applications(tx, [])


class ToldTenant(msgspec.Struct, frozen=True, rename="camel"):
    """What a cell tells the root of one of its tenants."""

    tenant_id: str
    move_count: int
    application_ids: list[str]


class ToldPlace(msgspec.Struct, frozen=True):
    """The same at the root, with who says so."""

    cell_name: str
    endpoint_url: str
    told: ToldTenant


def note_place(tx: Transaction, _caller: Operator, place: ToldPlace) -> bool:
    """Whether it is so now; False where something newer is known already. Idempotent."""
    state, known = select_state(tx), select_place(tx)
    told = place.told
    if state is not None and (state[0] != LEFT or state[1] >= told.move_count):
        return False
    if known is not None and known.move_count > told.move_count:
        return False
    left_at_ms = known.left_at_ms if known else None
    row = PlaceRow(tx.tenant_id, place.cell_name, place.endpoint_url, told.move_count, left_at_ms)
    if known != row:
        replace_place(tx, row)
    wanted = {fold_application_id(each) for each in told.application_ids}
    if known is None or select_application_places(tx) != wanted:
        replace_applications(tx, sorted(wanted))
    return True


def describe_untold(tx: Transaction, _caller: Operator, _request: None) -> list[UntoldRow]:
    """Tenants that the root has to be told of, at most a hundred."""
    return select_untold(tx, limit=_TOLD_AT_ONCE)


def describe_tenant(tx: Transaction, caller: Operator, untold: UntoldRow) -> ToldTenant:
    """What the root is told of the transaction's own tenant."""
    ids = [fold_application_id(each.shown_id) for each in list_connectors(tx, caller, None)]
    return ToldTenant(tx.tenant_id, untold.move_count, ids)


def note_told(tx: Transaction, _caller: Operator, change_id: str) -> None:
    """The root knows the transaction's own tenant as it was when the change was noted. Idempotent."""
    forget_untold(tx, change_id)


def note_all_changed(tx: Transaction, _caller: Operator, _request: None) -> list[str]:
    """The ids of all tenants here, each of which the root is to be told again."""
    return [tenant_id for tenant_id, _name in select_tenants(tx)]


def note_one_changed(tx: Transaction, _caller: Operator, _request: None) -> None:
    """The root is to be told of the transaction's own tenant."""
    note_changed(tx)
