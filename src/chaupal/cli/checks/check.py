"""One thing that was looked at, and how it stands."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class State(StrEnum):
    """`warning`: works, but may hurt later. `fault`: the server does not start, or does not keep its promises."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


class Check(msgspec.Struct, frozen=True, rename="camel"):
    """`message` says what was found, `advice` what to do; the advice of an `ok` is empty."""

    name: str
    state: State
    message: str
    advice: str = ""


def ok(name: str, message: str) -> Check:
    """Nothing to do."""
    return Check(name, State.OK, message)


def warning(name: str, message: str, advice: str) -> Check:
    """Something to do some day."""
    return Check(name, State.WARNING, message, advice)


def fault(name: str, message: str, advice: str) -> Check:
    """Something to do now."""
    return Check(name, State.FAULT, message, advice)
