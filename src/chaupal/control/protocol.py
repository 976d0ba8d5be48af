"""What goes over the control socket: one JSON line each way, then the connection ends.

{"operation": "connector_list", "arguments": {...}, "version": "0.1.0"}
{"result": {...}}  or  {"error": {"message": ..., "errorCode": ..., "errorCategoryKey": ...}}
"""

from __future__ import annotations

from typing import Any

import msgspec

from chaupal.control.calls import Result
from chaupal.errors import ChaupalError, Conflict

LINE_MAX_BYTES = 1_048_576
"""The longest request, line feed included; no operation takes more than a few kilobytes."""

ANSWER_MAX_BYTES = 16 * LINE_MAX_BYTES
"""The longest answer that a command takes: a page of a thousand people is well below a megabyte."""

READ_TIMEOUT_S = 10
OPERATION_TIMEOUT_S = 60
"""No longer than a call of the API; an operation is one short transaction."""


class VersionDiffers(Conflict):
    """Command and server would misunderstand each other. Fields: `server`, `command`."""

    template = (
        "The running server is chaupal {server}, this command is chaupal {command}: restart the server, "
        "or use the command that belongs to it."
    )


class RequestLine(msgspec.Struct, frozen=True, rename="camel"):
    """One request. Without a version it is taken as it is, for whoever speaks to the socket by hand."""

    operation: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")
    version: str = ""


class ErrorFields(msgspec.Struct, frozen=True, rename="camel"):
    """An error in the API's shape."""

    message: str
    error_code: str
    error_category_key: str


class ResultLine(msgspec.Struct, frozen=True):
    """The answer of an operation that was done."""

    result: Result


class ErrorLine(msgspec.Struct, frozen=True):
    """The answer of one that was not."""

    error: ErrorFields


class AnswerLine(msgspec.Struct, frozen=True):
    """Either of them, as a command reads it."""

    result: msgspec.Raw = msgspec.Raw(b"")
    error: ErrorFields | None = None


class OperationFailed(Exception):
    """An operation was refused or could not be tried. The message is a sentence for the operator."""

    def __init__(self, message: str, *, error_code: str = "Unavailable", category: str = "ServiceException") -> None:
        super().__init__(message)
        self.fields = ErrorFields(message, error_code, category)


def error_fields(error: ChaupalError) -> ErrorFields:
    """The error as it is sent."""
    return ErrorFields(str(error), error.code, error.category)


def write_line(value: Any) -> bytes:
    """The value as one line of JSON."""
    return msgspec.json.encode(value) + b"\n"
