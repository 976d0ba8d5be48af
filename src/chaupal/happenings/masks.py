"""What is left out of a happening for those who see less: people's numbers, and who has answered.

Numbers are for connectors with the permission Group Member List (contract, section 5). A hidden sender or responder is
"", as an anonymous one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from chaupal.happenings.answers import RESPONDER_LOCATION, RESPONDER_NAME
from chaupal.happenings.forms import Happening

_NUMBERS = frozenset({"responder", "member", "assignee"})
_RESPONDER = frozenset({"responder", "responderId", "responderName", "responderProfilePic"})
_ASSIGNEE = frozenset({"assignee", "assigneeName", "assigneeProfilePic"})


def without_numbers(happening: Happening) -> Happening:
    """The happening as it is told to those who are not shown mobile numbers."""
    data = {name: "" if name in _NUMBERS else value for name, value in happening.data.items()}
    if "assignedTo" in data:
        data["assignedTo"] = []
    details = data.get("responseDetails")
    if isinstance(details, dict) and "response" in details:
        data["responseDetails"] = {"response": {**details["response"], "assignee": ""}}
    top_level = {name: "" if name in _NUMBERS else value for name, value in happening.top_level.items()}
    return msgspec.structs.replace(happening, from_user="", data=data, top_level=top_level)


def without_responder(happening: Happening) -> Happening:
    """An answer as it is told to those who see what was answered, but not by whom."""
    data: dict[str, Any] = {name: "" if name in _RESPONDER else value for name, value in happening.data.items()}
    data["groupId"] = happening.source_group_id
    details = dict(data["responseDetails"])
    if "response" in details:
        details["response"] = {name: "" if name in _ASSIGNEE else value for name, value in details["response"].items()}
    if "responseWithQuestions" in details:
        is_presence = happening.is_of_presence
        entries = details["responseWithQuestions"]
        details["responseWithQuestions"] = [_without_whereabouts(entry, is_presence) for entry in entries]
    data["responseDetails"] = details
    return msgspec.structs.replace(
        happening,
        group_id=happening.source_group_id,
        from_user="",
        from_user_id="",
        from_user_name="",
        from_user_profile_pic="",
        is_bot_from_user=False,
        data=data,
    )


def _without_whereabouts(entry: dict[str, Any], is_presence: bool) -> dict[str, Any]:
    """A system entry that says who has answered, or where, without its answer, and so the place and photo of a roll
    call. A question of the survey's own that has the same title is not hidden: system entries are."""
    is_system = entry.get("isInvisible") and entry["title"] in (RESPONDER_NAME, RESPONDER_LOCATION)
    if is_system or (is_presence and entry["type"] in ("Location", "Image")):
        return {name: value for name, value in entry.items() if name != "answer"}
    return entry
