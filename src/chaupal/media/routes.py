"""The media routes: uploading, fetching, looking up, and the files themselves behind their links."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import unquote, urlsplit

import msgspec
import structlog
from msgspec import UNSET

from chaupal.auth.caller import Operator
from chaupal.cells.roster import TenantMoved
from chaupal.errors import InvalidParameters, NotFound, PayloadTooLarge
from chaupal.media.claims import ClaimContradicted, TypeNotTaken
from chaupal.media.intake import FILES_MAX, AlbumOfOthers, Intake
from chaupal.media.links import LINK_PATH, LinkTarget
from chaupal.media.objects import ObjectMissing
from chaupal.media.pictures import PictureUnreadable
from chaupal.media.resources import NO_RESOURCE
from chaupal.media.rules import (
    FilePlace,
    MediaFile,
    ServedFile,
    add_media,
    check_may_upload,
    read_media,
    read_served_file,
    reserve_objects,
)
from chaupal.media.shapes import FileQuery, MediaAnswer, MediaFileAnswer, MediaReceipt, PostMediaUrl
from chaupal.outbound.failures import AnswerTooLarge, OutboundFailed
from chaupal.serving.house import House
from chaupal.serving.repeats import stored_reply
from chaupal.serving.replies import Reply, StreamedReply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import MULTIPART, Route
from chaupal.wire.files import ByteRange, RangeUnsatisfiable, matches_tag, read_range, write_disposition
from chaupal.wire.instants import write_instant
from chaupal.wire.multipart import MultipartReader, PartEnd, PartHead, read_file_name

_FRAME_MAX_BYTES = 65_536
"""What boundaries and heads of parts may add to the files of a multipart body."""

_FIELDS_MAX = 10
"""Form fields that are no files; they are read over."""

_CACHED_S = 3_600
"""A link that is revoked may be shown from a browser's own copy for so long."""

log = structlog.get_logger("media")


async def post_media(request: ApiRequest) -> msgspec.Struct | Reply:
    """Upload a file, or several as an album."""
    await request.read(check_may_upload, None)
    async with _new_intake(request.house) as intake:
        if request.header(b"content-type").lower().startswith(MULTIPART):
            await _take_parts(request, intake)
        else:
            await _take_body(request, intake)
        draft = await intake.keep(request.house.store, request.caller, reserve_objects)
        return await request.commit(add_media, draft, _build_receipt, body_digest=intake.digest)


async def post_media_url(request: ApiRequest) -> msgspec.Struct | Reply:
    """Fetch a file from a URL."""
    body = await request.body(PostMediaUrl)
    if (stored := await stored_reply(request)) is not None:
        return stored
    await request.read(check_may_upload, None)
    async with _new_intake(request.house) as intake:
        await _take_url(request.house, intake, body.media_url)
        draft = await intake.keep(request.house.store, request.caller, reserve_objects)
        return await request.commit(add_media, draft, _build_receipt)


async def get_media(request: ApiRequest) -> MediaAnswer:
    """What is behind a mediaResource."""
    media = await request.read(read_media, request.path["mediaResource"])
    files = [_build_file(request.house, request.caller.tenant_id, file) for file in media.files]
    return MediaAnswer(
        media_resource=media.resource,
        media_type=media.kind.value,
        created_at=write_instant(media.created_at_ms),
        media=files,
        **msgspec.structs.asdict(files[0]),
    )


async def get_file(request: ApiRequest) -> StreamedReply:
    """A file, or a part of it, or its small picture."""
    house = request.house
    size = request.query(FileQuery).size
    if size not in (None, "thumbnail"):
        raise InvalidParameters(field="size", value=size, rule="must be thumbnail, or be left out")
    target = await _target(house, request.path["fileName"])
    departures = house.roster.departures
    if target is not None and target.tenant_id in departures:
        raise TenantMoved(departures[target.tenant_id])
    media_id, number = (target.media_id, target.file_number) if target else (NO_RESOURCE[0], 1)
    place = FilePlace(media_id, number, is_thumbnail=size is not None)
    # Whatever is wrong with a link, the same is done, and the same is answered.
    file = await house.store.read(read_served_file, Operator(target.tenant_id if target else ""), place)
    if target is None or file is None or file.extension != target.extension:
        raise NotFound("media")
    request.tenant_id = target.tenant_id
    return _build_file_reply(request, file, target)


