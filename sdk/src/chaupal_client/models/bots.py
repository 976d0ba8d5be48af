"""Of the resource `bots`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec


class BotInformation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One bot. `creator` is its maker's number; hidden, it is ""."""

    bot_user_id: str
    """Its id, among people and members as well."""

    name: str
    """The picture is a link that works without a token, made when the picture was set; `""` if there is none."""

    profile_pic: str
    """The picture is a link that works without a token, made when the picture was set; `""` if there is none."""

    tenant_id: str
    """Its organization."""

    creator_id: str
    """Who made it; `creator` is their number, `""` without the permission Group Member List."""

    creator: str
    """Who made it; `creator` is their number, `""` without the permission Group Member List."""

    creator_name: str
    """Who made it; `creator` is their number, `""` without the permission Group Member List."""

    creator_profile_pic: str
    """Who made it; `creator` is their number, `""` without the permission Group Member List."""

    status: str
    """`Active`; deleted bots are not listed."""


class BotTokenAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An access token that acts as the bot. Expiry in milliseconds since 1970."""

    access_token: str
    """For the header `accessToken` of the bot's calls."""

    access_token_expiry: int
    """When to take the next, milliseconds since 1970; 24 hours ahead (`CHAUPAL_ACCESS_TOKEN_LIFE_S`)."""

    scope: str
    """The connector's permissions, in Kaizala's words."""

    endpoint_url: str
    """The base address of all other calls."""


class BotsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The bots that the caller may manage, oldest first."""

    bots: tuple[BotInformation, ...]


class CreatedBotAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a bot made."""

    bot_user_id: str
    """Its id, among people and members as well."""
