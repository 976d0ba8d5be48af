"""What the API says of an organization. Source: contract, section 12 ("Tenant admins can read their use")."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.wire.bounds import INSTANT, Bounds


class Use(msgspec.Struct, rename="camel", kw_only=True):
    """Calls of the running minute. Without a limit they are not counted: `used` and `remaining` are not there."""

    limit: int
    used: int | UnsetType = UNSET
    remaining: int | UnsetType = UNSET


class ConnectorUse(Use, kw_only=True):
    """The calls of one connector."""

    application_id: str
    name: str


class LimitsAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """GET /tenant/limits. `resetsAt`: when everything is counted from nothing again."""

    bounds: ClassVar[dict[str, Bounds]] = {"resetsAt": INSTANT}

    resets_at: str
    tenant: Use
    connectors: list[ConnectorUse]
