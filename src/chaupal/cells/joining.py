"""How an installation becomes a cell: the root gives out a code, the new cell comes with it, both learn keys.

The code says where the root is and holds a secret that is good for one cell and one day; the root keeps only its hash.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING

import msgspec

from chaupal import __version__
from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.cells.calls import check_cell_url, read_reason
from chaupal.cells.renewing import shared_keys
from chaupal.cells.root_link import RootLink
from chaupal.cells.routes import JOIN_PATH
from chaupal.cells.rules import (
    ROOT_NAME,
    Belonging,
    Cell,
    Invitation,
    Joining,
    accept_cell,
    belong,
    check_may_join,
    invite_cell,
    share_cells,
)
from chaupal.cells.shapes import JoinRequest, Roster
from chaupal.directory.places import note_all_changed, note_one_changed
from chaupal.errors import Conflict, InvalidParameters

if TYPE_CHECKING:
    from chaupal.cells.door import CellRequest
    from chaupal.serving.house import House

_PURPOSE = "join code"
_SECRET_BYTES = 32


class JoinRefused(Conflict):
    """The root did not let this installation in. Fields: `reason`, what it answered."""

    template = "The root refused: {reason}"


class JoinCode(msgspec.Struct, frozen=True):
    """What a code says, in its order."""

    root_url: str
    name: str
    secret: str


async def invite(house: House, name: str, url: str) -> tuple[Cell, str]:
    """(the cell, the code that it joins with).

    Raises:
        CellExists, NotTheRoot, InvalidParameters.
    """
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    root_url = check_cell_url(house.settings.endpoint_url, house.settings)
    invitation = Invitation(
        name=name,
        endpoint_url=check_cell_url(url, house.settings),
        root_url=root_url,
        secret_hash=house.secret_key.hash(_PURPOSE, secret),
    )
    cell = (await house.store.write(invite_cell, INSTALLATION, invitation)).result
    house.tell_cells()
    code = msgspec.json.encode([root_url, cell.cell_name, secret])
    return cell, base64.urlsafe_b64encode(code).decode().rstrip("=")


def read_code(text: str) -> JoinCode:
    """What a code says.

    Raises:
        InvalidParameters.
    """
    try:
        raw = base64.urlsafe_b64decode("".join(text.split()) + "===")
        return JoinCode(*msgspec.json.decode(raw, type=tuple[str, str, str]))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        rule = "must be the whole code that `chaupal cell add` has printed"
        raise InvalidParameters(field="code", value="", rule=rule) from error


async def join(house: House, text: str) -> str:
    """Become the cell that the code was made for; its name. May be repeated; one whom the root knows needs no code.

    Raises:
        InvalidParameters, JoinedAlready, JoinRefused, CellUnreachable.
    """
    code = read_code(text)
    if await house.store.read(check_may_join, INSTALLATION, code.name) and await RootLink(house).is_known():
        return code.name
    endpoint_url = check_cell_url(house.settings.endpoint_url, house.settings)
    request = JoinRequest(
        name=code.name,
        secret=code.secret,
        endpoint_url=endpoint_url,
        keys=shared_keys(house.signer),
        version=__version__,
    )
    body = msgspec.json.encode(request)
    headers = {"content-type": "application/json"}
    answer = await house.cell_calls.send(ROOT_NAME, code.root_url, "POST", JOIN_PATH, body=body, headers=headers)
    if answer.status != 200:
        raise JoinRefused(reason=read_reason(answer))
    roster = msgspec.json.decode(answer.body, type=Roster)
    await house.store.write(belong, INSTALLATION, Belonging(code.name, endpoint_url, roster.cells))
    for tenant_id in await house.store.read(note_all_changed, INSTALLATION, None):
        await house.store.write(note_one_changed, Operator(tenant_id), None)
    house.tell_cells()
    return code.name


async def take_join(request: CellRequest) -> Roster:
    """At the root: let the cell in that comes with a code's secret."""
    house, asked = request.house, request.read(JoinRequest)
    joining = Joining(
        name=asked.name,
        endpoint_url=check_cell_url(asked.endpoint_url, house.settings),
        version=asked.version,
        keys=asked.keys,
        secret_hash=house.secret_key.hash(_PURPOSE, asked.secret),
    )
    await house.store.write(accept_cell, INSTALLATION, joining)
    house.tell_cells()
    return Roster(await house.store.read(share_cells, INSTALLATION, shared_keys(house.signer)))
