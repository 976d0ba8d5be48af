"""Sending tenants to other cells: one, or all that live here. The moves themselves are `moving.driving`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.cells.rules import JOINED
from chaupal.directory.rules import list_tenants
from chaupal.errors import ChaupalError, Conflict, NotFound
from chaupal.moving.moves import Move, MoveUnderWay, begin_move

if TYPE_CHECKING:
    from chaupal.serving.house import House


class InstallationKeyKept(Conflict):
    """The tenant's key is the installation's own, which the operator has not said may leave it. Fields: `name`."""

    template = (
        "The tenant was made when tenants had no keys of their own, so the cell '{name}' would get the secret key of "
        "this installation: if it may have that, add --with-installation-key."
    )


class CellTakesNone(Conflict):
    """The cell is being emptied. Fields: `name`."""

    template = "The cell '{name}' takes no organizations."


class Goal(msgspec.Struct, frozen=True):
    """Where tenants go. `with_installation_key`: that cell may have the secret key of this installation."""

    to_cell: str
    with_installation_key: bool = False


class Kept(msgspec.Struct, frozen=True, rename="camel"):
    """A tenant that was not sent, and why."""

    tenant_id: str
    reason: str


class Emptied(msgspec.Struct, frozen=True, rename="camel"):
    """How many tenants are on their way, and those that stay."""

    begun: int
    kept: list[Kept]


def check_goal(house: House, goal: Goal) -> None:
    """Pass where the cell takes tenants.

    Raises:
        NotFound, CellTakesNone.
    """
    peer = house.roster.peers.get(goal.to_cell)
    if peer is None:
        raise NotFound("cell")
    if peer.state != JOINED:
        raise CellTakesNone(name=goal.to_cell)


async def begin_one(house: House, tenant_id: str, goal: Goal) -> Move:
    """A tenant is on its way; the servers do the rest.

    Raises:
        NotFound, CellTakesNone, InstallationKeyKept, MoveUnderWay.
    """
    check_goal(house, goal)
    key = await house.key_of(tenant_id)
    if key is house.tenant_keys.installation and not goal.with_installation_key:
        raise InstallationKeyKept(name=goal.to_cell)
    move = (await house.store.write(begin_move, Operator(tenant_id, passes_gate=True), goal.to_cell)).result
    house.wake_moves()
    house.store.wake_workers()
    return move


async def begin_all(house: House, goal: Goal) -> Emptied:
    """All tenants that live here are on their way, one after another. May be repeated.

    Raises:
        NotFound, CellTakesNone.
    """
    check_goal(house, goal)
    begun, kept = 0, []
    for tenant_id, _name in await house.store.read(list_tenants, INSTALLATION, None):
        try:
            await begin_one(house, tenant_id, goal)
        except MoveUnderWay as error:
            if error.fields["to_cell"] != goal.to_cell:
                kept.append(Kept(tenant_id, str(error)))
                continue
        except ChaupalError as error:
            kept.append(Kept(tenant_id, str(error)))
            continue
        begun += 1
    return Emptied(begun, kept)
