"""What every command does around its operation: settings, quiet logs, and asking for the operation."""

from __future__ import annotations

from dataclasses import replace

from chaupal.control.calls import ArgumentsT, Call, ResultT
from chaupal.control.client import run_operation
from chaupal.settings import Settings, load_settings


def set_up_quiet_logs(settings: Settings) -> None:
    """A command's logs say only what is wrong, on stderr; stdout is for its answer."""
    from chaupal.logs import set_up_logs

    level = settings.log_level if settings.log_level in ("debug", "error") else "warning"
    set_up_logs(replace(settings, log_level=level))


def ask(call: Call[ArgumentsT, ResultT], arguments: ArgumentsT) -> ResultT:
    """The operation's result.

    Raises:
        SettingRefused, OperationFailed.
    """
    settings = load_settings()
    return run_operation(settings, call, arguments, before_opening=lambda: set_up_quiet_logs(settings))
