"""What the member calls take and give. Source: contract, section 5 (members)."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.members.rules import ADDED_AT_ONCE_MAX, PAGE_MAX
from chaupal.wire.bounds import CURSOR, MOBILE_NUMBERS, ROLE, Bounds, count_bounds


class AddMembersBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /groups/{groupId}/members."""

    bounds: ClassVar[dict[str, Bounds]] = {"members": MOBILE_NUMBERS | {"maxItems": ADDED_AT_ONCE_MAX}}

    members: list[str]


class ChangeRoleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """PUT /groups/{groupId}/members/{memberId}."""

    bounds: ClassVar[dict[str, Bounds]] = {"role": ROLE}

    role: str


class MembersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/members: none given means all."""

    spellings: ClassVar[dict[str, str]] = {}
    bounds: ClassVar[dict[str, Bounds]] = {"cursor": CURSOR, "count": count_bounds(1, PAGE_MAX)}

    cursor: str | None = None
    count: int | None = None


class Member(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One member. A number that is hidden or not there is left out as a key; `isBot` (ours) is there for a bot only."""

    bounds: ClassVar[dict[str, Bounds]] = {"role": ROLE}

    id: str
    role: str
    mobile_number: str | UnsetType = UNSET
    name: str
    profile_pic: str
    is_provisioned: bool
    is_bot: bool | UnsetType = UNSET


class MembersAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """Members; `cursor` only when more exist."""

    members: list[Member]
    cursor: str | UnsetType = UNSET


class FailedResult(msgspec.Struct, rename="camel", kw_only=True):
    """One person for whom a call could not do what it did for the others."""

    subscriber: str
    subscriber_id: str
    error_reason: str
    error_code: str


class ResultAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """`{"result": "true"}`: a string, as Kaizala sent it."""

    bounds: ClassVar[dict[str, Bounds]] = {"result": {"enum": ["true", "false"]}}

    result: str = "true"
    failed_result: list[FailedResult] | UnsetType = UNSET


def build_result(failed: list[FailedResult]) -> ResultAnswer:
    """ "true", or "false" with the failures."""
    return ResultAnswer(result="false", failed_result=failed) if failed else ResultAnswer()
