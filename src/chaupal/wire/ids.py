"""Ids as clients spell them. Whether an id exists is not its business. Source: contract, section 2."""

from __future__ import annotations

import re
from typing import Final

# Stands where a reply has no id to show: absent or anonymous (contract, section 2).
ZERO_GUID: Final = "00000000-0000-0000-0000-000000000000"

_GUID = re.compile(
    r"(?P<guid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?P<unit>@[0-9]{1,9})?",
    re.ASCII | re.IGNORECASE,
)

# Of a GUID's version. Ours have version 7, and no scale unit; Kaizala was closed before there was a version 7.
_VERSION_AT = 14
_OUR_VERSION = "7"


def read_id(raw: str) -> str:
    """A GUID in lower case, with its scale unit (`@1`) unless it was made here; any other id exactly as it is. Already
    percent-decoded.

    Whether something is kept with this scale unit, with another or with none is known to `kept_ids`.

    Evidence: GUIDs come in any case, group, user and application ids with and without `@N` (contract, section 2).
    """
    match = _GUID.fullmatch(raw)
    if match is None:
        return raw
    guid, unit = match["guid"].lower(), match["unit"]
    return guid if unit is None or guid[_VERSION_AT] == _OUR_VERSION else guid + unit


def without_unit(read: str) -> str:
    """An id as `read_id` gives it, a GUID without its scale unit."""
    match = _GUID.fullmatch(read)
    return match["guid"] if match is not None else read
