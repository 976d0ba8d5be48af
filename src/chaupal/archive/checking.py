"""Reading an archive whole, to know that it is one: every row and every file, against what the manifest says."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from chaupal.archive.contents import (
    FORMAT,
    FORMAT_VERSION,
    KEY,
    MANIFEST,
    MEDIA_FOLDER,
    MEDIA_NAME,
    TENANT_FORMAT,
    ArchiveRefused,
    Manifest,
    RowDigest,
    TenantManifest,
    check_digest,
    pieces,
    read_lines,
)

_MANIFEST_MOST_BYTES = 64 * 1024 * 1024


class _Format(msgspec.Struct):
    format: str


_MADE_BY = {FORMAT: "chaupal backup", TENANT_FORMAT: "chaupal tenant export"}


def check_archive(path: Path, of_format: str = FORMAT) -> Manifest:
    """Read everything; the manifest. Blocks.

    Raises:
        ArchiveRefused: it is no archive, of a later format, or not whole.
    """
    with opened_archive(path, of_format) as (archive, manifest):
        names = set(archive.namelist())
        for contents in manifest.tables:
            if contents.member not in names:
                raise ArchiveRefused(f"'{path}' has no {contents.member}, though its manifest names it")
            digest = RowDigest()
            with archive.open(contents.member) as file:
                for _row in read_lines(file, contents, digest):
                    pass
            check_digest(contents, digest, where="in the archive")
        _check_media(archive, manifest)
        if manifest.has_key:
            if KEY not in names:
                raise ArchiveRefused(f"'{path}' has no {KEY}, though its manifest names it")
            archive.read(KEY)  # compared with its checksum
    return manifest


@contextmanager
def opened_archive(path: Path, of_format: str = FORMAT) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """The archive and its manifest.

    Raises:
        ArchiveRefused: also where the block meets bytes that are not those that were written.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, _read_manifest(archive, path, of_format)
    except FileNotFoundError:
        raise ArchiveRefused(f"there is no file {path}") from None
    except IsADirectoryError:
        raise ArchiveRefused(f"'{path}' is a folder, not an archive") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ArchiveRefused(f"'{path}' is no archive, or is damaged: {error}") from error
    except Exception as error:
        if type(error).__module__ != "zlib":
            raise
        raise ArchiveRefused(f"'{path}' is damaged: {error}") from error


def _read_manifest(archive: zipfile.ZipFile, path: Path, of_format: str) -> Manifest:
    try:
        size_bytes = archive.getinfo(MANIFEST).file_size
        text = archive.read(MANIFEST) if size_bytes <= _MANIFEST_MOST_BYTES else b""
        found = msgspec.json.decode(text, type=_Format)
        if found.format != of_format and found.format in _MADE_BY:
            raise ArchiveRefused(f"'{path}' was made by `{_MADE_BY[found.format]}`, which belongs to another command")
        manifest = msgspec.json.decode(text, type=TenantManifest if of_format == TENANT_FORMAT else Manifest)
    except (KeyError, msgspec.DecodeError) as error:
        raise ArchiveRefused(f"'{path}' is no archive of chaupal: it has no readable {MANIFEST}") from error
    if manifest.format != of_format or manifest.format_version > FORMAT_VERSION:
        raise ArchiveRefused(
            f"'{path}' has the format {manifest.format} {manifest.format_version}, this version of chaupal reads "
            f"{of_format} up to {FORMAT_VERSION}"
        )
    return manifest


def _check_media(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    found = 0
    for member in archive.infolist():
        if not member.filename.startswith(MEDIA_FOLDER):
            continue
        name = MEDIA_NAME.fullmatch(member.filename)
        if name is None:
            raise ArchiveRefused(f"{member.filename} is no name of a file of media")
        found += 1
        content = hashlib.sha256()
        with archive.open(member) as file:
            for piece in pieces(file):
                content.update(piece)
        is_damaged = content.hexdigest() != name[1]
        if is_damaged and member.filename.removeprefix(MEDIA_FOLDER) not in manifest.media.damaged:
            raise ArchiveRefused(f"{member.filename} is damaged: its bytes are not those that its name promises")
    if found != manifest.media.count:
        raise ArchiveRefused(f"there are {found} files of media instead of {manifest.media.count}")
