"""`chaupal serve`: the server itself. Imports neither Typer nor Rich, which a server has no use for."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from chaupal.cli.failures import Failure, report_failure, setting_failure
from chaupal.settings import Settings, load_settings
from chaupal.settings_rules import SettingRefused


def run_server(*, as_json: bool, role: str | None = None) -> None:
    """Serve until stopped. With `as_json` every line that is written is JSON; `role` wins over the setting."""
    try:
        settings = load_settings(None if role is None else {**os.environ, "CHAUPAL_ROLE": role})
    except SettingRefused as error:
        raise SystemExit(report_failure(setting_failure(error), as_json=as_json)) from None
    if settings.tls_cert:
        from chaupal.cli.checks.network import check_tls_files

        fault = check_tls_files(settings)  # Python's own error would not name the file
        if fault is not None:
            raise SystemExit(report_failure(Failure(f"{fault.message} {fault.advice}"), as_json=as_json))
    if as_json:
        settings = replace(settings, log_format="json")
    failure = _serve(settings)
    if failure is not None:
        raise SystemExit(report_failure(failure, as_json=as_json))


def _serve(settings: Settings) -> Failure | None:
    _keep_rich_out()
    from chaupal.app import serve
    from chaupal.control.explaining import explained_opening
    from chaupal.control.protocol import OperationFailed
    from chaupal.logs import set_up_logs
    from chaupal.store.opening import DataFolderBusy

    set_up_logs(settings)
    try:
        with explained_opening(settings):
            serve(settings)
    except DataFolderBusy as error:
        return Failure(f"{error}: a server may be running already, or a command is at work.")
    except OperationFailed as error:
        return Failure.of(error.fields)
    return None


def _keep_rich_out() -> None:
    """structlog loads Rich where it finds it, for tracebacks that the server does not print in that form."""
    if "structlog" not in sys.modules and "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]  # how Python says "cannot be imported"
        try:
            import structlog.dev  # noqa: F401
        finally:
            del sys.modules["rich"]
