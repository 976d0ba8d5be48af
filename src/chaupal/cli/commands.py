"""The list of commands, and how one is run: expected failures become sentences, never tracebacks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from chaupal import __version__
from chaupal.cli import backups, cells, connectors, doctor, imports, installation, people, tenants, tokens
from chaupal.cli.failures import WRONG_USAGE, Failure, report_failure, setting_failure
from chaupal.cli.options import Json, SectionedGroup, new_group
from chaupal.cli.using import actions, completion, exporting, groups, members, posting, sign_in, tailing, webhooks
from chaupal.control.protocol import OperationFailed
from chaupal.settings_rules import SettingRefused

USE = "Use a server, from anywhere"


class _Commands(SectionedGroup):
    rest = "Operate a server, on its machine"


app = new_group("Chaupal: groups, messages and webhooks for organizations, behind the Kaizala API.", _Commands)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        print(f"chaupal {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Settings are environment variables CHAUPAL_* or a TOML file; `chaupal doctor` lists them."""


@app.command()
def serve(
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help="`all`, `api` or `worker`; instead of CHAUPAL_ROLE."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the server until it is stopped; --json makes every log line JSON, even on a terminal."""
    from chaupal.cli.serve import run_server

    run_server(as_json=as_json, role=role)


app.command("init")(installation.init)
app.command("migrate")(installation.migrate)
app.command("doctor")(doctor.doctor)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("migrate-db")(backups.migrate_database)
app.command("pin")(tokens.show_pin)
_GROUPS = {
    "cell": cells.app,
    "connector": connectors.app,
    "person": people.app,
    "token": tokens.app,
    "tenant": tenants.app,
    "import": imports.app,
}
for _name, _group in _GROUPS.items():
    app.add_typer(_group, name=_name)

_USING: dict[str, Callable[..., int | None]] = {
    "login": sign_in.login,
    "logout": sign_in.logout,
    "whoami": sign_in.whoami,
    "groups": groups.groups,
    "post": posting.post,
    "actions": actions.actions,
    "tail": tailing.tail,
    "completion": completion.completion,
}
_USING_GROUPS = {
    "profile": sign_in.profile_app,
    "members": members.app,
    "export": exporting.app,
    "webhook": webhooks.app,
}
USING = frozenset((*_USING, *_USING_GROUPS))
"""The first words of the commands for people."""
for _name, _command in _USING.items():
    app.command(_name, rich_help_panel=USE)(_command)
for _name, _group in _USING_GROUPS.items():
    app.add_typer(_group, name=_name, rich_help_panel=USE)


def run_command(arguments: list[str]) -> int:
    """Run one command line; its exit code."""
    if completion.is_asked_to_complete():
        completion.complete(app)
        return 0
    as_json = "--json" in arguments
    unreadable = next((argument for argument in arguments if not _is_text(argument)), None)
    if unreadable is not None:
        return report_failure(_usage(f"the argument {unreadable!a} is not UTF-8 text"), as_json=as_json)
    if not arguments or (len(arguments) == 1 and arguments[0] in {*_GROUPS, *_USING_GROUPS}):
        app([*arguments, "--help"], prog_name="chaupal", standalone_mode=False)
        return WRONG_USAGE
    try:
        code = app(arguments, prog_name="chaupal", standalone_mode=False)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        if context is not None:
            print(context.get_usage(), file=sys.stderr)
        return report_failure(_usage(error.format_message()), as_json=as_json)
    except typer.Abort:
        return report_failure(Failure("nothing was changed.", "Aborted"), as_json=as_json)
    except SettingRefused as error:
        return report_failure(setting_failure(error), as_json=as_json)
    except OperationFailed as error:
        return report_failure(Failure.of(error.fields), as_json=as_json)
    return code if isinstance(code, int) else 0


def _usage(message: str) -> Failure:
    return Failure(message, "InvalidParameters", "ValidationException", exit_code=WRONG_USAGE)


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True
