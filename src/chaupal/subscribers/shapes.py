"""What the subscriber calls take and give. Source: contract, section 5 (subscribers)."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType


class SubscribersBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /groups/{groupId}/subscribers/add and /remove."""

    subscribers: list[str]


class SubscribersPageBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/subscribers, and the query of GET: none given means all."""

    spellings: ClassVar[dict[str, str]] = {}

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
