"""Writing an archive of the installation as it stands at one moment, also while the server runs.

The rows are those of one snapshot. Files of media never change, so they are copied after it; one that was erased in
between is named as missing. The archive gets its name only once it is whole, forced to disk and read again.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec

import chaupal
from chaupal.archive.checking import check_archive
from chaupal.archive.contents import (
    FORMAT,
    FORMAT_VERSION,
    KEY,
    MANIFEST,
    MEDIA_FOLDER,
    ArchiveRefused,
    Manifest,
    MediaContents,
    RowDigest,
    TableContents,
    member_of,
    write_lines,
)
from chaupal.media.archiving import StoredObject, noting_objects
from chaupal.media.media_store import make_media_store
from chaupal.media.objects import ObjectMissing, ObjectStore, force_folder
from chaupal.settings import Settings
from chaupal.store.migrating import current_version
from chaupal.store.schema import SCHEMA_VERSION
from chaupal.store.whole_database import TableShape, WholeDatabase, declared_tables, read_database

Tell = Callable[[str], None]
"""Is told what is going on, for whoever waits."""

_PART_SUFFIX = ".part"
_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""A file of media has none; ZIP knows no earlier one."""

_FAST = 1
"""Rows shrink to a fifth; a higher level takes several times as long for some percent more."""


def write_archive(
    settings: Settings, path: Path, *, with_key: bool, with_media: bool = True, tell: Tell = lambda _what: None
) -> Manifest:
    """Write, check, and name it; what it holds. Blocks; needs as much room as the database's text and its media.

    Raises:
        ArchiveRefused: there is something at `path` already, or nothing that could be archived.
        OSError, and the database's errors: nothing stays at `path`.
    """
    check_source(settings)
    with writing(path, tell) as archive:
        return _write_all(archive, settings, with_key=with_key, with_media=with_media, tell=tell)


@contextmanager
def writing(path: Path, tell: Tell, of_format: str = FORMAT) -> Iterator[zipfile.ZipFile]:
    """An archive to be written by the block; at its end it is forced to disk, read again, and gets its name.

    Raises:
        ArchiveRefused: there is something at `path` already.
    """
    if path.exists():
        raise ArchiveRefused(f"'{path}' exists already: choose another name, or delete it first")
    part = path.with_name(path.name + _PART_SUFFIX)
    try:
        with _new_file(part) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        tell("reading it again")
        check_archive(part, of_format)
        os.link(part, path)  # unlike a rename it does not replace what has come there meanwhile
    except FileExistsError:
        raise ArchiveRefused(f"'{path}' exists already: choose another name, or delete it first") from None
    finally:
        part.unlink(missing_ok=True)
    force_folder(path.resolve().parent)


def _new_file(path: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")
    except PermissionError as error:
        raise ArchiveRefused(f"'{path}' cannot be written: {error.strerror}") from error


def check_source(settings: Settings) -> None:
    """Raise ArchiveRefused where there is no database of this program's schema."""
    if not settings.is_postgres and not settings.sqlite_path.exists():
        raise ArchiveRefused(f"there is no database at {settings.sqlite_path}: nothing to archive")
    found = current_version(settings)
    if found != SCHEMA_VERSION:
        raise ArchiveRefused(
            f"the database has schema {found or 'none'}, this version of chaupal archives {SCHEMA_VERSION}: "
            "run `chaupal migrate` first"
        )


def _write_all(
    archive: zipfile.ZipFile, settings: Settings, *, with_key: bool, with_media: bool, tell: Tell
) -> Manifest:
    if with_key:
        archive.writestr(KEY, settings.secret_key_path.read_bytes())
    stored: list[StoredObject] = []
    with read_database(settings) as database:
        tables = [write_table(archive, database, table, stored, tell) for table in all_tables()]
    if not with_media:
        stored.clear()
    copied = asyncio.run(write_media(archive, make_media_store(settings).objects, stored, tell))
    manifest = Manifest(**described(settings, FORMAT, tables, copied, has_key=with_key))
    archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


def described(
    settings: Settings, of_format: str, tables: list[TableContents], media: MediaContents, *, has_key: bool
) -> dict[str, Any]:
    """The fields of a manifest."""
    return {
        "format": of_format,
        "format_version": FORMAT_VERSION,
        "program_version": chaupal.__version__,
        "schema_version": SCHEMA_VERSION,
        "made_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "database": "postgresql" if settings.is_postgres else "sqlite",
        "tables": tuple(tables),
        "media": media,
        "has_key": has_key,
    }


def all_tables() -> list[TableShape]:
    """Every table of the program, whichever rooms are imported."""
    for file in sorted(Path(chaupal.__path__[0]).glob("*/tables.py")):
        importlib.import_module(f"chaupal.{file.parent.name}.tables")
    return declared_tables()


def write_table(
    archive: zipfile.ZipFile,
    database: WholeDatabase,
    table: TableShape,
    stored: list[StoredObject],
    tell: Tell,
    *,
    tenant_id: str | None = None,
) -> TableContents:
    """Write one table, or what it has of one tenant; the media objects that it speaks of are added to `stored`."""
    tell(f"table {table.name}")
    digest = RowDigest()
    rows = noting_objects(table, database.rows(table, tenant_id=tenant_id), stored)
    with archive.open(member_of(table), "w", force_zip64=True) as file:
        for line in write_lines(rows, digest):
            file.write(line)
    return digest.contents_of(table)


async def write_media(
    archive: zipfile.ZipFile, objects: ObjectStore, stored: list[StoredObject], tell: Tell
) -> MediaContents:
    """Copy the bytes of media."""
    copied_bytes = 0
    missing: list[str] = []
    damaged: list[str] = []
    for number, each in enumerate(stored, 1):
        if number % 100 == 1:
            tell(f"media {number} of {len(stored)}")
        try:
            is_whole = await _write_object(archive, objects, each)
        except ObjectMissing:
            missing.append(each.key.path)
            continue
        copied_bytes += each.size_bytes
        if not is_whole:
            damaged.append(each.key.path)
    return MediaContents(len(stored) - len(missing), copied_bytes, tuple(missing), tuple(damaged))


async def _write_object(archive: zipfile.ZipFile, objects: ObjectStore, stored: StoredObject) -> bool:
    """Copy one object's bytes; whether they are those that its name promises.

    Raises:
        ObjectMissing: there are none; nothing was written.
    """
    pieces = objects.read(stored.key, 0, stored.size_bytes)
    first = await anext(pieces, b"")
    content = hashlib.sha256(first)
    member = zipfile.ZipInfo(MEDIA_FOLDER + stored.key.path, _NO_TIME)
    with archive.open(member, "w", force_zip64=True) as file:
        file.write(first)
        async for piece in pieces:
            content.update(piece)
            file.write(piece)
    return content.hexdigest() == stored.key.sha256
