"""`chaupal backup` and `chaupal restore`: the whole installation as one file, and back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from chaupal.cli.asking import set_up_quiet_logs
from chaupal.cli.options import Json
from chaupal.cli.output import print_facts, print_json
from chaupal.control.explaining import explained_opening
from chaupal.control.protocol import OperationFailed
from chaupal.settings import load_settings

if TYPE_CHECKING:
    from chaupal.archive.contents import Manifest


class ArchiveFacts(msgspec.Struct, rename="camel"):
    """What a command says of an archive."""

    file: str
    size_bytes: int
    made_at: str
    schema_version: str
    rows: int
    media_files: int
    media_bytes: int
    missing_media: tuple[str, ...]
    damaged_media: tuple[str, ...]
    has_secret_key: bool


def backup(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A new file; else one in this folder, named by the time.")
    ] = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Leave the secret key out; a restore needs it beside the file.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write everything into one file, also while the server runs, and read it again to know that it is whole."""
    settings = load_settings()
    set_up_quiet_logs(settings)
    path = file or Path(f"chaupal-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip")
    with explained_archive() as tell, explained_opening(settings):
        from chaupal.archive.writing import write_archive

        manifest = write_archive(settings, path, with_key=not without_key, tell=tell)
    _print(path, manifest, as_json=as_json)
    if not as_json:
        secret = "It holds every secret of the installation" if not without_key else "The secret key is not in it"
        advice = "keep it as safe as the server" if not without_key else f"keep {settings.secret_key_path} as well"
        print(f"\nWhole: it was read again and compared. {secret}: {advice}.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `chaupal backup` has written.")],
    check: Annotated[bool, typer.Option("--check", help="Only read the file and say whether it is whole.")] = False,
    as_json: Json = False,
) -> None:
    """Put a backup into an empty installation; on SQLite or PostgreSQL, whichever it was made from."""
    settings = load_settings()
    set_up_quiet_logs(settings)
    with explained_archive() as tell, explained_opening(settings):
        from chaupal.archive.checking import check_archive
        from chaupal.archive.restoring import restore_archive
        from chaupal.store.opening import DataFolderBusy

        try:
            manifest = check_archive(file) if check else restore_archive(settings, file, tell=tell)
        except DataFolderBusy as error:
            raise OperationFailed(
                f"The data folder {settings.data.absolute()} is in use: a backup is put into an installation of its "
                "own, while no server runs on it.",
                error_code="Conflict",
                category="ResourceException",
            ) from error
    _print(file, manifest, as_json=as_json)
    if not as_json:
        done = "Whole." if check else "Put back and compared. Run `chaupal doctor`, then start the server."
        print(f"\n{done}")


class Moved(msgspec.Struct, rename="camel"):
    """What was taken over."""

    rows: int
    tables: int
    schema_version: str


def migrate_database(
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="The new database, postgresql://user:password@host/name.")
    ],
    as_json: Json = False,
) -> None:
    """Take an installation from SQLite over into an empty PostgreSQL database; stop the server first."""
    settings = load_settings()
    set_up_quiet_logs(settings)
    with explained_archive() as tell, explained_opening(settings):
        from chaupal.archive.moving import move_to_postgres
        from chaupal.store.opening import DataFolderBusy
        from chaupal.store.schema import SCHEMA_VERSION

        try:
            row_counts = move_to_postgres(settings, to, tell=tell)
        except DataFolderBusy as error:
            raise OperationFailed(
                f"The data folder {settings.data.absolute()} is in use: stop the server first, so that nothing is "
                "written meanwhile.",
                error_code="Conflict",
                category="ResourceException",
            ) from error
    moved = Moved(sum(row_counts.values()), len(row_counts), SCHEMA_VERSION)
    if as_json:
        print_json(moved)
        return
    print(f"{moved.rows:,} rows in {moved.tables} tables were taken over and compared.")
    print("Set CHAUPAL_DATABASE to the new database, with the same data folder, and start the server.")
    print(f"The old database is left as it was: {settings.sqlite_path}. Do not start a server on it again.")


def _print(path: Path, manifest: Manifest, *, as_json: bool) -> None:
    facts = ArchiveFacts(
        file=str(path),
        size_bytes=path.stat().st_size,
        made_at=manifest.made_at,
        schema_version=manifest.schema_version,
        rows=manifest.row_count,
        media_files=manifest.media.count,
        media_bytes=manifest.media.size_bytes,
        missing_media=manifest.media.missing,
        damaged_media=manifest.media.damaged,
        has_secret_key=manifest.has_key,
    )
    if as_json:
        print_json(facts)
        return
    print_facts(
        [
            ("file", facts.file),
            ("size", f"{facts.size_bytes:,} bytes"),
            ("made", facts.made_at),
            ("schema", facts.schema_version),
            ("rows", f"{facts.rows:,}"),
            ("media", f"{facts.media_files:,} files, {facts.media_bytes:,} bytes"),
            ("secret key", "in it" if facts.has_secret_key else "not in it"),
            ("missing media", list(facts.missing_media)),
            ("damaged media", list(facts.damaged_media)),
        ]
    )


@contextmanager
def explained_archive() -> Iterator[Callable[[str], None]]:
    """Turn refusals into a command's failure; gives what is told to whoever waits at a terminal."""
    from chaupal.archive.contents import ArchiveRefused

    with _shown_progress() as tell:
        try:
            yield tell
        except ArchiveRefused as error:
            text = str(error)
            raise OperationFailed(
                f"{text[:1].upper()}{text[1:]}.", error_code="Conflict", category="ResourceException"
            ) from error


@contextmanager
def _shown_progress() -> Iterator[Callable[[str], None]]:
    if not sys.stderr.isatty():
        yield lambda _what: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("") as status:
        yield lambda what: status.update(escape(what))
