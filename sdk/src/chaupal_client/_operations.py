"""What a call is, and how its parts are written: path, query and body."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from chaupal_client._errors import UnreadableAnswer
from chaupal_client._steps import Content, Reply

AnswerT = TypeVar("AnswerT")


class Operation(msgspec.Struct, Generic[AnswerT], frozen=True):
    """One call of the API, as its document declares it."""

    method: str
    path: str
    """With `{}` for each of its parameters, in their order."""
    answer: type[AnswerT]
    needs_token: bool = True
    has_idempotency_key: bool = False
    """Whether it takes one: then each call gets one, the same on every try."""

    @property
    def is_repeatable(self) -> bool:
        """Whether doing it twice is the same as doing it once."""
        return self.has_idempotency_key or self.method != "POST"


class Outgoing(msgspec.Struct, frozen=True):
    """A call before it is known where it goes and whose token it carries."""

    method: str
    target: str
    """Path and query, below the base address."""
    headers: Mapping[str, str]
    content: bytes | Content = b""
    needs_token: bool = True
    is_repeatable: bool = False
    is_streamed: bool = False
    goes_to_root: bool = False
    """To the address that the client was made with, where tokens come from, instead of the endpoint."""
    read_timeout_s: float | None = None


def build_outgoing(
    operation: Operation[Any],
    path: Sequence[str] = (),
    *,
    query: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Outgoing:
    """What `body` and `query` hold as None is left out.

    Raises:
        ValueError: a part of the path is empty or would lead elsewhere.
    """
    headers: dict[str, str] = {}
    content = b""
    if body is not None:
        content = msgspec.json.encode(without_none(body))
        headers["content-type"] = "application/json"
    if operation.has_idempotency_key:
        headers["idempotency-key"] = idempotency_key or str(uuid.uuid4())
    return Outgoing(
        operation.method,
        fill_path(operation.path, path) + write_query(query),
        headers,
        content,
        needs_token=operation.needs_token,
        is_repeatable=operation.is_repeatable,
        goes_to_root=not operation.needs_token,
    )


def fill_path(path: str, parts: Sequence[str]) -> str:
    """The path with its parameters.

    Raises:
        ValueError: one is empty or would lead elsewhere: a DELETE of a member must not become one of the group.
    """
    if not parts:
        return f"v1{path}"
    for part in parts:
        if part.strip() in ("", ".", ".."):
            raise ValueError(f"{part!r} is not an id")
    return f"v1{path.format(*[quote(part, safe='@') for part in parts])}"


def write_query(query: Mapping[str, Any] | None) -> str:
    """With its `?`; empty if there is nothing to ask."""
    known = without_none(query or {})
    return "?" + urlencode({name: _query_text(value) for name, value in known.items()}) if known else ""


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is not None."""
    return {name: value for name, value in values.items() if value is not None}


def _query_text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone().isoformat()
        case str() | int():
            return str(value)
        case _:
            return ",".join(value)


_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}
"""Of each type of answer that was there."""


def read_answer(answer: type[AnswerT], reply: Reply) -> AnswerT:
    """An answer of success. Fields that this version does not know are read over.

    Raises:
        UnreadableAnswer.
    """
    decoder = _DECODERS.get(answer)
    if decoder is None:
        decoder = _DECODERS[answer] = msgspec.json.Decoder(answer)
    try:
        read: AnswerT = decoder.decode(reply.body)
        return read
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        named = f"[request {reply.headers.get('x-request-id', '?')}] "
        raise UnreadableAnswer(f"{named}the answer cannot be read: {error}") from None
