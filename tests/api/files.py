"""Files of every type that is taken, as small as they can be, and bodies that carry them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

BOUNDARY = "the-boundary-of-these-tests"


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (640, 400), *, exif: Image.Exif | None = None, **options: Any
) -> bytes:
    """A picture of grey stripes."""
    image = Image.linear_gradient("L").resize(size).convert(options.pop("mode", "RGB"))
    made = io.BytesIO()
    image.save(made, kind, **({"exif": exif} if exif is not None else {}), **options)
    return made.getvalue()


def exif_of(*, orientation: int = 1, gps: dict[int, Any] | None = None) -> Image.Exif:
    """What a camera writes into a picture."""
    exif = Image.Exif()
    exif[0x010F] = "Maker of the camera"
    exif[0x0112] = orientation
    if gps is not None:
        exif[0x8825] = gps
    return exif


DELHI = {1: "N", 2: (28.0, 36.0, 50.04), 3: "E", 4: (77.0, 12.0, 32.4)}
DELHI_E7 = (286_139_000, 772_090_000)


def office(folder: str, *, extra: Sequence[str] = ()) -> bytes:
    """A ZIP file with the members that an office program writes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", f"{folder}/document.xml", *extra):
            archive.writestr(name, "<x/>")
    return made.getvalue()


def old_office(stream: str) -> bytes:
    """The header of a compound file, and its directory with one stream in it."""
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) + stream.encode("utf-16-le").ljust(512, b"\0")


def film(brand: bytes) -> bytes:
    """The first box of a film's file."""
    return struct.pack(">I4s4sI4s", 20, b"ftyp", brand, 512, b"isom") + b"\0\0\0\x08free" + bytes(100)


MP3_FRAME = b"\xff\xfb\x90\x64" + bytes(413)
WAV = b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(24)
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"

SAMPLES: dict[str, tuple[bytes, str, str]] = {
    "jpg": (picture("JPEG"), "image/jpeg", "Image"),
    "jpeg": (picture("JPEG"), "image/jpeg", "Image"),
    "png": (picture("PNG"), "image/png", "Image"),
    "mp3": (b"ID3\x04\0\0\0\0\0\0" + MP3_FRAME, "audio/mpeg", "Audio"),
    "wav": (WAV, "audio/wav", "Audio"),
    "pdf": (PDF, "application/pdf", "Document"),
    "doc": (old_office("WordDocument"), "application/msword", "Document"),
    "xls": (old_office("Workbook"), "application/vnd.ms-excel", "Document"),
    "ppt": (old_office("PowerPoint Document"), "application/vnd.ms-powerpoint", "Document"),
    "docx": (
        office("word"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "Document",
    ),
    "xlsx": (office("xl"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Document"),
    "pptx": (
        office("ppt"),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "Document",
    ),
    "mp4": (film(b"isom"), "video/mp4", "Video"),
    "3gp": (film(b"3gp4"), "video/3gpp", "Video"),
    "3gpp": (film(b"3gp5"), "video/3gpp", "Video"),
}
"""(bytes, content type, kind) by extension."""


@dataclass(frozen=True)
class Part:
    """A part of a multipart body. `disposition` replaces what is made of the names."""

    content: bytes
    file_name: str | None = "photo.jpg"
    content_type: str = ""
    name: str = "file"
    disposition: bytes = b""
    further: bytes = b""

    def head(self) -> bytes:
        disposition = self.disposition or f'form-data; name="{self.name}"'.encode()
        if self.file_name is not None and not self.disposition:
            disposition += f'; filename="{self.file_name}"'.encode()
        kind = f"\r\nContent-Type: {self.content_type}".encode() if self.content_type else b""
        return b"Content-Disposition: " + disposition + kind + self.further


def multipart(*parts: Part) -> tuple[bytes, dict[str, str]]:
    """(body, headers)."""
    body = b"".join(f"--{BOUNDARY}\r\n".encode() + part.head() + b"\r\n\r\n" + part.content + b"\r\n" for part in parts)
    return body + f"--{BOUNDARY}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
