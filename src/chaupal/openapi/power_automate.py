"""What Power Automate and Logic Apps show of a custom connector beside Swagger 2.0's own words: titles of fields, names
of operations, how ids are written into paths.

Source: Microsoft's documents of custom connectors, pages "Create a custom connector with an OpenAPI extension", "Learn
best practices for string fields" and "Follow coding standards".
"""

from __future__ import annotations

import re
from typing import Any

Object = dict[str, Any]

DESCRIPTION = (
    "Groups, members, messages, actions, answers, media, bots and webhooks of an organization on a Chaupal server, "
    "which takes the calls of Microsoft Kaizala and adds to them. Sign in with an access token, as the operation that "
    "exchanges a refresh token gives it; it works for a day."
)
"""Of the whole connector, in 30 to 500 characters, and without the words that Microsoft keeps to itself."""

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_WRITTEN_OTHERWISE = {"id": "ID", "ids": "IDs", "url": "URL", "uri": "URI", "ts": "Time"}


def title_of(name: str) -> str:
    """The title under which a field is shown: `groupId` is "Group ID"."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return " ".join(_WRITTEN_OTHERWISE.get(word, word.capitalize()) for word in words) or name


def operation_id(name: str) -> str:
    """An operation's name without points and underscores: `groups.create` is "GroupsCreate"."""
    return "".join(word.capitalize() for word in re.split(r"[._]", name))


def titled(name: str, described: Object) -> Object:
    """A parameter or field with its title; a reference alone has no room for one."""
    if "$ref" in described:
        return described
    made = {**described, "x-ms-summary": title_of(name)}
    if described.get("in") == "path":
        made["x-ms-url-encoding"] = "single"
    return made
