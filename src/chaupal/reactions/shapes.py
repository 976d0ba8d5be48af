"""What the reaction calls take and give. Source: contract, section 9."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.reactions.rules import COMMENT_MAX_CHARS
from chaupal.wire.bounds import INSTANT_MS, Bounds, count_bounds, text_bounds

CURSOR_MAX = 2**53
"""JavaScript rounds larger numbers (contract, section 9). A cursor is an instant in microseconds."""

_TYPE: Bounds = {"enum": ["Like", "Comment"]}
_CURSOR = count_bounds(0, CURSOR_MAX - 1)


class PostReaction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /groups/{groupId}/reaction."""

    bounds: ClassVar[dict[str, Bounds]] = {"reactionType": _TYPE, "comment": text_bounds(COMMENT_MAX_CHARS)}

    reference_id: str
    reaction_type: str
    source_group_id: str | None = None
    comment: str | None = None


class SummaryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/reaction/{referenceId}/summary."""

    spellings: ClassVar[dict[str, str]] = {}

    source_group_id: str | None = None


class ChangesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/reaction/summary."""

    spellings: ClassVar[dict[str, str]] = {}
    bounds: ClassVar[dict[str, Bounds]] = {"cursor": _CURSOR}

    source_group_id: str | None = None
    cursor: int | None = None


class DetailsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """GET /groups/{groupId}/reaction/{referenceId}."""

    spellings: ClassVar[dict[str, str]] = {}
    bounds: ClassVar[dict[str, Bounds]] = {"reactionType": _TYPE, "cursor": _CURSOR}

    source_group_id: str | None = None
    reaction_type: str | None = None
    cursor: int | None = None


class ReactionReceipt(msgspec.Struct, rename="camel", kw_only=True):
    """The answer to a reaction."""

    reaction_id: str


class ReactionCounts(msgspec.Struct, rename="camel", kw_only=True):
    """How many of each type."""

    like: int
    comment: int


class ReactionSummary(msgspec.Struct, rename="camel", kw_only=True):
    """One item's counts."""

    reference_id: str
    reactions_count_map: ReactionCounts


class SummaryAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """One item's counts, in a list as Kaizala sent it."""

    summary: list[ReactionSummary]


class ChangesAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """The items whose counts have changed, and the cursor to ask with next time."""

    bounds: ClassVar[dict[str, Bounds]] = {"cursor": _CURSOR}

    cursor: int
    summary: list[ReactionSummary]


class ReactionDetail(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One reaction. `isRemoved` only where it was taken back since the cursor."""

    bounds: ClassVar[dict[str, Bounds]] = {"reactionType": _TYPE, "lastModifiedTime": INSTANT_MS}

    last_modified_time: int
    reaction_id: str
    user_id: str
    reaction_type: str
    comment: str | UnsetType = UNSET
    is_removed: bool | UnsetType = UNSET


class DetailsAnswer(msgspec.Struct, rename="camel", kw_only=True):
    """The reactions that have changed, and the cursor to ask with next time."""

    bounds: ClassVar[dict[str, Bounds]] = {"cursor": _CURSOR}

    cursor: int
    reaction_details: list[ReactionDetail]
