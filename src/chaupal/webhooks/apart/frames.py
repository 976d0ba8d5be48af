"""What a server and its process for deliveries say to each other, over a pair of sockets that nobody else has.

A frame is its length in four bytes and a MessagePack map. Rules are named from one short list, and what they are given
and return is read as the types that are declared for them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from chaupal.settings import Settings
from chaupal.webhooks.delivering import claiming, clocks, keeping, recording
from chaupal.webhooks.delivering.place import Tally

_LENGTH_BYTES = 4
_FRAME_MAX_BYTES = 64 * 1_048_576
"""Far more than the largest: a thousand bodies of a hundred kilobytes are never in one."""

RULES: dict[str, tuple[Any, Any, Any]] = {
    "keep_matched": (keeping.keep_matched, keeping.Keeping, keeping.Kept),
    "claim_flights": (claiming.claim_flights, claiming.Claim, list[claiming.Flight]),
    "record_flights": (recording.record_flights, list[recording.FlightEnd], list[recording.Recorded]),
    "rescue_deliveries": (claiming.rescue_deliveries, tuple[str, str], int),
    "let_go": (clocks.let_go, list[str], None),
    "begin_worker": (claiming.begin_worker, str, None),
    "keep_worker": (claiming.keep_worker, str, bool),
    "end_worker": (claiming.end_worker, str, None),
    "declare_dead": (claiming.declare_dead, str, None),
    "declare_all_dead": (claiming.declare_all_dead, None, None),
}
"""The rules that the process may have run: each with what it is given and what it returns."""


class Begin(msgspec.Struct, frozen=True, tag=True):
    """The server's first word: the settings in force."""

    settings: msgspec.Raw


class Wake(msgspec.Struct, frozen=True, tag=True):
    """Something was committed. Without tenants: webhooks were made or changed, so look at all."""

    tenant_ids: list[str] = []


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Claim nothing more, let what is on its way arrive, and end."""


class Answer(msgspec.Struct, frozen=True, tag=True):
    """What a rule returned, after its commit."""

    number: int
    result: msgspec.Raw
    position: int


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """A rule was not committed, or nobody knows. `is_unavailable`: it may be tried again. `gate`: the tenant's, where
    that is why, and nothing was done."""

    number: int
    cause: str
    is_unavailable: bool
    gate: str = ""


class Call(msgspec.Struct, frozen=True, tag=True):
    """Have a rule run in the tenant's next batch."""

    number: int
    rule: str
    tenant_id: str
    request: msgspec.Raw


FromServer = Begin | Wake | Stop | Answer | Refusal
FromProcess = Call | Tally

FrameT = TypeVar("FrameT")

_encoder = msgspec.msgpack.Encoder()


class FrameBroken(Exception):
    """What came is no frame: the other side is of another version, or a defect."""


def pack(value: object) -> msgspec.Raw:
    """A value as it goes inside a frame."""
    return msgspec.Raw(_encoder.encode(value))


def write_frame(frame: FromServer | FromProcess) -> bytes:
    """The bytes of a frame."""
    body = _encoder.encode(frame)
    return len(body).to_bytes(_LENGTH_BYTES) + body


async def read_frame(reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[FrameT]) -> FrameT | None:
    """The next frame; None where the other side is gone.

    Raises:
        FrameBroken.
    """
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES))
        if length > _FRAME_MAX_BYTES:
            raise FrameBroken(f"a frame of {length} bytes")
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise FrameBroken(str(error)) from error


def pack_settings(settings: Settings) -> msgspec.Raw:
    """The settings as they go inside a frame."""
    return msgspec.Raw(msgspec.msgpack.encode(settings, enc_hook=str))


def read_settings(packed: msgspec.Raw) -> Settings:
    """The settings that were packed."""
    return msgspec.msgpack.decode(packed, type=Settings, dec_hook=_read_path)


def _read_path(kind: type, value: object) -> Path:
    assert kind is Path
    return Path(str(value))
