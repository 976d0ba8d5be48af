"""Of the resource `reactions`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec


class ChangesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The items whose counts have changed, and the cursor to ask with next time."""

    cursor: int

    summary: tuple[ReactionSummary, ...]


class DetailsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The reactions that have changed, and the cursor to ask with next time."""

    cursor: int

    reaction_details: tuple[ReactionDetail, ...]


class ReactionCounts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many of each type."""

    like: int

    comment: int


class ReactionDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One reaction. `isRemoved` only where it was taken back since the cursor."""

    last_modified_time: int

    reaction_id: str

    user_id: str

    reaction_type: str

    comment: str | None = None

    is_removed: bool | None = None


class ReactionReceipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a reaction."""

    reaction_id: str


class ReactionSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One item's counts."""

    reference_id: str

    reactions_count_map: ReactionCounts


class SummaryAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One item's counts, in a list as Kaizala sent it."""

    summary: tuple[ReactionSummary, ...]
