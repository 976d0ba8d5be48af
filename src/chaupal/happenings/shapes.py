"""A happening as it is sent: the same fields to webhooks, streams and whoever asks. Source: contract, section 11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from chaupal.wire.instants import write_instant

if TYPE_CHECKING:
    from chaupal.happenings.forms import Happening


class ShownHappening(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One event. `objectId` is the group it happened in. The last four are there where members come and go."""

    object_id: str
    object_type: str
    event_type: str
    event_id: str
    event_time: str
    data: dict[str, Any]
    from_user: str
    from_user_id: str
    from_user_name: str
    from_user_profile_pic: str
    is_bot_from_user: bool = msgspec.field(name="isBotfromUser")
    group_id: str
    source_group_id: str
    member: str | UnsetType = UNSET
    member_name: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    profile_pic: str | UnsetType = UNSET


def show_happening(happening: Happening) -> ShownHappening:
    """What is sent of a happening."""
    shown = ShownHappening(
        object_id=happening.source_group_id,
        object_type="Group",
        event_type=happening.event_type,
        event_id=happening.event_id,
        event_time=write_instant(happening.at_us // 1000),
        data=happening.data,
        from_user=happening.from_user,
        from_user_id=happening.from_user_id,
        from_user_name=happening.from_user_name,
        from_user_profile_pic=happening.from_user_profile_pic,
        is_bot_from_user=happening.is_bot_from_user,
        group_id=happening.group_id,
        source_group_id=happening.source_group_id,
    )
    if happening.top_level:
        shown.member = happening.top_level["member"]
        shown.member_name = happening.top_level["memberName"]
        shown.type = happening.top_level["type"]
        shown.profile_pic = happening.top_level["profilePic"]
    return shown
