"""Of the resource `members`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec


class Member(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One member. A number that is hidden or not there is left out as a key; `isBot` (ours) is there for a bot only."""

    id: str
    """The person's, or the bot's."""

    role: str
    """`Admin` or `Member`, in this group."""

    mobile_number: str | None = None
    """Left out if it is hidden; a bot has none."""

    name: str
    """As set with `chaupal person` or `/bot`, else `""`."""

    profile_pic: str
    """A bot's picture, else `""`; pictures of people cannot be set yet."""

    is_provisioned: bool
    """Whether the person has ever signed in with a PIN; a bot counts as if."""

    is_bot: bool | None = None
    """`true` for a bot; people do not have the field."""


class MembersAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Members; `cursor` only when more exist."""

    members: tuple[Member, ...]

    cursor: str | None = None
