"""Putting an archive back: into an installation that holds nothing yet, on either database.

Nothing is overwritten. Files of media come first, then all rows in one transaction, compared with the archive before it
is committed; so a restore that was cut off left nothing that counts, and is simply run again.
"""

from __future__ import annotations

import asyncio
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

from chaupal.archive.checking import check_archive, opened_archive
from chaupal.archive.contents import (
    KEY,
    MEDIA_FOLDER,
    ArchiveRefused,
    Manifest,
    RowDigest,
    TableContents,
    check_digest,
    pieces,
    read_lines,
    summed_rows,
)
from chaupal.archive.writing import Tell
from chaupal.auth.caller import INSTALLATION
from chaupal.media.archiving import StoredObject, noting_objects
from chaupal.media.media_store import MediaStore, make_media_store
from chaupal.media.objects import force_folder
from chaupal.settings import Settings
from chaupal.store.migrating import current_version, migrate
from chaupal.store.opening import DataFolder
from chaupal.store.schema import SCHEMA_VERSION
from chaupal.store.whole_database import TableShape, WholeDatabase, fill_database, read_database

TENANTS = "tenants"


def restore_archive(settings: Settings, path: Path, *, tell: Tell = lambda _what: None) -> Manifest:
    """Check the archive, then put it back. Blocks.

    Raises:
        ArchiveRefused: the archive cannot be used, or the installation holds something already.
        DataFolderBusy: a server runs on the data folder.
        OSError, and the database's errors: no row was put back.
    """
    tell("checking the archive")
    manifest = check_archive(path)
    if manifest.schema_version > SCHEMA_VERSION:
        raise ArchiveRefused(
            f"the archive has schema {manifest.schema_version}, this version of chaupal knows up to {SCHEMA_VERSION}: "
            "install the version that made it, or a newer one"
        )
    folder = DataFolder(settings.data)
    folder.prepare()
    if not settings.is_postgres:
        folder.take_lock()
    try:
        with opened_archive(path) as (archive, manifest):
            _restore_all(archive, manifest, settings, tell)
    finally:
        folder.release_lock()
    return manifest


def _restore_all(archive: zipfile.ZipFile, manifest: Manifest, settings: Settings, tell: Tell) -> None:
    check_empty(settings, [contents.table for contents in manifest.tables], manifest.schema_version)
    _restore_key(archive, manifest, settings.secret_key_path)
    # An archive of an older program is put into the tables of that time, which are then migrated like any others.
    migrate(settings, target=manifest.schema_version)
    stored: list[StoredObject] = []
    with fill_database(settings) as database:
        for contents in manifest.tables:
            tell(f"table {contents.table.name}")
            _restore_table(archive, contents, database, stored)
        asyncio.run(restore_media(archive, make_media_store(settings), stored, tell))
    migrate(settings)


def check_empty(settings: Settings, tables: Sequence[TableShape], schema_version: str = SCHEMA_VERSION) -> None:
    """Raise ArchiveRefused where there are rows already. Tables without rows, as a cut-off restore leaves, are fine."""
    found = current_version(settings)
    if found is None:
        return
    place = "the database of CHAUPAL_DATABASE" if settings.is_postgres else f"'{settings.sqlite_path}'"
    advice = "Name a new CHAUPAL_DATA folder, or an empty database, or move the old one away"
    if found != schema_version:
        raise ArchiveRefused(
            f"{place} has tables of schema {found} already, these rows are of {schema_version}. {advice}"
        )
    with read_database(settings) as database:
        filled = [table.name for table in tables if is_filled(database, table)]
    if filled:
        raise ArchiveRefused(
            f"{place} holds data already ({', '.join(filled[:3])}): an archive is only put into an empty installation. "
            f"{advice}"
        )


def is_filled(database: WholeDatabase, table: TableShape) -> bool:
    """Whether the table has rows; the one of tenants, of others than the installation itself."""
    if table.name != TENANTS:
        return database.has_rows(table)
    place = [column.name for column in table.columns].index("tenant_id")
    # The migrations make a row for what belongs to no tenant.
    return any(row[place] != INSTALLATION.tenant_id for row in database.rows(table))


def _restore_key(archive: zipfile.ZipFile, manifest: Manifest, place: Path) -> None:
    """Have the archive's key in its place. A key is never replaced: something else may be sealed with it.

    Raises:
        ArchiveRefused: there is none, or another one.
    """
    archived = archive.read(KEY) if manifest.has_key else None
    try:
        present = place.read_bytes()
    except FileNotFoundError:
        if archived is None:
            raise ArchiveRefused(
                f"the archive was made without its secret key: put the key's file at {place} first"
            ) from None
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(archived)
            file.flush()
            os.fsync(file.fileno())
        force_folder(place.parent)
        return
    if archived is not None and present.strip() != archived.strip():
        raise ArchiveRefused(
            f"the secret key at {place} is not the archive's: move it away, or name another CHAUPAL_SECRET_KEY_FILE"
        )


def _restore_table(
    archive: zipfile.ZipFile, contents: TableContents, database: WholeDatabase, stored: list[StoredObject]
) -> None:
    table = contents.table
    with archive.open(contents.member) as file:
        database.replace(table, noting_objects(table, read_lines(file, contents, RowDigest()), stored))
    found = RowDigest()
    for _row in summed_rows(database.rows(table), found):
        pass
    check_digest(contents, found, where="after it was put back")


async def restore_media(archive: zipfile.ZipFile, media: MediaStore, stored: list[StoredObject], tell: Tell) -> None:
    """Put the files of media that the archive has into their places; one that is there is replaced by itself."""
    members = set(archive.namelist())
    for number, each in enumerate(stored, 1):
        if number % 100 == 1:
            tell(f"media {number} of {len(stored)}")
        member = MEDIA_FOLDER + each.key.path
        if member not in members:
            continue
        path = media.incoming.new_path()
        try:
            with archive.open(member) as file, path.open("xb") as copy:
                for piece in pieces(file):
                    copy.write(piece)
            await media.objects.put(each.key, path)
        finally:
            path.unlink(missing_ok=True)
