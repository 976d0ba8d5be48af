"""What the subscriber calls take and give. Source: contract, section 5 (subscribers)."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.subscribers.rules import CHANGED_AT_ONCE_MAX, PAGE_MAX
from chaupal.wire.bounds import CURSOR, MOBILE_NUMBERS, Bounds, count_bounds


class SubscribersBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /groups/{groupId}/subscribers/add and /remove."""

    bounds: ClassVar[dict[str, Bounds]] = {"subscribers": MOBILE_NUMBERS | {"maxItems": CHANGED_AT_ONCE_MAX}}

    subscribers: list[str]


class SubscribersPageBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/subscribers, and the query of GET: none given means all."""

    spellings: ClassVar[dict[str, str]] = {}
    bounds: ClassVar[dict[str, Bounds]] = {"cursor": CURSOR, "count": count_bounds(1, PAGE_MAX)}

    cursor: str | None = None
    count: int | None = None


class Added(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """What became of one number; `reason` where it was not added."""

    is_added: bool
    reason: str | UnsetType = UNSET


class Removed(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """What became of one number; `reason` where it was not removed."""

    is_removed: bool
    reason: str | UnsetType = UNSET


class AddedAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """By number, as it was sent."""

    result: dict[str, Added]


class RemovedAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """By number, as it was sent."""

    result: dict[str, Removed]


class Subscriber(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One subscriber. A hidden number is left out as a key."""

    id: str
    mobile_number: str | UnsetType = UNSET
    name: str
    profile_pic: str
    is_provisioned: bool


class SubscribersAnswer(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Subscribers; `cursor` only when more exist."""

    subscribers: list[Subscriber]
    cursor: str | UnsetType = UNSET
