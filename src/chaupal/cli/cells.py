"""`chaupal cell`: several installations as one."""

from __future__ import annotations

from typing import Annotated

import typer

from chaupal.cli.asking import ask
from chaupal.cli.options import Json, new_group
from chaupal.cli.output import print_facts, print_json, print_table
from chaupal.control import cell_calls as calls
from chaupal.control.call import Nothing

app = new_group("Cells: several installations, each with its own database, behind one API root.")

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The cell's name: letters, digits and hyphens.")]


@app.command("add")
def add(
    name: _Name,
    *,
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="What the new cell is reached at: its CHAUPAL_PUBLIC_URL.")
    ],
    as_json: Json = False,
) -> None:
    """Let another installation join this one, the API root; prints the code that it joins with, once."""
    added = ask(calls.CELL_ADD, calls.CellAdd(name=name, url=url))
    if as_json:
        print_json(added)
        return
    print_facts([("cell", added.name), ("URL", added.url), ("valid until", added.valid_until)])
    print(f"\nOn the new cell:\n\n    chaupal cell join {added.join_code}\n\nThe code is not shown again.")


@app.command("join")
def join(
    code: Annotated[str, typer.Argument(metavar="CODE", help="What `chaupal cell add` has printed on the root.")],
    as_json: Json = False,
) -> None:
    """Make this installation a cell of the root that has given out the code."""
    joined = ask(calls.CELL_JOIN, calls.CellJoin(code=code))
    if as_json:
        print_json(joined)
        return
    print(f"This installation is the cell '{joined.name}' of {joined.root_url} now.")


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List the cells with their state, tenants, version, and when they were last heard of."""
    found = ask(calls.CELL_LIST, Nothing())
    if as_json:
        print_json(found)
        return
    rows = [
        (
            cell.name + (" (this one)" if cell.is_self else ""),
            cell.url,
            cell.state,
            cell.tenant_count,
            cell.version,
            "" if cell.is_self else cell.seen_at or "never",
            cell.failure,
        )
        for cell in found.cells
    ]
    headers = ("name", "URL", "state", "tenants", "version", "last heard", "trouble")
    print_table(headers, rows, empty="This installation is alone; `chaupal cell add` lets others join it.")


@app.command("drain")
def drain(
    name: _Name,
    to: Annotated[str, typer.Option("--to", metavar="CELL", help="Move all its tenants to this cell.")] = "",
    with_installation_key: Annotated[
        bool,
        typer.Option(
            "--with-installation-key", help="Also those whose key is that of their installation (they are old)."
        ),
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Let it take tenants again.")] = False,
    as_json: Json = False,
) -> None:
    """Send no more tenants to a cell, say which are left in it, and move them away where `--to` says so."""
    if undo:
        _reopen(name, to, as_json=as_json)
        return
    drained = ask(calls.CELL_DRAIN, calls.CellDrain(name=name, to_cell=to, with_installation_key=with_installation_key))
    if as_json:
        print_json(drained)
        return
    print(f"The cell '{drained.name}' takes no more tenants; it has {drained.tenant_count}.")
    for tenant_id in drained.tenant_ids:
        print(tenant_id)
    if to:
        print(f"On their way to '{to}', one after another: {drained.begun}. `chaupal cell list` counts those left.")
    for kept in drained.kept:
        print(f"{kept.tenant_id} stays: {kept.reason}")


def _reopen(name: str, to: str, *, as_json: bool) -> None:
    if to:
        raise typer.BadParameter("give either --to CELL or --undo")
    reopened = ask(calls.CELL_REOPEN, calls.CellReopen(name=name))
    if as_json:
        print_json(reopened)
        return
    print(f"The cell '{reopened.name}' is {reopened.state}.")


@app.command("remove")
def remove(
    name: _Name,
    with_tenants: Annotated[
        bool, typer.Option("--with-tenants", help="Also where tenants live in it; they are lost.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take out a cell that is gone for good: no cell trusts its keys or waits for it any more."""
    removed = ask(calls.CELL_REMOVE, calls.CellRemove(name=name, with_tenants=with_tenants))
    if as_json:
        print_json(removed)
        return
    print(f"The cell '{removed.name}' is removed; the others hear of it within seconds.")
    if removed.tenants_given_up:
        print(f"Tenants given up: {removed.tenants_given_up}. Put them back from backups with `chaupal tenant import`.")


@app.command("rotate-key")
def rotate_key(as_json: Json = False) -> None:
    """Make a new key for signing access tokens; those signed with the old one work to their end."""
    renewed = ask(calls.CELL_ROTATE_KEY, Nothing())
    if as_json:
        print_json(renewed)
        return
    when = f"from {renewed.signs_from:%Y-%m-%d %H:%M:%S} UTC on"
    if renewed.waits_for:
        when = f"once these cells know it, or {when}: {', '.join(renewed.waits_for)}"
    print(f"The key {renewed.key_id} signs {when}. Nobody is signed out.")
