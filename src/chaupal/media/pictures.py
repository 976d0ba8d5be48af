"""Pictures: what tells of people is taken out, sizes are read, thumbnails are made. Everything here blocks.

A JPEG or PNG is copied piece by piece, and only the pieces that the picture itself needs: the picture's own bytes stay
as they are, and whatever else stands in the file or behind its end (EXIF, GPS, XMP, IPTC, comments, previews, films of
"motion photos") is left out, known or not. How the picture is to be turned is kept.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from chaupal.errors import PayloadTooLarge, UnsupportedMedia
from chaupal.media.file_types import JPEG, FileType

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS_MAX = 100_000_000
"""More than any phone's camera makes."""

_DECODED_PIXELS_MAX = 25_000_000
"""Above it no thumbnail is made of a picture that has to be unpacked whole: that takes up to 8 bytes a pixel."""

THUMBNAIL_PX = 320
_PROFILE_MAX_BYTES = 8_192
_THUMBNAIL_QUALITY = 80
_COPY_BYTES = 1024 * 1024

_ORIENTATION = 0x0112
_GPS = 0x8825
_E7 = 10_000_000


class PictureUnreadable(UnsupportedMedia):
    """The file begins as a picture and does not go on as one. Fields: `field`."""

    template = "{field}: the file is damaged: it cannot be read as the picture that it begins as."


class _Damaged(Exception):
    """The pieces do not fit together."""


class Place(msgspec.Struct, frozen=True):
    """Where a picture was taken, in ten-millionths of a degree."""

    latitude_e7: int
    longitude_e7: int


class Picture(msgspec.Struct, frozen=True):
    """What a picture's own bytes said; sizes are in pixels, as stored."""

    width_px: int
    height_px: int
    place: Place | None


def clean_picture(source: Path, target: Path, file_type: FileType, *, field: str) -> Picture:
    """Write the picture without whatever else its file holds.

    Raises:
        PictureUnreadable, PayloadTooLarge.
    """
    try:
        with (
            source.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view,
            target.open("wb") as cleaned,
        ):
            exif = _copy_jpeg(view, cleaned) if file_type is JPEG else _copy_png(view, cleaned)
    except (_Damaged, struct.error, IndexError):
        raise PictureUnreadable(field=field) from None
    width_px, height_px = _size_of(target, field)
    if width_px * height_px > PIXELS_MAX:
        raise PayloadTooLarge(what=f"{field}: the picture", limit=f"{PIXELS_MAX // 1_000_000} million pixels")
    return Picture(width_px, height_px, _place_of(exif))


def make_thumbnail(source: Path, target: Path) -> str | None:
    """Write a small picture; its content type, or None where it is not worth one or cannot be made."""
    image = _library()
    try:
        with image.open(source, formats=("JPEG", "PNG")) as picture:
            if max(picture.size) <= THUMBNAIL_PX or not _is_cheap(picture):
                return None
            picture.draft("RGB", (THUMBNAIL_PX, THUMBNAIL_PX))
            mode, profile = picture.mode, picture.info.get("icc_profile", b"")
            turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
            small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
        if turn is not None:
            small = small.transpose(image.Transpose[turn])
        # Made anew from its pixels: no block of the picture's file comes along, but for what its colours mean.
        bare = image.frombytes(small.mode, small.size, small.tobytes())
        colours = profile if mode in ("RGB", "RGBA") and len(profile) <= _PROFILE_MAX_BYTES else None
        if bare.mode == "RGBA":
            bare.save(target, "PNG", icc_profile=colours)
            return "image/png"
        bare.save(target, "JPEG", quality=_THUMBNAIL_QUALITY, icc_profile=colours)
        return "image/jpeg"
    except (OSError, ValueError, SyntaxError, struct.error, zlib.error, KeyError, IndexError, TypeError):
        return None  # whatever the library stumbles over in a damaged picture; the picture itself is kept


def _is_cheap(picture: Image) -> bool:
    """A baseline JPEG is made smaller while it is unpacked; others take all of their pixels into memory."""
    if picture.format == "JPEG" and not picture.info.get("progressive"):
        return True
    return picture.width * picture.height <= _DECODED_PIXELS_MAX


_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


def _library() -> Any:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the library only warns; our own limits are checked before anything is unpacked
    return Image


def _size_of(path: Path, field: str) -> tuple[int, int]:
    try:
        with _library().open(path, formats=("JPEG", "PNG")) as picture:
            width_px, height_px = picture.size
            return width_px, height_px
    except (OSError, ValueError, SyntaxError, struct.error, zlib.error, KeyError, IndexError, TypeError):
        raise PictureUnreadable(field=field) from None


# JPEG: markers with lengths, then scans of coded data that end at the next marker.
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_SEGMENTS_MAX = 10_000
_SCANS_MAX = 100
_FILL_MAX_BYTES = 64
"""A picture of 100 MB has some 1,600 segments and 30 scans; what has more only wants to keep a server busy."""
_KEPT_APPS = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_LONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})


