"""`chaupal tenant`: the organizations that this installation serves."""

from __future__ import annotations

from chaupal.cli.asking import ask
from chaupal.cli.options import Json, new_group
from chaupal.cli.output import print_json, print_table
from chaupal.control import calls

app = new_group("Tenants: the organizations that this installation serves.")


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List the tenants, oldest first."""
    found = ask(calls.TENANT_LIST, calls.Nothing())
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name"),
        [(row.tenant_id, row.name) for row in found.tenants],
        empty="There is no tenant yet; `chaupal init` makes one.",
    )
