"""Of the resource `subgroups`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec


class CreatedSubgroupAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is sent."""

    group_id: str

    group_name: str
