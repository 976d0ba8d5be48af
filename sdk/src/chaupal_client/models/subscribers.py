"""Of the resource `subscribers`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec


class Added(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one number; `reason` where it was not added."""

    is_added: bool

    reason: str | None = None


class AddedAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By number, as it was sent."""

    result: dict[str, Added]


class Removed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one number; `reason` where it was not removed."""

    is_removed: bool

    reason: str | None = None


class RemovedAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By number, as it was sent."""

    result: dict[str, Removed]


class Subscriber(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One subscriber. A hidden number is left out as a key."""

    id: str

    mobile_number: str | None = None

    name: str

    profile_pic: str

    is_provisioned: bool


class SubscribersAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Subscribers; `cursor` only when more exist."""

    subscribers: tuple[Subscriber, ...]

    cursor: str | None = None
