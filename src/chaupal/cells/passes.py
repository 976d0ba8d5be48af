"""What a cell says of a call that it passes on to another: from which address it came, and how often it was passed on.

It gives no right but that of being counted against the client's own limits instead of the cell's, so that it is not
bound to one call and may be heard twice within its minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chaupal.cells.proofs import PROOF_HEADER, CellUnknown, check_proof, write_proof

if TYPE_CHECKING:
    from chaupal.serving.house import House

PROOF_HEADER_BYTES = PROOF_HEADER.encode()
PASSES_MAX = 3
"""A client may come to where the organization was before last; further than that, two cells send each other
the call."""

_METHOD, _PATH = "PASS", ""


class Pass(msgspec.Struct, frozen=True):
    """A call that has been passed on `count` times, from a client at this address."""

    address: str
    count: int


def write_pass(house: House, cell_name: str, passed: Pass) -> str:
    """The header's value, for one cell."""
    return write_proof(
        house.signer,
        own_name=house.roster.own_name,
        to=cell_name,
        method=_METHOD,
        path=_PATH,
        body=None,
        now_s=house.now_s,
        further={"adr": passed.address, "cnt": passed.count},
    )


def read_pass(text: str, house: House) -> Pass | None:
    """What another cell says; None where it is no cell that says so."""
    try:
        proof = check_proof(text, house.roster, method=_METHOD, path=_PATH, now_s=house.now_s)
        return Pass(str(proof.claims["adr"]), int(str(proof.claims["cnt"])))
    except (CellUnknown, KeyError, ValueError):
        return None
