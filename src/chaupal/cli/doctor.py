"""`chaupal doctor`: every setting with its source, and what is right or wrong with this installation.

Works without a database, beside a running server, and with settings that the server refuses. Changes nothing, but for
one small object in the bucket of media, where there is one, which it removes again.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable

import msgspec
import typer

from chaupal import __version__
from chaupal.cli.checks.cells import check_cells
from chaupal.cli.checks.check import Check, State, fault, ok
from chaupal.cli.checks.database import check_database
from chaupal.cli.checks.folder import check_folder, check_secret_key
from chaupal.cli.checks.network import check_network
from chaupal.cli.checks.shown_settings import ShownSetting, load_with_faults, show_settings
from chaupal.cli.checks.signals import check_signals
from chaupal.cli.failures import REFUSED
from chaupal.cli.options import Json
from chaupal.cli.output import print_json, print_table
from chaupal.control.calls import STATUS, Nothing
from chaupal.control.client import NoServer, ask_server
from chaupal.control.protocol import OperationFailed
from chaupal.settings import Settings


class Examination(msgspec.Struct, frozen=True, rename="camel"):
    """Everything that was looked at."""

    version: str
    python: str
    settings: list[ShownSetting]
    checks: list[Check]
    fault_count: int
    warning_count: int


def doctor(as_json: Json = False) -> None:
    """Show every setting with its source and check the installation; exit code 1 if something is wrong."""
    examination = _examine()
    if as_json:
        print_json(examination)
    else:
        _print(examination)
    if examination.fault_count:
        raise typer.Exit(REFUSED)


def _examine() -> Examination:
    # With it comes what speaks to databases: a second and more on a slow machine, of which no other command has need.
    from chaupal.cli.checks.media_store import check_media_store

    settings, checks, refused = load_with_faults(os.environ)
    checks += _allowed("data folder", lambda: check_folder(settings))
    checks += _allowed("secret key", lambda: [check_secret_key(settings)])
    checks += _allowed("database", lambda: check_database(settings))
    checks += _allowed("cells", lambda: check_cells(settings))
    checks += _allowed("media store", lambda: check_media_store(settings))
    checks += check_signals(settings)
    checks += _allowed("network", lambda: check_network(settings))
    if not settings.is_postgres:
        checks.append(_check_server(settings))
    return Examination(
        version=__version__,
        python=f"{platform.python_version()} ({sys.executable})",
        settings=show_settings(settings, os.environ, refused),
        checks=checks,
        fault_count=sum(check.state is State.FAULT for check in checks),
        warning_count=sum(check.state is State.WARNING for check in checks),
    )


def _allowed(name: str, look: Callable[[], list[Check]]) -> list[Check]:
    """What the look found, or that this user may not look."""
    try:
        return look()
    except PermissionError as error:
        advice = "Run `chaupal doctor` as the user that runs the server."
        return [fault(name, f"{error.filename}: {error.strerror}.", advice)]


def _check_server(settings: Settings) -> Check:
    try:
        status = ask_server(settings.data, STATUS, Nothing())
    except NoServer:
        return ok("server", "None runs on this data folder.")
    except OperationFailed as error:
        return fault("server", f"{error}", "Look into the server's log; stop it and start it again.")
    if status.version != __version__:
        return fault(
            "server",
            f"Process {status.pid} runs chaupal {status.version}, this command is {__version__}.",
            "Restart the server, or use the command that belongs to it.",
        )
    return ok("server", f"Process {status.pid} runs on this data folder and takes commands.")


def _print(examination: Examination) -> None:
    print(f"chaupal {examination.version}, Python {examination.python}\n")
    print_table(
        ("setting", "value", "source"),
        [
            (setting.variable, _value(setting), f"{setting.source}, refused" if setting.is_refused else setting.source)
            for setting in examination.settings
        ],
        empty="",
    )
    print()
    for check in examination.checks:
        print(f"{check.state.value:<8} {check.name}: {check.message}")
        if check.advice:
            print(f"{'':<8} -> {check.advice}")
    faults, warnings = examination.fault_count, examination.warning_count
    print(f"\n{len(examination.checks)} checks: {faults} faults, {warnings} warnings.")


def _value(setting: ShownSetting) -> object:
    return "(empty)" if setting.value in ("", []) else setting.value
