"""How a command says that it failed: a sentence on stderr, and with `--json` the error object on stdout."""

from __future__ import annotations

import sys

import msgspec

from chaupal.control.protocol import ErrorFields
from chaupal.settings_rules import SettingRefused

REFUSED = 1
WRONG_USAGE = 2


class Failure(msgspec.Struct, frozen=True):
    """One failure, in the API's words."""

    message: str
    error_code: str = "Unavailable"
    category: str = "ServiceException"
    exit_code: int = REFUSED

    @classmethod
    def of(cls, fields: ErrorFields) -> Failure:
        """An operation's error."""
        return cls(fields.message, fields.error_code, fields.error_category_key)


def setting_failure(error: SettingRefused) -> Failure:
    """A setting that cannot be used."""
    return Failure(f"{error}.", "InvalidParameters", "ValidationException")


def report_failure(failure: Failure, *, as_json: bool) -> int:
    """Print it; the exit code."""
    print(f"chaupal: {plain(failure.message)}", file=sys.stderr)
    if as_json:
        fields = ErrorFields(failure.message, failure.error_code, failure.category)
        sys.stdout.write(msgspec.json.encode(fields).decode() + "\n")
    return failure.exit_code


def plain(text: str) -> str:
    """The text without what would steer a terminal: names in it come from anyone."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
