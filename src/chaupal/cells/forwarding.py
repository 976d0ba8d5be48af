"""Passing a call on to the cell that its organization lives in: byte for byte, once, in time.

Nothing is tried again here. Where no answer comes, the client is told so, and repeats with the `Idempotency-Key` that
goes along. A cell that does not answer holds up a bounded number of calls, and none to other cells.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from chaupal.cells.calls import CellUnreachable
from chaupal.cells.passes import PASSES_MAX, PROOF_HEADER_BYTES, Pass, read_pass, write_pass
from chaupal.cells.proofs import PROOF_HEADER
from chaupal.errors import Unavailable
from chaupal.outbound.client import OutboundFailed

if TYPE_CHECKING:
    from chaupal.directory.places import TenantPlace
    from chaupal.serving.house import House

AT_ONCE_PER_CELL = 200
"""Calls on their way to one cell; each holds a connection and a client's."""

_ANSWER_MAX_BYTES = 16 * 1_048_576
_NOT_SENT = frozenset(
    {
        # of one connection
        *(b"host", b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade", b"expect", b"content-length", b"accept-encoding"),
        # what this server says by itself, or has looked at
        *(b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"forwarded", b"x-real-ip", b"via"),
        *(b"x-request-id", b"x-accept-308", b"cookie", PROOF_HEADER_BYTES),
    }
)
_SENT_BACK = frozenset(
    {
        *("content-type", "cache-control", "x-content-type-options", "retry-after", "allow", "www-authenticate"),
        *("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "idempotency-replayed", "location"),
        *("access-control-allow-origin", "access-control-expose-headers", "x-development-pin"),
    }
)


class CellBusy(Unavailable):
    """Too many calls wait for the cell already. Fields: `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(reason=f"Too many calls wait for the cell '{name}'.", retry_after_s=5)


class PassedInCircles(Unavailable):
    """The call has been passed on too often: the cells do not agree where the organization lives."""

    def __init__(self) -> None:
        super().__init__(reason="The organization is being moved.", retry_after_s=5)


class PassedCall(msgspec.Struct, frozen=True):
    """A call to pass on. `target` is path and query as they came."""

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes | AsyncIterator[bytes]
    body_bytes: int | None
    """The length of a body that is sent as it comes, where it was declared."""
    address: str
    request_id: str
    timeout_s: float


class PassedAnswer(msgspec.Struct, frozen=True):
    """What the other cell answered."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]


async def pass_on(house: House, place: TenantPlace, call: PassedCall) -> PassedAnswer:
    """The other cell's answer, whatever its status.

    Raises:
        CellUnreachable, CellBusy, PassedInCircles.
    """
    name = place.cell_name
    flights = house.cell_calls.flights
    if flights.get(name, 0) >= AT_ONCE_PER_CELL:
        raise CellBusy(name)
    headers = _headers_of(house, name, call)
    flights[name] = flights.get(name, 0) + 1
    try:
        answer = await house.cell_calls.client.send(
            call.method,
            house.roster.endpoint_of(place).rstrip("/") + call.target,
            headers=headers,
            body=call.body,
            timeout_s=call.timeout_s,
            answer_max_bytes=_ANSWER_MAX_BYTES,
        )
    except OutboundFailed as error:
        raise CellUnreachable(name, error) from error
    finally:
        flights[name] -= 1
    kept = ((key.lower(), value) for key, value in answer.headers)
    headers_back = tuple(
        (key.encode("latin-1"), value.encode("latin-1", "replace")) for key, value in kept if key in _SENT_BACK
    )
    return PassedAnswer(answer.status, answer.body, headers_back)


def _headers_of(house: House, name: str, call: PassedCall) -> Mapping[str, str]:
    count = 1
    sent: dict[str, str] = {}
    for key, value in call.headers:
        if key == PROOF_HEADER_BYTES and (passed := read_pass(value.decode("latin-1"), house)) is not None:
            count = passed.count + 1
        if key not in _NOT_SENT:
            sent[key.decode("latin-1")] = value.decode("latin-1")
    if count > PASSES_MAX:
        raise PassedInCircles
    if call.body_bytes is not None:
        sent["content-length"] = str(call.body_bytes)
    sent["x-request-id"] = call.request_id
    sent[PROOF_HEADER] = write_pass(house, name, Pass(call.address, count))
    return sent
