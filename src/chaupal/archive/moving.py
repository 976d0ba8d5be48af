"""Taking an installation from SQLite over into PostgreSQL: an archive of its rows, put back there.

The data folder stays: media and key are where they were. Until the last row is compared and committed, PostgreSQL holds
nothing that counts; the SQLite database is only read.
"""

from __future__ import annotations

import time
from dataclasses import replace

from chaupal.archive.contents import ArchiveRefused, Manifest
from chaupal.archive.restoring import restore_archive
from chaupal.archive.writing import Tell, write_archive
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.opening import DataFolder


def move_to_postgres(settings: Settings, url: str, *, tell: Tell = lambda _what: None) -> Manifest:
    """Copy every row; what was copied. Blocks; no server may run on the data folder.

    Raises:
        ArchiveRefused: there is nothing to take over, or the database at `url` holds something already.
        DataFolderBusy: a server runs.
        OSError, and the databases' errors: run it again.
    """
    if settings.is_postgres:
        raise ArchiveRefused("the installation is on PostgreSQL already (CHAUPAL_DATABASE)")
    target = replace(settings, database=url)
    if not target.is_postgres:
        raise ArchiveRefused("--to must be a postgresql:// URL")
    if not settings.sqlite_path.exists():
        raise ArchiveRefused(f"there is no database at {settings.sqlite_path}: nothing to take over")
    folder = DataFolder(settings.data)
    folder.take_lock()
    try:
        kept = settings.data / "backups"
        kept.mkdir(mode=0o700, exist_ok=True)
        # With an id, because one that was cut off may be run again in the same second.
        path = kept / f"before-postgresql-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{new_id()}.zip"
        write_archive(settings, path, with_key=False, with_media=False, tell=tell)
        return restore_archive(target, path, tell=tell)
    finally:
        folder.release_lock()
