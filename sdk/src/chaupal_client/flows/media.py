"""Files: sending them in, and fetching them by their links."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from chaupal_client._contents import FileToSend, Form, OneFile, Progress, Source
from chaupal_client._errors import ChaupalError, ConnectionFailed, EndpointRefused, UnreadableAnswer, read_error
from chaupal_client._operations import Operation, Outgoing, read_answer
from chaupal_client._retrying import Patience
from chaupal_client._session import MOVES_MAX, Session, followed
from chaupal_client._steps import Close, Failure, Flow, Read, Reply, Request, Send, Wait
from chaupal_client.models import MediaReceipt

UPLOAD: Operation[MediaReceipt] = Operation("POST", "/media", MediaReceipt, has_idempotency_key=True)


class FileFacts(msgspec.Struct, frozen=True):
    """What a link says of its file without sending it."""

    size_bytes: int
    content_type: str
    etag: str


def upload(
    session: Session,
    source: Source,
    *,
    file_name: str | None = None,
    content_type: str | None = None,
    progress: Progress | None = None,
    idempotency_key: str | None = None,
) -> Flow[MediaReceipt]:
    """Send a file in: a path, bytes, or a file that is open for reading. It is read piece by piece.

    `file_name` and `content_type` are those of the path if left out. `progress(sent, total)` is told of bytes. Needs:
    permission **Media**.
    """
    file = FileToSend(source, file_name, content_type)
    return (yield from _send(session, OneFile(file, progress), idempotency_key))


def upload_album(
    session: Session,
    sources: Sequence[Source],
    *,
    file_names: Sequence[str] | None = None,
    progress: Progress | None = None,
    idempotency_key: str | None = None,
) -> Flow[MediaReceipt]:
    """Send several pictures in as one album, in their order. Bytes need `file_names`. Needs: permission **Media**."""
    names: Sequence[str | None] = file_names or [None] * len(sources)
    files = [FileToSend(source, name) for source, name in zip(sources, names, strict=True)]
    return (yield from _send(session, Form(files, progress), idempotency_key))


def _send(session: Session, content: OneFile | Form, idempotency_key: str | None) -> Flow[MediaReceipt]:
    headers = {
        **content.headers,
        "content-length": str(content.size_bytes),
        "idempotency-key": idempotency_key or str(uuid.uuid4()),
    }
    outgoing = Outgoing(UPLOAD.method, f"v1{UPLOAD.path}", headers, content, is_repeatable=True)
    reply = yield from session.exchange(outgoing)
    return read_answer(MediaReceipt, reply)


def facts(session: Session, media_url: str, *, size: Literal["thumbnail"] | None = None) -> Flow[FileFacts]:
    """What is behind a link: size, type and version of the file. No token is sent."""
    reply = yield from _ask(session, Request("HEAD", _sized(media_url, size), {}), is_streamed=False)
    headers = reply.headers
    return FileFacts(int(headers.get("content-length", 0)), headers.get("content-type", ""), headers.get("etag", ""))


def download(
    session: Session,
    media_url: str,
    destination: str | os.PathLike[str] | BinaryIO,
    *,
    size: Literal["thumbnail"] | None = None,
    progress: Progress | None = None,
) -> Flow[int]:
    """Fetch the file behind a link, to a path or into a file that is open for writing; how many bytes it had.

    No token is sent. A connection that breaks is taken up where it was. A path gets its file when all of it has come,
    never a part of it; what has come meanwhile lies beside it.
    """
    url = _sized(media_url, size)
    if not isinstance(destination, str | os.PathLike):
        return (yield from _fetch(session, url, destination, progress))
    wanted = Path(destination)
    unfinished = wanted.with_name(f"{wanted.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with unfinished.open("xb") as file:
            size_bytes = yield from _fetch(session, url, file, progress)
        unfinished.replace(wanted)
    finally:
        unfinished.unlink(missing_ok=True)
    return size_bytes


def _sized(media_url: str, size: str | None) -> str:
    return f"{media_url}{'&' if '?' in media_url else '?'}size={size}" if size else media_url


def _fetch(session: Session, url: str, file: BinaryIO, progress: Progress | None) -> Flow[int]:
    had, etag, patience = 0, "", Patience(session.retrying)
    while True:
        headers = {"accept-encoding": "identity"}
        if had:
            headers |= {"range": f"bytes={had}-", "if-range": etag}
        reply = yield from _ask(session, Request("GET", url, headers), is_streamed=True)
        if had and reply.status != 206:
            yield Close(reply.stream)
            raise UnreadableAnswer(f"{url} has changed while it was being fetched")
        etag = reply.headers.get("etag", "")
        total = had + int(reply.headers.get("content-length", 0))
        while isinstance(piece := (yield Read(reply.stream)), bytes):
            file.write(piece)
            had += len(piece)
            patience.begin_anew()
            if progress is not None:
                progress(had, total)
        yield Close(reply.stream)
        if not isinstance(piece, Failure):
            return had
        error = ConnectionFailed(f"GET {url}: {piece.reason} after {had} bytes")
        wait_s = patience.wait_after(error, is_repeatable=bool(etag) or had == 0)
        if wait_s is None:
            raise error from piece.cause
        yield Wait(wait_s)


def _ask(session: Session, request: Request, *, is_streamed: bool) -> Flow[Reply]:
    """The answer to a link, also where its organization has been moved."""
    patience, moves = Patience(session.retrying), 0
    while True:
        result: Reply | Failure = yield Send(request, is_streamed)
        if isinstance(result, Reply) and result.status < 300:
            return result
        if isinstance(result, Reply) and result.status == 308 and moves < MOVES_MAX:
            moves += 1
            request = msgspec.structs.replace(request, url=followed(request.url, result))
            continue
        if isinstance(result, Failure):
            raised: ChaupalError = ConnectionFailed(f"{request.method} {request.url}: {result.reason}")
            raised.__cause__ = result.cause
        elif result.status < 400:
            raise EndpointRefused(f"{request.url} leads elsewhere, to {result.headers.get('location', 'nowhere')}")
        else:
            raised = read_error(result)
        wait_s = patience.wait_after(raised, is_repeatable=True)
        if wait_s is None:
            raise raised
        yield Wait(wait_s)
