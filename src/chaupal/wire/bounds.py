"""What shapes say of their texts in the OpenAPI document, where several shapes say the same.

These describe and check nothing: rules and readings do. See `bounds` in the shapes.
"""

from __future__ import annotations

from typing import Any, Final

Bounds = dict[str, Any]

MOBILE_NUMBER: Final[Bounds] = {"format": "mobile-number", "examples": ["+919876543210"]}
MOBILE_NUMBERS: Final[Bounds] = {"items": MOBILE_NUMBER}
CURSOR: Final[Bounds] = {"format": "cursor"}
INSTANT: Final[Bounds] = {"format": "date-time", "examples": ["2026-11-24T05:14:36.885Z"]}
INSTANT_MS: Final[Bounds] = {"minimum": 0, "examples": [1827033276000]}
PICTURE_URL: Final[Bounds] = {"maxLength": 2_000, "pattern": r"^(https?://.*)?$", "examples": [""]}
ROLE: Final[Bounds] = {"enum": ["Admin", "Member"]}
ROLE_IN_GROUP: Final[Bounds] = {"enum": ["Admin", "Member", "Subscriber", "None"]}
GROUP_TYPE: Final[Bounds] = {"enum": ["Group", "ConnectGroup"]}


def text_bounds(max_chars: int, *, may_be_blank: bool = False) -> Bounds:
    """A text of at most so many Unicode code points."""
    return {"maxLength": max_chars} if may_be_blank else {"minLength": 1, "maxLength": max_chars, "pattern": r"\S"}


def count_bounds(least: int, most: int) -> Bounds:
    """A whole number between two others, both included."""
    return {"minimum": least, "maximum": most}