async def _target(house: House, file_name: str) -> LinkTarget | None:
    claimed = house.media_links.claimed(file_name)
    if claimed is None:
        return None
    await house.meet_tenant(claimed.target.tenant_id)
    return house.media_links.check(claimed, now_s=house.now_s)


def _new_intake(house: House) -> Intake:
    settings = house.settings
    return Intake(house.media_store, max_bytes=settings.media_max_bytes, limit=_limit(house))


def _limit(house: House) -> str:
    return f"{house.settings.media_max_mb} MB"


async def _take_parts(request: ApiRequest, intake: Intake) -> None:
    """Every part with a file name is a file; other fields are read over."""
    reader = MultipartReader(request.header(b"content-type"))
    max_bytes = request.house.settings.media_max_bytes + _FRAME_MAX_BYTES
    is_in_file, field_count = False, 0
    async for piece in request.stream_body(max_bytes=max_bytes, what="The upload", limit=_limit(request.house)):
        for event in reader.feed(piece):
            if isinstance(event, PartHead):
                is_in_file = event.is_file
                if is_in_file:
                    name = event.file_name or ""
                    intake.begin(
                        field=event.name or "file", name=name, content_type=event.content_type, is_optional=not name
                    )
                else:
                    field_count += 1
                    _check_fields(field_count)
            elif is_in_file and isinstance(event, PartEnd):
                await intake.end()
            elif is_in_file and isinstance(event, bytes):
                await intake.write(event)
    reader.end()


def _check_fields(field_count: int) -> None:
    if field_count > _FIELDS_MAX:
        raise PayloadTooLarge(what="The form", limit=f"{_FIELDS_MAX} fields beside {FILES_MAX} files")


async def _take_body(request: ApiRequest, intake: Intake) -> None:
    """The body is the file, of the request's own Content-Type."""
    max_bytes = request.house.settings.media_max_bytes
    stream = request.stream_body(max_bytes=max_bytes, what="The upload", limit=_limit(request.house))
    name = read_file_name(request.headers.get(b"content-disposition", b"")) or ""
    intake.begin(field="body", name=name, content_type=request.header(b"content-type"))
    async for piece in stream:
        await intake.write(piece)
    await intake.end()


async def _take_url(house: House, intake: Intake, url: str) -> None:
    intake.begin(field="mediaUrl", name="", content_type="")
    settings = house.settings
    try:
        head = await house.media_fetcher.download(
            url, intake.write, max_bytes=settings.media_max_bytes, timeout_s=settings.media_fetch_timeout_s
        )
    except AnswerTooLarge:
        raise PayloadTooLarge(what="The file at mediaUrl", limit=_limit(house)) from None
    except OutboundFailed as error:
        raise InvalidParameters(field="mediaUrl", value=url, rule=f"could not be fetched: {error}") from None
    name = read_file_name(head.content_disposition.encode("latin-1", "replace")) or unquote(urlsplit(url).path)
    await intake.end(name=name, content_type=head.content_type)


def _build_receipt(media_resource: str) -> MediaReceipt:
    return MediaReceipt(media_resource=media_resource)


def link_target(tenant_id: str, file: MediaFile) -> LinkTarget:
    """What a file's link says."""
    return LinkTarget(tenant_id, file.media_id, file.file_number, file.extension)


def _build_file(house: House, tenant_id: str, file: MediaFile) -> MediaFileAnswer:
    target = link_target(tenant_id, file)
    return MediaFileAnswer(
        media_url=house.media_links.url(target),
        media_file_name=file.file_name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        thumbnail_url=UNSET if file.width_px is None else house.media_links.thumbnail_url(target),
        width_px=UNSET if file.width_px is None else file.width_px,
        height_px=UNSET if file.height_px is None else file.height_px,
    )


