"""Whether a file is what it is said to be: content type, extension and bytes must not contradict each other."""

from __future__ import annotations

from pathlib import Path

from chaupal.errors import InvalidParameters, UnsupportedMedia
from chaupal.media.file_names import split_extension
from chaupal.media.file_types import TAKEN, FileType, claimed_kinds, kind_of_extension
from chaupal.media.signatures import find_type


class FileEmpty(InvalidParameters):
    """A file without a byte. Fields: `field`."""

    def __init__(self, field: str) -> None:
        super().__init__(field=field, value="0 bytes", rule="must not be an empty file")


class TypeNotTaken(UnsupportedMedia):
    """The bytes are of none of the types that are taken. Fields: `field`, `taken`."""

    template = "{field}: the file is of no type that is taken: {taken}."


class ClaimContradicted(UnsupportedMedia):
    """The bytes are of another kind than was declared. Fields: `field`, `claim`, `found`."""

    template = "{field}: {claim} contradicts the file's content, which is {found}."


def check_claim(path: Path, *, field: str, content_type: str, name: str) -> FileType:
    """The file's true type. Blocks: reads the disk.

    The declared content type decides; where it is missing or generic, the extension. What is declared need only be of
    the file's kind: a PNG declared as JPEG is taken, and served as what it is.

    Raises:
        FileEmpty, TypeNotTaken, ClaimContradicted.
    """
    if path.stat().st_size == 0:
        raise FileEmpty(field)
    found = find_type(path)
    if found is None:
        raise TypeNotTaken(field=field, taken=TAKEN)
    claimed = claimed_kinds(content_type)
    if claimed is not None:
        if found.kind not in claimed:
            raise ClaimContradicted(field=field, claim=_shown(content_type), found=found.content_type)
        return found
    extension = split_extension(name)[1]
    if kind_of_extension(extension) not in (None, found.kind):
        raise ClaimContradicted(field=field, claim=f"the extension '{extension}'", found=found.content_type)
    return found


def _shown(content_type: str) -> str:
    name = content_type.partition(";")[0].strip()
    return f"the content type '{name[:100]}'"
