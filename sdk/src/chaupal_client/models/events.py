"""Of the resource `events`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

from typing import Any

import msgspec


class ShownHappening(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One event. `objectId` is the group it happened in. The last four are there where members come and go."""

    object_id: str
    """The group that it is about, and `Group`."""

    object_type: str
    """The group that it is about, and `Group`."""

    event_type: str
    """What has happened, see below."""

    event_id: str
    """The same each time; of what was sent its `referenceId`, of a first answer its `responseId`, of a reaction its
    `reactionId`."""

    event_time: str
    """When: of a message or action its `sentAt`, of an anonymous answer when it was told of."""

    data: dict[str, Any]
    """What it says, see below."""

    from_user: str
    """Who did it; empty for nobody in particular, as for an anonymous answer."""

    from_user_id: str
    """Who did it; empty for nobody in particular, as for an anonymous answer."""

    from_user_name: str
    """Who did it; empty for nobody in particular, as for an anonymous answer."""

    from_user_profile_pic: str
    """Who did it; empty for nobody in particular, as for an anonymous answer."""

    is_bot_from_user: bool = msgspec.field(name="isBotfromUser")
    """Whether that is a bot."""

    group_id: str
    """The group through which it was done."""

    source_group_id: str
    """The group that it was sent to: an answer or a reaction may come through a group below."""

    member: str | None = None
    """Where members come and go: the same as in `data`, for receivers that look here."""

    member_name: str | None = None
    """Where members come and go: the same as in `data`, for receivers that look here."""

    type: str | None = None
    """Where members come and go: the same as in `data`, for receivers that look here."""

    profile_pic: str | None = None
    """Where members come and go: the same as in `data`, for receivers that look here."""


class SyncAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What has happened since, in order, and the cursor to ask with next time; `hasMore`: at once."""

    events: tuple[ShownHappening, ...]
    """In the order in which they happened."""

    cursor: str
    """To ask with next time."""

    has_more: bool
    """There may be more already: ask again at once."""