def _copy_jpeg(view: mmap.mmap, cleaned: IO[bytes]) -> bytes:
    """Copy what the picture needs; the EXIF block that was left out, or b""."""
    exif = b""
    kept: list[tuple[int, int]] = []
    place = 2
    for _ in range(_SEGMENTS_MAX):
        if place >= len(view):
            break
        marker_at, marker = _next_marker(view, place)
        if marker == _END_OF_IMAGE:
            break
        if marker in _LONE_MARKERS:
            place = marker_at + 2
            continue
        (length,) = struct.unpack_from(">H", view, marker_at + 2)
        end = marker_at + 2 + length
        if length < 2 or end > len(view):
            raise _Damaged
        body = view[marker_at + 4 : min(end, marker_at + 20)]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            exif = exif or view[marker_at + 10 : end]
        elif _is_kept(marker, body):
            if marker == _START_OF_SCAN:
                end = _end_of_scan(view, end)
            kept.append((marker_at, end))
        place = end
    if not 0 < sum(view[start + 1] == _START_OF_SCAN for start, _ in kept) <= _SCANS_MAX:
        raise _Damaged
    cleaned.write(b"\xff\xd8" + _orientation_segment(exif))
    for start, end in kept:
        _copy(view, cleaned, start, end)
    cleaned.write(b"\xff\xd9")
    return exif


def _next_marker(view: mmap.mmap, place: int) -> tuple[int, int]:
    """(where, which); a marker may be preceded by fill bytes."""
    for marker_at in range(place, min(place + _FILL_MAX_BYTES, len(view) - 1)):
        if view[marker_at] != 0xFF:
            break
        if view[marker_at + 1] != 0xFF:
            return marker_at, view[marker_at + 1]
    raise _Damaged


def _is_kept(marker: int, body: bytes) -> bool:
    if marker in _KEPT_APPS:
        return body.startswith(_KEPT_APPS[marker])
    return not (0xE0 <= marker <= 0xEF or marker == 0xFE or marker in (0x00, 0xD8))


def _end_of_scan(view: mmap.mmap, place: int) -> int:
    found = _SCAN_END.search(view, place)
    return found.start() if found else len(view)


def _orientation_segment(exif: bytes) -> bytes:
    orientation = _orientation_of(exif)
    if orientation == 1:
        return b""
    body = b"Exif\0\0" + _orientation_block(orientation)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


# PNG: chunks of a length, a name, a body and a checksum.
_PNG_SIGNATURE_BYTES = 8
_CHUNKS_MAX = 100_000
_KEPT_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split()
)


def _copy_png(view: mmap.mmap, cleaned: IO[bytes]) -> bytes:
    """Copy what the picture needs; the EXIF block that was left out, or b""."""
    exif, is_oriented = _find_png_exif(view), False
    _copy(view, cleaned, 0, _PNG_SIGNATURE_BYTES)
    has_pixels = False
    for name, start, end in _png_chunks(view):
        if name == b"IDAT":
            has_pixels = True
        if name not in _KEPT_CHUNKS:
            continue
        if name == b"IDAT" and not is_oriented:
            cleaned.write(_orientation_chunk(exif))
            is_oriented = True
        _copy(view, cleaned, start, end)
    if not has_pixels:
        raise _Damaged
    return exif


def _png_chunks(view: mmap.mmap) -> list[tuple[bytes, int, int]]:
    """(name, start, end) of each chunk up to the end of the picture; one that is cut off ends with the file."""
    found: list[tuple[bytes, int, int]] = []
    place = _PNG_SIGNATURE_BYTES
    while place + 12 <= len(view) and len(found) < _CHUNKS_MAX:
        (length,) = struct.unpack_from(">I", view, place)
        name = view[place + 4 : place + 8]
        end = min(place + 12 + length, len(view))
        found.append((name, place, end))
        if name == b"IEND":
            break
        place = end
    return found


def _find_png_exif(view: mmap.mmap) -> bytes:
    for name, start, end in _png_chunks(view):
        if name == b"eXIf":
            return view[start + 8 : end - 4]
    return b""


def _orientation_chunk(exif: bytes) -> bytes:
    orientation = _orientation_of(exif)
    if orientation == 1:
        return b""
    body = _orientation_block(orientation)
    return struct.pack(">I", len(body)) + b"eXIf" + body + struct.pack(">I", zlib.crc32(b"eXIf" + body))


def _copy(view: mmap.mmap, cleaned: IO[bytes], start: int, end: int) -> None:
    for place in range(start, end, _COPY_BYTES):
        cleaned.write(view[place : min(place + _COPY_BYTES, end)])


# EXIF: a small TIFF.
def _orientation_block(orientation: int) -> bytes:
    """A TIFF that says nothing but how the picture is to be turned."""
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)


def _read_exif(exif: bytes) -> Any:
    from PIL import Image

    read = Image.Exif()
    if exif:
        read.load(b"Exif\0\0" + exif)
    return read


def _orientation_of(exif: bytes) -> int:
    try:
        orientation = _read_exif(exif).get(_ORIENTATION, 1)
    except (OSError, ValueError, SyntaxError, struct.error, KeyError, IndexError, TypeError):
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _place_of(exif: bytes) -> Place | None:
    try:
        gps = _read_exif(exif).get_ifd(_GPS)
        latitude = _degrees_e7(gps.get(2), is_negative=gps.get(1) == "S", most=90)
        longitude = _degrees_e7(gps.get(4), is_negative=gps.get(3) == "W", most=180)
    except (OSError, ValueError, SyntaxError, struct.error, KeyError, IndexError, TypeError, ArithmeticError):
        return None
    return Place(latitude, longitude)


def _degrees_e7(parts: Any, *, is_negative: bool, most: int) -> int:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not 0 <= value <= most:
        raise ValueError(value)
    return round(-value * _E7 if is_negative else value * _E7)
