"""Logging: one event a line, readable on a terminal, JSON otherwise. Never a token, PIN or message text."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, BinaryIO

import msgspec
import structlog

from chaupal.settings import Settings

_encode = msgspec.json.Encoder(enc_hook=str).encode


def log_failure(log: Any, what: str, error: Exception, **where: str) -> None:
    """An error that a loop lives through: its kind and place, never its text, which may hold what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    log.error(what, cause=type(error).__name__, place=place, **where)


def log_stream(settings: Settings) -> BinaryIO | None:
    """Where lines of JSON go; None where lines are made for a terminal."""
    is_pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and sys.stderr.isatty())
    return None if is_pretty else sys.stderr.buffer


def shows_calls(settings: Settings) -> bool:
    """Whether the log's level lets the lines of calls through."""
    return _level(settings) <= logging.INFO


def _level(settings: Settings) -> int:
    return logging.getLevelNamesMapping()[settings.log_level.upper()]


def set_up_logs(settings: Settings) -> None:
    """Set the form and the level of every log line of this process, uvicorn's and libraries' included."""
    is_pretty = log_stream(settings) is None
    standing: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers: list[Any]
    if is_pretty:
        # Never the tracebacks that show local variables: tokens and texts are among them.
        plain = structlog.dev.plain_traceback
        renderers = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
        factory: Any = structlog.PrintLoggerFactory(sys.stderr)
    else:
        renderers = [structlog.processors.format_exc_info, _render_json]
        factory = structlog.BytesLoggerFactory(sys.stderr.buffer)
    structlog.configure(
        processors=[*standing, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(_level(settings)),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_IntoStructlog()]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"


def _render_json(_logger: object, _method: str, event: dict[str, Any]) -> bytes:
    return _encode(event)


class _IntoStructlog(logging.Handler):
    """Lines of the standard library's logging in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        exc_info = record.exc_info if record.exc_info and record.exc_info[0] is not None else None
        structlog.get_logger(record.name).log(record.levelno, record.getMessage(), exc_info=exc_info)
