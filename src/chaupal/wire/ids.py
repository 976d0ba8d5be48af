"""Ids as clients spell them. Whether an id exists is not its business. Source: contract, section 2."""

from __future__ import annotations

import re
from typing import Final

# Stands where a reply has no id to show: absent or anonymous (contract, section 2).
ZERO_GUID: Final = "00000000-0000-0000-0000-000000000000"

_GUID = re.compile(
    r"(?P<guid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:@[0-9]{1,9})?", re.ASCII | re.IGNORECASE
)


def read_id(raw: str) -> str:
    """A GUID in lower case and without its scale unit (`@1`); any other id exactly as it is. Already percent-decoded.

    Evidence: GUIDs come in any case, group, user and application ids with and without `@N` (contract, section 2).
    """
    match = _GUID.fullmatch(raw)
    return match["guid"].lower() if match is not None else raw
