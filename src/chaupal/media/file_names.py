"""Names of files as people gave them, made fit to be stored and answered. They never become a path."""

from __future__ import annotations

import re
import unicodedata

from chaupal.media.file_types import BY_EXTENSION, FileType

NAME_MAX_CHARS = 200
_EXTENSION_MAX_CHARS = 10

_UNFIT = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_DIRECTING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks of writing direction: "gpj.exe" may be shown as "exe.jpg" with them."""
_SPACES = re.compile(r"\s+")


def split_extension(name: str) -> tuple[str, str]:
    """(stem, extension without its dot or "")."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or not extension.isalnum() or len(extension) > _EXTENSION_MAX_CHARS:
        return name, ""
    return stem, extension


def fit_name(given: str, file_type: FileType, *, number: int) -> str:
    """The last part of a path-like name, with nothing in it that misleads, and with an extension that is true.

    A name of nothing becomes the kind's, such as `image-2.jpg`.
    """
    last = re.split(r"[/\\]", given)[-1]
    kept = "".join(
        character
        for character in unicodedata.normalize("NFC", last)
        if unicodedata.category(character) not in _UNFIT and character not in _DIRECTING
    )
    stem, extension = split_extension(_SPACES.sub(" ", kept).strip(" ."))
    if extension.lower() not in BY_EXTENSION and extension:
        stem, extension = f"{stem}.{extension}", ""
    if extension.lower() not in file_type.extensions:
        extension = file_type.extension
    stem = stem[: NAME_MAX_CHARS - len(extension) - 1].strip(" .")
    return f"{stem or _default_stem(file_type, number)}.{extension}"


def _default_stem(file_type: FileType, number: int) -> str:
    stem = file_type.kind.value.lower()
    return stem if number == 1 else f"{stem}-{number}"
