"""What the API says of a person. Source: contract, section 4 (`users/me`)."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.wire.bounds import ROLE, Bounds


class CurrentUser(msgspec.Struct, rename="camel", kw_only=True):
    """The user of the access token. `isBot` (ours) is there for a bot only."""

    bounds: ClassVar[dict[str, Bounds]] = {"role": ROLE}

    id: str
    name: str
    mobile_number: str
    profile_pic: str
    tenant_id: str
    role: str
    is_tenant_admin: bool
    application_id: str
    is_bot: bool | UnsetType = UNSET
