"""The types of files that are taken: their kinds, extensions, and the names that clients give them.

Source: contract, section 7; the aliases are those that real programs send (browsers, .NET, Android, PHP's finfo).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class MediaKind(StrEnum):
    """What a media resource is; the words of the old API's action types."""

    IMAGE = "Image"
    ALBUM = "Album"
    AUDIO = "Audio"
    DOCUMENT = "Document"
    VIDEO = "Video"


class FileType(msgspec.Struct, frozen=True):
    """One type. The first extension and content type are those that are answered."""

    kind: MediaKind
    extensions: tuple[str, ...]
    content_types: tuple[str, ...]

    @property
    def extension(self) -> str:
        """Without its dot."""
        return self.extensions[0]

    @property
    def content_type(self) -> str:
        """As it is served."""
        return self.content_types[0]


_OPEN = "application/vnd.openxmlformats-officedocument."

JPEG = FileType(MediaKind.IMAGE, ("jpg", "jpeg"), ("image/jpeg", "image/jpg", "image/pjpeg", "image/x-citrix-jpeg"))
PNG = FileType(MediaKind.IMAGE, ("png",), ("image/png", "image/x-png", "image/x-citrix-png"))
MP3 = FileType(
    MediaKind.AUDIO,
    ("mp3",),
    (
        "audio/mpeg",
        "audio/mp3",
        "audio/x-mp3",
        "audio/mpeg3",
        "audio/x-mpeg-3",
        "audio/x-mpeg",
        "audio/mpg",
        "audio/x-mpg",
        "audio/x-mpegaudio",
    ),
)
WAV = FileType(
    MediaKind.AUDIO,
    ("wav",),
    ("audio/wav", "audio/x-wav", "audio/wave", "audio/x-pn-wav", "audio/vnd.wave", "audio/s-wav"),
)
PDF = FileType(
    MediaKind.DOCUMENT, ("pdf",), ("application/pdf", "application/x-pdf", "application/acrobat", "text/pdf")
)
DOC = FileType(MediaKind.DOCUMENT, ("doc",), ("application/msword", "application/doc", "application/vnd.ms-word"))
XLS = FileType(
    MediaKind.DOCUMENT,
    ("xls",),
    ("application/vnd.ms-excel", "application/excel", "application/x-excel", "application/x-msexcel"),
)
PPT = FileType(
    MediaKind.DOCUMENT,
    ("ppt",),
    (
        "application/vnd.ms-powerpoint",
        "application/powerpoint",
        "application/mspowerpoint",
        "application/x-mspowerpoint",
    ),
)
DOCX = FileType(MediaKind.DOCUMENT, ("docx",), (_OPEN + "wordprocessingml.document",))
XLSX = FileType(MediaKind.DOCUMENT, ("xlsx",), (_OPEN + "spreadsheetml.sheet",))
PPTX = FileType(MediaKind.DOCUMENT, ("pptx",), (_OPEN + "presentationml.presentation",))
# A film's container is named as sound by recorders of sound; the contract asks for `audio/3gpp`.
MP4 = FileType(MediaKind.VIDEO, ("mp4",), ("video/mp4", "application/mp4", "video/x-m4v", "video/mpeg4", "audio/mp4"))
THREE_GP = FileType(
    MediaKind.VIDEO,
    ("3gp", "3gpp"),
    ("video/3gpp", "audio/3gpp", "video/3gp", "audio/3gp", "video/3gpp2", "audio/3gpp2"),
)

FILE_TYPES = (JPEG, PNG, MP3, WAV, DOC, DOCX, XLS, XLSX, PPT, PPTX, PDF, MP4, THREE_GP)

BY_EXTENSION: dict[str, FileType] = {extension: known for known in FILE_TYPES for extension in known.extensions}
BY_CONTENT_TYPE: dict[str, FileType] = {name: known for known in FILE_TYPES for name in known.content_types}

TAKEN = "jpg, jpeg, png; mp3, wav; doc, docx, xls, xlsx, ppt, pptx, pdf; mp4, 3gp, 3gpp"
"""The extensions, as errors name them."""

_KIND_OF_GROUP = {"image": MediaKind.IMAGE, "audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}


def kind_of_extension(extension: str) -> MediaKind | None:
    """The kind that a file's name claims; None where it claims none that is known."""
    known = BY_EXTENSION.get(extension.lower())
    return known.kind if known else None


def claimed_kinds(content_type: str) -> frozenset[MediaKind] | None:
    """The kinds that a declared content type may mean; None where it says nothing (missing, generic, or unheard of).

    A group that holds nothing taken (`text/html`) claims no kind, which no file agrees with.
    """
    name = content_type.partition(";")[0].strip().lower()
    known = BY_CONTENT_TYPE.get(name)
    group = name.partition("/")[0]
    if known is not None:
        return frozenset({known.kind})
    if group in _KIND_OF_GROUP:
        return frozenset({_KIND_OF_GROUP[group]})
    return frozenset() if group in ("text", "message", "font", "model") else None
