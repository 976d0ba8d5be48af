"""Examples of the reaction calls for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import MEMBER_ID, REACTION_ID, REFERENCE_ID

_CURSOR = 1795497276885114


def _counts(like: int, comment: int) -> dict[str, Any]:
    return {"referenceId": REFERENCE_ID, "reactionsCountMap": {"like": like, "comment": comment}}


def _detail(reaction_id: str, reaction_type: str, **further: Any) -> dict[str, Any]:
    return {
        "lastModifiedTime": 1795497276885,
        "reactionId": reaction_id,
        "userId": MEMBER_ID,
        "reactionType": reaction_type,
        **further,
    }


_COMMENT = _detail(REACTION_ID, "Comment", comment="ठीक आहे, नऊ वाजता.")
_LIKE_TAKEN_BACK = _detail("01a20bfb-2a40-7d18-9c66-0b7be1f4d3a9", "Like", isRemoved=True)

EXAMPLES: Examples = {
    "POST /groups/{groupId}/reaction": (
        Example(
            "A like", body={"referenceId": REFERENCE_ID, "reactionType": "Like"}, reply={"reactionId": REACTION_ID}
        ),
        Example(
            "A comment",
            body={"referenceId": REFERENCE_ID, "reactionType": "Comment", "comment": "ठीक आहे, नऊ वाजता."},
            reply={"reactionId": REACTION_ID},
        ),
    ),
    "GET /groups/{groupId}/reaction/summary": (
        Example("All so far", reply={"cursor": _CURSOR, "summary": [_counts(12, 3)]}),
        Example("Nothing new", query={"cursor": _CURSOR}, reply={"cursor": _CURSOR, "summary": []}),
    ),
    "GET /groups/{groupId}/reaction/{referenceId}/summary": (
        Example("Likes and comments", reply={"summary": [_counts(12, 3)]}),
    ),
    "GET /groups/{groupId}/reaction/{referenceId}": (
        Example(
            "A comment, and a like that was taken back",
            query={"cursor": 0},
            reply={"cursor": _CURSOR, "reactionDetails": [_COMMENT, _LIKE_TAKEN_BACK]},
        ),
        Example(
            "Comments alone",
            query={"reactionType": "Comment"},
            reply={"cursor": _CURSOR, "reactionDetails": [_COMMENT]},
        ),
    ),
    "DELETE /groups/{groupId}/reaction/{reactionId}": (Example("Done", reply={"result": "true"}),),
}
