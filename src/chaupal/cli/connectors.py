"""`chaupal connector`: the programs that may sign in."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from chaupal.auth.permissions import Permission
from chaupal.cli.asking import ask
from chaupal.cli.options import Json, KeptApplicationId, KeptApplicationSecret, Tenant, new_group
from chaupal.cli.output import print_facts, print_json, print_table
from chaupal.control import calls

app = new_group("Connectors: the programs that may sign in.")

_NEW_PERMISSION_HELP = "A permission; those named replace all that it has. Repeat for several."
_NEW_REDIRECT_HELP = "Where a sign-in may lead back to; those named replace all that it has. Repeat for several."
_PERMISSION_HELP = "A permission, such as 'Text Message'; repeat for several. Without it the connector gets all."


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The connector's name.")],
    *,
    permission: Annotated[list[str] | None, typer.Option(metavar="NAME", help=_PERMISSION_HELP)] = None,
    redirect_url: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Where a sign-in may lead back to; repeat for several.")
    ] = None,
    application_id: KeptApplicationId = None,
    application_secret: KeptApplicationSecret = None,
    tenant: Tenant = "",
    as_json: Json = False,
) -> None:
    """Make a connector; its secret is shown this once."""
    arguments = calls.ConnectorCreate(
        name=name,
        tenant=tenant,
        permissions=permission or [],
        redirect_urls=redirect_url or [],
        application_id=application_id,
        application_secret=application_secret,
    )
    created = ask(calls.CONNECTOR_CREATE, arguments)
    if as_json:
        print_json(created)
        return
    print_facts(
        [
            ("connector", created.name),
            ("application id", created.application_id),
            ("application secret", created.application_secret),
            ("permissions", created.permissions),
            ("redirect URLs", created.redirect_urls),
        ]
    )
    print("The secret is not shown again.")


@app.command("change")
def change(
    application_id: Annotated[str, typer.Argument(metavar="APPLICATION_ID", help="The connector's application id.")],
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Another name.")] = None,
    permission: Annotated[list[str] | None, typer.Option(metavar="NAME", help=_NEW_PERMISSION_HELP)] = None,
    redirect_url: Annotated[list[str] | None, typer.Option(metavar="URL", help=_NEW_REDIRECT_HELP)] = None,
    no_redirect_urls: Annotated[bool, typer.Option("--no-redirect-urls", help="Take all redirect URLs away.")] = False,
    tenant: Tenant = "",
    as_json: Json = False,
) -> None:
    """Change a connector's name, permissions or redirect URLs; its id, secret and tokens stay."""
    if redirect_url and no_redirect_urls:
        raise typer.BadParameter("--redirect-url and --no-redirect-urls exclude each other")
    arguments = calls.ConnectorChange(
        application_id=application_id,
        tenant=tenant,
        name=name,
        permissions=permission or None,
        redirect_urls=[] if no_redirect_urls else redirect_url or None,
    )
    changed = ask(calls.CONNECTOR_CHANGE, arguments)
    if as_json:
        print_json(changed)
        return
    print_facts(
        [
            ("connector", changed.name),
            ("application id", changed.application_id),
            ("permissions", changed.permissions),
            ("redirect URLs", changed.redirect_urls),
        ]
    )


@app.command("list")
def list_all(tenant: Tenant = "", as_json: Json = False) -> None:
    """List the connectors, oldest first."""
    found = ask(calls.CONNECTOR_LIST, calls.ConnectorList(tenant=tenant))
    if as_json:
        print_json(found)
        return
    print_table(
        ("application id", "name", "permissions", "redirect URLs", "created"),
        [
            (
                row.application_id,
                row.name,
                "all" if len(row.permissions) == len(Permission) else row.permissions,
                row.redirect_urls,
                row.created_at,
            )
            for row in found.connectors
        ],
        empty="There is no connector yet; `chaupal connector create NAME` makes one.",
    )


@app.command("delete")
def delete(
    application_id: Annotated[str, typer.Argument(metavar="APPLICATION_ID", help="The connector's application id.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    tenant: Tenant = "",
    as_json: Json = False,
) -> None:
    """Delete a connector; every token made through it stops on its next call."""
    if not yes and sys.stdin.isatty():
        typer.confirm(
            f"Delete the connector {application_id}? Every token made through it stops at once.", abort=True, err=True
        )
    deleted = ask(calls.CONNECTOR_DELETE, calls.ConnectorDelete(application_id=application_id, tenant=tenant))
    if as_json:
        print_json(deleted)
        return
    print_facts([("deleted", deleted.name), ("application id", deleted.application_id)])
