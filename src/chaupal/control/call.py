"""What every operation has: arguments, a result, and a name. The field names are what `--json` prints."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What an operation takes. `tenant` is an id or a name; empty where the installation has one tenant alone."""


class Result(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What an operation answers. Instants are UTC, in whole seconds."""


class Nothing(Arguments, frozen=True):
    """No arguments."""


ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)
ResultT = TypeVar("ResultT", bound=Result)


class Call(msgspec.Struct, Generic[ArgumentsT, ResultT], frozen=True):
    """One operation by name."""

    name: str
    arguments: type[ArgumentsT]
    result: type[ResultT]
    # A command that only looks must not make an installation where there is none.
    makes_installation: bool = False
