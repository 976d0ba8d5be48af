"""`chaupal tenant`: the organizations that this installation serves, and taking one out or in as a file."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from chaupal.cli.asking import ask, set_up_quiet_logs
from chaupal.cli.backups import explained_archive
from chaupal.cli.options import Json, new_group
from chaupal.cli.output import print_facts, print_json, print_table
from chaupal.control import arrival_calls, calls
from chaupal.control.explaining import explained_opening
from chaupal.control.protocol import OperationFailed
from chaupal.settings import load_settings

if TYPE_CHECKING:
    from chaupal.archive.contents import TenantManifest

app = new_group("Tenants: the organizations that this installation serves.")

_LOOK_EVERY_S = 0.5
_COUNTED = ("people", "groups", "messages", "media bytes")

PassphraseFile = Annotated[
    Path, typer.Option("--passphrase-file", metavar="FILE", help="A file whose first line seals the tenant's key.")
]

WithInstallationKey = Annotated[
    bool,
    typer.Option(
        "--with-installation-key", help="Also where the tenant's key is that of the installation (it is old)."
    ),
]


class TenantFileFacts(msgspec.Struct, rename="camel"):
    """What a command says of a tenant's file."""

    file: str
    tenant_id: str
    name: str
    size_bytes: int
    rows: int
    media_files: int
    media_bytes: int
    missing_media: tuple[str, ...]


@app.command("list")
def list_all(
    counts: Annotated[
        bool, typer.Option("--counts", help="Also the people, groups, messages and bytes of media of each.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the tenants, oldest first, and those in other cells, as far as this one knows them."""
    found = ask(calls.TENANT_LIST, calls.TenantList(with_counts=counts))
    if as_json:
        print_json(found)
        return
    has_cells = bool(found.elsewhere) or any(row.cell for row in found.tenants)
    headers = ["id", "name", *(["cell"] if has_cells else []), *(_COUNTED if counts else [])]
    rows = [
        [row.tenant_id, row.name, *([row.cell] if has_cells else []), *_counted(row.counts)] for row in found.tenants
    ]
    uncounted = ["" for _ in _COUNTED] if counts else []
    rows += [[row.tenant_id, row.name, row.cell, *uncounted] for row in found.elsewhere]
    print_table(headers, rows, empty="There is no tenant yet; `chaupal init` makes one.")


def _counted(counts: calls.TenantCounts | None) -> list[str]:
    if counts is None:
        return []
    found = (counts.people, counts.groups, counts.messages, counts.media_bytes)
    return ["too many to count" if each is None else f"{each:,}" for each in found]


@app.command("export")
def export(
    tenant: Annotated[str, typer.Argument(metavar="ID-or-NAME", help="The tenant.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new file.")],
    passphrase_file: PassphraseFile,
    with_installation_key: WithInstallationKey = False,
    as_json: Json = False,
) -> None:
    """Write one tenant with all that it has into a file, also while the server runs; it stays here as well."""
    settings = load_settings()
    set_up_quiet_logs(settings)
    with explained_archive() as tell, explained_opening(settings):
        from chaupal.archive.tenants import export_tenant, read_passphrase

        passphrase = read_passphrase(passphrase_file)
        manifest = export_tenant(
            settings, tenant, to, passphrase=passphrase, with_installation_key=with_installation_key, tell=tell
        )
    _print(to, manifest, as_json=as_json)
    if not as_json:
        print("\nWhole: it was read again and compared. It holds what people wrote: keep it as safe as the server.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `chaupal tenant export` has written.")],
    passphrase_file: PassphraseFile,
    as_json: Json = False,
) -> None:
    """Put a tenant from a file into this installation, which may be serving others; on SQLite or PostgreSQL."""
    settings = load_settings()
    set_up_quiet_logs(settings)
    with explained_archive() as tell, explained_opening(settings):
        from chaupal.archive.tenants import import_tenant, read_passphrase
        from chaupal.control.client import Operations

        passphrase = read_passphrase(passphrase_file)
        with Operations(settings) as operations:
            manifest = import_tenant(settings, file, operations.run, passphrase=passphrase, tell=tell)
    _print(file, manifest, as_json=as_json)
    if not as_json:
        print("\nTaken in and compared; it is served now. Its people, programs and webhooks go on as they were.")


@app.command("move")
def move(
    tenant: Annotated[str, typer.Argument(metavar="ID-or-NAME", help="The tenant.")],
    *,
    to: Annotated[str, typer.Option("--to", metavar="CELL", help="The cell that it is to live in.")] = "",
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Undo the move that is under way, as long as it has not come to switching.")
    ] = False,
    with_installation_key: WithInstallationKey = False,
    progress: Annotated[bool, typer.Option("--progress", help="Wait, and say how far it has come.")] = False,
    as_json: Json = False,
) -> None:
    """Move a tenant to another cell while it is in use; the running servers do it."""
    if cancel == bool(to):
        raise typer.BadParameter("give either --to CELL or --cancel")
    if cancel:
        _cancel(tenant, as_json=as_json)
        return
    wanted = arrival_calls.MoveBegin(tenant=tenant, to_cell=to, with_installation_key=with_installation_key)
    shown = ask(arrival_calls.MOVE_BEGIN, wanted)
    said = ""
    while progress and not shown.is_over:
        said = _say(shown, said)
        time.sleep(_LOOK_EVERY_S)
        shown = ask(arrival_calls.MOVE_SHOW, arrival_calls.MoveOf(tenant=shown.tenant_id))
    if shown.failure:
        raise OperationFailed(
            f"The tenant was not moved: {shown.failure}", error_code="Conflict", category="ResourceException"
        )
    if as_json:
        print_json(shown)
    elif shown.is_over:
        print(f"Moved: the tenant {shown.tenant_id} lives in the cell '{shown.to_cell}' now.")
    else:
        print(f"Begun; `chaupal tenant moved {shown.tenant_id}` says how far it has come.")