def _build_file_reply(request: ApiRequest, file: ServedFile, target: LinkTarget) -> StreamedReply:
    tag = f'"{file.key.sha256[:32]}"'
    headers = _file_headers(file, tag, age_s=_age_s(target, request.house.now_s))
    if matches_tag(request.header(b"if-none-match"), tag):
        return StreamedReply(304, headers)
    wanted = request.header(b"range") if request.header(b"if-range") in ("", tag) else ""
    try:
        part = read_range(wanted, file.size_bytes)
    except RangeUnsatisfiable:
        headers = (*headers, (b"content-range", f"bytes */{file.size_bytes}".encode()), (b"content-length", b"0"))
        return StreamedReply(416, headers)
    status, sent = (200, ByteRange(0, file.size_bytes)) if part is None else (206, part)
    headers = (*headers, (b"content-length", str(sent.end - sent.start).encode()))
    if part is not None:
        headers = (*headers, (b"content-range", f"bytes {part.start}-{part.end - 1}/{file.size_bytes}".encode()))
    is_head = request.route.method == "HEAD"
    return StreamedReply(status, headers, None if is_head else _pieces(request.house, file, sent))


async def _pieces(house: House, file: ServedFile, part: ByteRange) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in house.media_store.objects.read(file.key, part.start, part.end):
            yield piece
    except ObjectMissing:
        log.error("the bytes of a file are not there", tenant_id=file.key.tenant_id, object_id=file.key.object_id)
        raise NotFound("media") from None


def _age_s(target: LinkTarget, now_s: int) -> int:
    return _CACHED_S if target.expires_at_s is None else max(0, min(_CACHED_S, target.expires_at_s - now_s))


_STANDING_HEADERS = (
    (b"accept-ranges", b"bytes"),
    (b"x-content-type-options", b"nosniff"),
    # A file never runs anything in this address's name, whatever it holds.
    (b"content-security-policy", b"default-src 'none'; img-src 'self'; media-src 'self'; sandbox"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"X-Request-Id, Content-Range, Accept-Ranges, Content-Length, Content-Disposition, ETag",
    ),
)


def _file_headers(file: ServedFile, tag: str, *, age_s: int) -> tuple[tuple[bytes, bytes], ...]:
    is_inline = file.content_type.startswith(("image/", "audio/", "video/"))
    return (
        *_STANDING_HEADERS,
        (b"content-type", file.content_type.encode()),
        (b"content-disposition", write_disposition(file.file_name, is_inline=is_inline).encode()),
        (b"etag", tag.encode()),
        (b"cache-control", f"private, max-age={age_s}".encode()),
    )


ROUTES = [
    Route(
        "POST",
        "/media",
        post_media,
        call="media.upload",
        reply=MediaReceipt,
        errors=(TypeNotTaken, ClaimContradicted, PictureUnreadable, AlbumOfOthers),
        takes=(MULTIPART, "image/*", "audio/*", "video/*", "application/*"),
    ),
    Route(
        "POST",
        "/media/url",
        post_media_url,
        call="media.fetch",
        body=PostMediaUrl,
        reply=MediaReceipt,
        errors=(TypeNotTaken, ClaimContradicted, PictureUnreadable),
    ),
    Route("GET", "/media/{mediaResource}", get_media, call="media.get", reply=MediaAnswer),
]

FILE_ROUTES = [
    Route(
        method,
        f"/{LINK_PATH}/{{fileName}}",
        get_file,
        query=FileQuery,
        gives=("image/*", "audio/*", "video/*", "application/*"),
        other_answers={
            206: "The part that `Range` asks for.",
            304: "The client has it already: `If-None-Match` names its `ETag`.",
            416: "The file has no such part.",
        },
    )
    for method in ("GET", "HEAD")
]
"""The links. They need no token: whoever has one may follow it."""
