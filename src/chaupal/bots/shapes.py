"""What the bot calls take and give. Source: contract, section 10."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from chaupal.people.rules import NAME_MAX_CHARS
from chaupal.wire.bounds import INSTANT_MS, Bounds, text_bounds

_BOUNDS: dict[str, Bounds] = {
    "name": text_bounds(NAME_MAX_CHARS),
    "profilePic": {"examples": ["AZogG_o1knFywGXHlgJQHC1zaWduZWQ"]},
}


class CreateBotBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /bot. `profilePic` is a mediaResource."""

    bounds: ClassVar[dict[str, Bounds]] = _BOUNDS

    name: str
    profile_pic: str | None = None


class ChangeBotBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /bot/{botUserId}; what is left out stays."""

    bounds: ClassVar[dict[str, Bounds]] = _BOUNDS

    name: str | None = None
    profile_pic: str | None = None


class AddBotBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/bot."""

    bot_user_id: str


class CreatedBotAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """The answer to a bot made."""

    bot_user_id: str


class BotInformation(msgspec.Struct, rename="camel", kw_only=True):
    """One bot. `creator` is its maker's number; hidden, it is ""."""

    bot_user_id: str
    name: str
    profile_pic: str
    tenant_id: str
    creator_id: str
    creator: str
    creator_name: str
    creator_profile_pic: str
    status: str


class BotsAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """The bots that the caller may manage, oldest first."""

    bots: list[BotInformation]


class BotTokenAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """An access token that acts as the bot. Expiry in milliseconds since 1970."""

    bounds: ClassVar[dict[str, Bounds]] = {"accessTokenExpiry": INSTANT_MS}

    access_token: str
    access_token_expiry: int
    scope: str
    endpoint_url: str
