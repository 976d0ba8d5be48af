"""Of the resource `users`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec


class CurrentUser(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The user of the access token. `isBot` (ours) is there for a bot only."""

    id: str
    """The person's; a bot's `mobileNumber` is `""`."""

    name: str
    """The person's; a bot's `mobileNumber` is `""`."""

    mobile_number: str
    """The person's; a bot's `mobileNumber` is `""`."""

    profile_pic: str
    """A bot's picture, else `""`; pictures of people cannot be set yet."""

    tenant_id: str
    """Their organization."""

    role: str
    """Whether they are an admin of the organization."""

    is_tenant_admin: bool
    """Whether they are an admin of the organization."""

    application_id: str
    """The connector that the token was made through."""

    is_bot: bool | None = None
    """`true` for a bot; people do not have the field."""
