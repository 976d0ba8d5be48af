"""`chaupal token` and `chaupal pin`: what signs programs and people in."""

from __future__ import annotations

from typing import Annotated

import typer

from chaupal.cli.asking import ask
from chaupal.cli.options import ApplicationId, Json, Number, Tenant, new_group
from chaupal.cli.output import print_facts, print_json, print_table
from chaupal.control import calls

app = new_group("Refresh tokens of connectors.")


@app.command("create")
def create(
    *,
    connector: ApplicationId,
    user: Annotated[
        str, typer.Option("--user", metavar="NUMBER", help="Whom the token acts for, or who makes a group's token.")
    ],
    group: Annotated[
        str, typer.Option("--group", metavar="GROUP_ID", help="Make a group token; the user must be an admin there.")
    ] = "",
    refresh_token: Annotated[
        str | None, typer.Option("--refresh-token", metavar="TOKEN", help="Keep an old integration's refresh token.")
    ] = None,
    tenant: Tenant = "",
    as_json: Json = False,
) -> None:
    """Make a refresh token, shown this once; earlier ones of the same connector and user or group stop at once."""
    arguments = calls.TokenCreate(
        application_id=connector, user=user, tenant=tenant, group_id=group, refresh_token=refresh_token
    )
    created = ask(calls.TOKEN_CREATE, arguments)
    if as_json:
        print_json(created)
        return
    print_facts(
        [
            ("refresh token", created.refresh_token),
            ("kind", created.kind),
            ("number", created.mobile_number),
            ("group", created.group_id),
            ("works until", created.expires_at),
            ("grant id", created.grant_id),
        ]
    )
    print("The token is not shown again. Earlier ones of this connector and subject have stopped.")


@app.command("list")
def list_all(
    connector: ApplicationId,
    user: Annotated[str, typer.Option("--user", metavar="NUMBER", help="Only this person's.")] = "",
    tenant: Tenant = "",
    as_json: Json = False,
) -> None:
    """List a connector's tokens that have not been revoked, oldest first."""
    tokens: list[calls.TokenShown] = []
    after = ""
    while True:
        arguments = calls.TokenList(application_id=connector, tenant=tenant, user=user, after=after)
        page = ask(calls.TOKEN_LIST, arguments)
        tokens += page.tokens
        after = page.next
        if not after:
            break
    if as_json:
        print_json({"tokens": tokens})
        return
    print_table(
        ("grant id", "kind", "number", "name", "group", "made by", "created", "works until"),
        [
            (
                row.grant_id,
                row.kind,
                row.mobile_number,
                row.name,
                row.group_id,
                row.origin,
                row.created_at,
                row.expires_at,
            )
            for row in tokens
        ],
        empty="The connector has no tokens.",
    )


@app.command("revoke")
def revoke(
    connector: ApplicationId,
    grant_id: Annotated[str, typer.Argument(metavar="GRANT_ID", help="The token's grant, from `chaupal token list`.")],
    tenant: Tenant = "",
    as_json: Json = False,
) -> None:
    """Revoke a refresh token; it and the access tokens made from it stop on their next call."""
    arguments = calls.TokenRevoke(application_id=connector, grant_id=grant_id, tenant=tenant)
    revoked = ask(calls.TOKEN_REVOKE, arguments)
    if as_json:
        print_json(revoked)
        return
    print_facts([("revoked", revoked.grant_id), ("kind", revoked.kind), ("group", revoked.group_id)])


def show_pin(number: Number, tenant: Tenant = "", as_json: Json = False) -> None:
    """Show the PIN that waits for a person who signs in, where no SMS is sent."""
    shown = ask(calls.PIN_SHOW, calls.PinShow(mobile_number=number, tenant=tenant))
    if as_json:
        print_json(shown)
        return
    print_facts(
        [
            ("PIN", shown.pin),
            ("number", shown.mobile_number),
            ("for", shown.connector_name),
            ("works until", shown.expires_at),
        ]
    )