def _cancel(tenant: str, *, as_json: bool) -> None:
    shown = ask(arrival_calls.MOVE_CANCEL, arrival_calls.MoveOf(tenant=tenant))
    if as_json:
        print_json(shown)
    else:
        print(f"It stays; `chaupal tenant moved {shown.tenant_id}` says `failed` when all is as before.")


@app.command("moved")
def moved(
    tenant: Annotated[str, typer.Argument(metavar="ID", help="The tenant.")],
    as_json: Json = False,
) -> None:
    """Say what has become of a tenant's move."""
    shown = ask(arrival_calls.MOVE_SHOW, arrival_calls.MoveOf(tenant=tenant))
    if as_json:
        print_json(shown)
        return
    print_facts(
        [
            ("tenant", shown.tenant_id),
            ("to cell", shown.to_cell),
            ("phase", shown.phase),
            ("rows copied", f"{shown.rows:,}"),
            ("failure", shown.failure),
        ]
    )


def _say(shown: arrival_calls.MoveShown, said: str) -> str:
    text = f"{shown.phase}, {shown.rows:,} rows"
    if text != said:
        print(text, file=sys.stderr, flush=True)
    return text


def _print(path: Path, manifest: TenantManifest, *, as_json: bool) -> None:
    facts = TenantFileFacts(
        file=str(path),
        tenant_id=manifest.tenant.tenant_id,
        name=manifest.tenant.name,
        size_bytes=path.stat().st_size,
        rows=manifest.row_count,
        media_files=manifest.media.count,
        media_bytes=manifest.media.size_bytes,
        missing_media=manifest.media.missing,
    )
    if as_json:
        print_json(facts)
        return
    print_facts(
        [
            ("file", facts.file),
            ("tenant", f"{facts.name} ({facts.tenant_id})"),
            ("size", f"{facts.size_bytes:,} bytes"),
            ("rows", f"{facts.rows:,}"),
            ("media", f"{facts.media_files:,} files, {facts.media_bytes:,} bytes"),
            ("missing media", list(facts.missing_media)),
        ]
    )
