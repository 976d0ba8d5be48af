"""Of the resource `tenant`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec


class ConnectorUse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The calls of one connector."""

    limit: int
    """Calls a minute; 0: no limit."""

    used: int | None = None
    """Calls of this minute, those that were refused left out; not there where there is no limit."""

    remaining: int | None = None
    """Calls that are left in this minute; not there where there is no limit."""

    application_id: str
    """The connector's id."""

    name: str
    """The connector's name."""


class LimitsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`resetsAt`: when everything is counted from nothing again."""

    resets_at: str
    """When everything is counted from nothing again."""

    tenant: Use
    """The calls of the organization: `limit`, `used`, `remaining`."""

    connectors: tuple[ConnectorUse, ...]
    """Those of each connector, oldest first."""


class Use(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Calls of the running minute. Without a limit they are not counted: `used` and `remaining` are not there."""

    limit: int
    """Calls a minute; 0: no limit."""

    used: int | None = None
    """Calls of this minute, those that were refused left out; not there where there is no limit."""

    remaining: int | None = None
    """Calls that are left in this minute; not there where there is no limit."""
