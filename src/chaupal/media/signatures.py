"""What a file is by its own bytes, whatever it is called. Reads a bounded part of it, and follows nothing in it.

Evidence: the signatures are those of the formats' own specifications: JFIF and PNG, ISO 11172-3 (MPEG audio frames),
RIFF, PDF 32000-1 annex H (a header within the first 1,024 bytes), MS-CFB and MS-DOC/XLS/PPT (names of streams),
ECMA-376 (names of ZIP members), ISO 14496-12 and 3GPP TS 26.244 (brands).
"""

from __future__ import annotations

import mmap
import re
import struct
from pathlib import Path

from chaupal.media.file_types import (
    DOC,
    DOCX,
    JPEG,
    MP3,
    MP4,
    PDF,
    PNG,
    PPT,
    PPTX,
    THREE_GP,
    WAV,
    XLS,
    XLSX,
    FileType,
)

_HEAD_BYTES = 1_024
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_OLE_STREAMS = (
    ("WordDocument".encode("utf-16-le"), DOC),
    ("PowerPoint Document".encode("utf-16-le"), PPT),
    ("Workbook".encode("utf-16-le"), XLS),
    ("Book\0".encode("utf-16-le"), XLS),
)
_FILM_BRAND = re.compile(rb"isom|iso[2-9a-z]|mp4[12]|mp71|avc1|M4V[ HP]|MSNV|dash|f4v |mmp4|NDS[CHMPSX]|CAEP")
_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES = 22
_ZIP_COMMENT_MAX_BYTES = 65_535
_ZIP_ENTRY = struct.Struct("<4s24xHHH12x")
_ZIP_DIRECTORY_MAX_BYTES = 4 * 1024 * 1024
"""An office file's directory takes a few kB; what is longer is not read."""
_ZIP_MEMBERS = ((b"word/", DOCX), (b"xl/", XLSX), (b"ppt/", PPTX))


def find_type(path: Path) -> FileType | None:
    """The type that the file's bytes show; None where they show none that is taken. Blocks: reads the disk."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if not head:
            return None
        simple = _simple_type(head)
        if simple is not None:
            return simple
        if not head.startswith((_OLE, b"PK\x03\x04")):
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return _ole_type(view) if head.startswith(_OLE) else _zip_type(view)


def _simple_type(head: bytes) -> FileType | None:
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    if head[4:8] == b"ftyp":
        return _film_type(head)
    if head.startswith(b"ID3") or _begins_mp3_frame(head):
        return MP3
    if b"%PDF-" in head:
        return PDF
    return None


def _film_type(head: bytes) -> FileType | None:
    brand = head[8:12]
    if brand[:3] in (b"3gp", b"3g2", b"3ge", b"3gg", b"3gr", b"3gs"):
        return THREE_GP
    return MP4 if _FILM_BRAND.fullmatch(brand) else None


def _begins_mp3_frame(head: bytes) -> bool:
    """The header of an MPEG audio frame, layer III, with no reserved value in it."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, bitrate, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and 0 < bitrate < 15 and rate != 3


def _ole_type(view: mmap.mmap) -> FileType | None:
    for name, found in _OLE_STREAMS:
        if view.find(name) >= 0:
            return found
    return None


def _zip_type(view: mmap.mmap) -> FileType | None:
    names = _zip_names(view)
    if b"[Content_Types].xml" not in names:
        return None
    for folder, found in _ZIP_MEMBERS:
        if any(name.startswith(folder) for name in names):
            return found
    return None


def _zip_names(view: mmap.mmap) -> set[bytes]:
    """The names in a ZIP file's directory, as far as it is whole and not too long."""
    start = max(0, len(view) - _ZIP_END_BYTES - _ZIP_COMMENT_MAX_BYTES)
    end_at = view.rfind(_ZIP_END, start)
    if end_at < 0 or end_at + _ZIP_END_BYTES > len(view):
        return set()
    size_bytes, offset = struct.unpack_from("<II", view, end_at + 12)
    directory = view[offset : offset + min(size_bytes, _ZIP_DIRECTORY_MAX_BYTES)]
    names: set[bytes] = set()
    place = 0
    while place + 46 <= len(directory):
        mark, name_bytes, extra_bytes, comment_bytes = _ZIP_ENTRY.unpack_from(directory, place)
        if mark != b"PK\x01\x02":
            break
        names.add(directory[place + 46 : place + 46 + name_bytes])
        place += 46 + name_bytes + extra_bytes + comment_bytes
    return names
