"""Calls from this cell to another: signed, in time, and never to where others could read them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from chaupal.cells.proofs import PROOF_HEADER, write_proof
from chaupal.errors import InvalidParameters, NotFound, Unavailable
from chaupal.outbound.client import OutboundClient, OutboundFailed

if TYPE_CHECKING:
    from chaupal.auth.signing import SigningKey
    from chaupal.serving.house import House
    from chaupal.settings import Settings

CALL_TIMEOUT_S = 20.0
_ANSWER_MAX_BYTES = 16 * 1_048_576
_URL_MAX_CHARS = 500


class CellUnreachable(Unavailable):
    """The other cell gave no answer. Whether it has acted is not known. Fields: `name`, `cause`."""

    def __init__(self, name: str, cause: object) -> None:
        super().__init__(reason=f"The cell '{name}' cannot be reached: {cause}.", retry_after_s=5)
        self.cause = cause


class CellAnswer(msgspec.Struct, frozen=True):
    """What the other cell answered, whatever its status."""

    status: int
    body: bytes


class CellCalls:
    """The calls of one process to other cells; `close` it before the event loop ends."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.client = OutboundClient(connections_max=0)
        """Limits itself by `flights`: one cell that does not answer must not hold up the calls to others."""
        self.flights: dict[str, int] = {}
        """How many of clients' calls are on their way to each cell."""

    async def close(self) -> None:
        """Close all connections. Harmless when repeated."""
        await self.client.close()

    async def call(
        self,
        cell_name: str,
        method: str,
        path: str,
        body: bytes | AsyncIterator[bytes] = b"",
        *,
        headers: Mapping[str, str] | None = None,
        key: SigningKey | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> CellAnswer:
        """Call another cell once. `path` begins with `/cells/v1/`; a body that is bytes is signed as well, with the key
        that signs now or the one that is given.

        Raises:
            NotFound: no cell of this name has joined.
            CellUnreachable.
        """
        house = self._house
        peer = house.roster.peers.get(cell_name)
        if peer is None:
            raise NotFound("cell")
        proof = write_proof(
            key or house.signer,
            own_name=house.roster.own_name,
            to=cell_name,
            method=method,
            path=path,
            body=body if isinstance(body, bytes) else None,
            now_s=house.now_s,
        )
        sent = {"content-type": "application/json", **(headers or {}), PROOF_HEADER: proof}
        return await self.send(cell_name, peer.endpoint_url, method, path, body=body, headers=sent, timeout_s=timeout_s)

    async def send(
        self,
        cell_name: str,
        endpoint_url: str,
        method: str,
        path: str,
        *,
        body: bytes | AsyncIterator[bytes],
        headers: Mapping[str, str],
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> CellAnswer:
        """The same to a cell that has not joined yet, without a proof.

        Raises:
            CellUnreachable.
            InvalidParameters: the address is not one that cells are called at.
        """
        check_cell_url(endpoint_url, self._house.settings)
        try:
            answer = await self.client.send(
                method,
                endpoint_url.rstrip("/") + path,
                headers=headers,
                body=body,
                timeout_s=timeout_s,
                answer_max_bytes=_ANSWER_MAX_BYTES,
            )
        except OutboundFailed as error:
            raise CellUnreachable(cell_name, error) from error
        return CellAnswer(answer.status, answer.body)


def check_cell_url(url: str, settings: Settings) -> str:
    """The address of a cell, with one slash at its end.

    Keys and tenants' rows go there, so it is https://, or http:// to this machine or an address that the operator has
    allowed.

    Raises:
        InvalidParameters.
    """
    rule = "must be an https:// address, without user name, query and fragment"
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidParameters(field="url", value=url, rule=rule) from None
    is_plain = url.isascii() and url.isprintable() and len(url) <= _URL_MAX_CHARS
    if not is_plain or not host or parts.query or parts.fragment or parts.username or "@" in parts.netloc:
        raise InvalidParameters(field="url", value=url, rule=rule)
    if parts.scheme != "https" and not (parts.scheme == "http" and _may_be_plain(host, settings)):
        further = "; CHAUPAL_CELLS_ALLOW can allow http:// to some addresses"
        raise InvalidParameters(field="url", value=url, rule=rule + further)
    return url.strip().rstrip("/") + "/"


def _may_be_plain(host: str, settings: Settings) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or any(address in network for network in settings.cell_networks)


class _Refusal(msgspec.Struct):
    message: str = ""


def read_reason(answer: CellAnswer) -> str:
    """The sentence of an answer that is a refusal."""
    try:
        return msgspec.json.decode(answer.body, type=_Refusal).message or f"status {answer.status}"
    except (msgspec.DecodeError, UnicodeError):
        return f"status {answer.status}, which is no answer of a Chaupal server"
