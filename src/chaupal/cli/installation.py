"""`chaupal init` and `chaupal migrate`: making an installation usable, and keeping its schema up to date."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from chaupal.cli.asking import ask, set_up_quiet_logs
from chaupal.cli.first_steps import first_calls
from chaupal.cli.options import Json, KeptApplicationId, KeptApplicationSecret
from chaupal.cli.output import print_facts, print_json
from chaupal.control import calls
from chaupal.control.explaining import explained_opening
from chaupal.control.protocol import OperationFailed
from chaupal.settings import Settings, load_settings


def init(
    *,
    tenant: Annotated[str, typer.Option("--tenant", metavar="NAME", help="Name of the new organization.")],
    admin: Annotated[
        str, typer.Option("--admin", metavar="NUMBER", help="Its admin's mobile number, such as +919876543210.")
    ],
    connector: Annotated[str, typer.Option("--connector", metavar="NAME", help="Name of its first connector.")],
    admin_name: Annotated[str, typer.Option("--admin-name", metavar="NAME", help="The admin's name.")] = "",
    application_id: KeptApplicationId = None,
    application_secret: KeptApplicationSecret = None,
    as_json: Json = False,
) -> None:
    """Make an organization with its admin, a connector that may do everything, and the admin's refresh token."""
    arguments = calls.Init(
        tenant=tenant,
        admin=admin,
        connector=connector,
        admin_name=admin_name,
        application_id=application_id,
        application_secret=application_secret,
    )
    installed = ask(calls.INIT, arguments)
    if as_json:
        print_json(installed)
        return
    print_facts(
        [
            ("tenant id", installed.tenant_id),
            ("admin id", installed.admin_id),
            ("application id", installed.application_id),
            ("application secret", installed.application_secret),
            ("refresh token", installed.refresh_token),
            ("API root", installed.api_root),
        ]
    )
    print("\nSecret and token are not shown again. With the server running, the first calls to paste:\n")
    print(first_calls(installed), end="")


class Migrated(msgspec.Struct, rename={"found": "from", "now": "to"}):
    """The schema's versions; `from` is null where the database was empty."""

    found: str | None
    now: str


def migrate(as_json: Json = False) -> None:
    """Bring the database's schema up to date; `chaupal serve` does the same when it starts."""
    settings = load_settings()
    set_up_quiet_logs(settings)
    with explained_opening(settings):
        migrated = _migrate(settings)
    if as_json:
        print_json(migrated)
    elif migrated.found == migrated.now:
        print(f"The schema is up to date: {migrated.now}.")
    else:
        print(f"The schema was brought from {migrated.found or 'an empty database'} to {migrated.now}.")


def _migrate(settings: Settings) -> Migrated:
    from chaupal.store.migrating import migrate as migrate_schema
    from chaupal.store.opening import DataFolder, DataFolderBusy

    folder = DataFolder(settings.data)
    folder.prepare()
    if settings.is_postgres:
        return Migrated(*migrate_schema(settings))
    try:
        folder.take_lock()
    except DataFolderBusy as error:
        raise OperationFailed(
            f"The data folder {settings.data.absolute()} is in use: stop the server first. "
            "It migrates by itself when it starts.",
            error_code="Conflict",
            category="ResourceException",
        ) from error
    try:
        return Migrated(*migrate_schema(settings))
    finally:
        folder.release_lock()
