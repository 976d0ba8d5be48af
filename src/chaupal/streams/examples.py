"""Examples of the calls for events for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import GROUP_ID, MEMBER_ID, REFERENCE_ID

_CURSOR = "q0J3x1kq8oDk2mQ1v7yLr3bTn5uWcE9aZs6PfHdYgXoVtB4i"
_NEXT_CURSOR = "wS7m4nTQe2LkXo9vBz1cRf6hYpDj3uAa8GqKtVxE5iMbN0Zs"

_EVENT: dict[str, Any] = {
    "objectId": GROUP_ID,
    "objectType": "Group",
    "eventType": "TextMessageCreated",
    "eventId": REFERENCE_ID,
    "eventTime": "2026-11-24T05:06:07.089Z",
    "data": {"text": "உங்கள் வண்டி வந்துவிட்டது.", "groupId": GROUP_ID, "sourceGroupId": GROUP_ID},
    "fromUser": "+919820000014",
    "fromUserId": MEMBER_ID,
    "fromUserName": "கயல்விழி",
    "fromUserProfilePic": "",
    "isBotfromUser": False,
    "groupId": GROUP_ID,
    "sourceGroupId": GROUP_ID,
}

EXAMPLES: Examples = {
    "GET /events": (
        Example("From now on"),
        Example("One group, from a cursor on", query={"cursor": _CURSOR, "groupId": [GROUP_ID]}),
    ),
    "GET /sync": (
        Example("From now on", reply={"events": [], "cursor": _CURSOR, "hasMore": False}),
        Example(
            "What has happened since",
            query={"cursor": _CURSOR, "limit": 50},
            reply={"events": [_EVENT], "cursor": _NEXT_CURSOR, "hasMore": False},
        ),
    ),
}
