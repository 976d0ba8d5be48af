"""What a journey through the API is made of: calls in an order in which each has what it needs.

Texts in requests may hold `{{name}}`, a variable of the environment. In scripts `answer` is the JSON answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, str]

_NOTHING: Values = {}


@dataclass(frozen=True)
class Step:
    """One request.

    - `call`: the route, as `POST /groups`; `title`: what the request is called.
    - `path`: variable for each name in the path, where it is another than `PATH_VARIABLES` says.
    - `url`: the whole URL, where it is not made of the path.
    - `files`: names below `files/`, sent as parts of a form.
    - `fills`: variable -> expression on `answer` that gives its value; what is filled must be there.
    - `holds`: sentence -> expression on `answer` that must be true.
    - `before`: a script that runs first.
    - `on_root`: whether it goes to the API root, where sign-in is, or to the endpoint URL.
    """

    call: str
    title: str
    body: Any = None
    query: Values = field(default_factory=dict)
    headers: Values = field(default_factory=dict)
    path: Values = field(default_factory=dict)
    url: str = ""
    files: tuple[str, ...] = ()
    fills: Values = field(default_factory=dict)
    holds: Values = field(default_factory=dict)
    before: str = ""
    after: str = ""
    on_root: bool = False


@dataclass(frozen=True)
class Leg:
    """Steps that belong together: a folder of the collection."""

    title: str
    about: str
    steps: tuple[Step, ...]


PATH_VARIABLES: Values = {
    "groupId": "test-group-id",
    "subGroupId": "test-sub-group-id",
    "memberId": "test-member-id",
    "referenceId": "test-message-id",
    "actionId": "test-survey-id",
    "reactionId": "test-reaction-id",
    "botUserId": "test-bot-id",
    "mediaResource": "test-media-resource",
    "webhookId": "test-webhook-id",
}
