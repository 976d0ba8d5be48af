"""What a webhook may be about and hear of, and what of it is secret. Source: contract, section 11."""

from __future__ import annotations

from typing import Any

import msgspec

from chaupal.auth.sealing import SecretKey

GROUP = "Group"
ACTION = "Action"
ACTION_PACKAGE = "ActionPackage"
OBJECT_TYPES = (GROUP, ACTION, ACTION_PACKAGE)

EVENT_TYPES = (
    "ActionCreated",
    "ActionResponse",
    "SurveyCreated",
    "JobCreated",
    "SurveyResponse",
    "JobResponse",
    "TextMessageCreated",
    "AttachmentCreated",
    "Announcement",
    "MemberAdded",
    "MemberRemoved",
    "GroupAdded",
    "GroupRemoved",
    "PollCreated",
    "PollResponse",
    "LetsMeetCreated",
    "LetsMeetResponse",
    "LocationShared",
    "PhotoWithLocation",
    "ReactionCreated",
    "MessageEdited",
    "MessageRetracted",
)
"""Kaizala's, and ours, from LocationShared on."""

RESPONSE_TYPES = frozenset({"ActionResponse", "SurveyResponse", "JobResponse", "PollResponse", "LetsMeetResponse"})
"""They carry what someone answered, which not everyone in the group may see."""

EXPIRED = "Expired"
"""The reason of a webhook that has run out. Its owner is told when something happens that it would have heard of."""

_BY_WORD = {name.casefold(): name for name in EVENT_TYPES}

_PURPOSE = "webhook target"


def known_event_types(names: list[str]) -> list[str]:
    """Those of the names that there are, in any letter case, each once and in the catalogue's order."""
    found = {_BY_WORD.get(name.strip().casefold()) for name in names}
    return [name for name in EVENT_TYPES if name in found]


class SigningSecret(msgspec.Struct, frozen=True):
    """A secret that deliveries are signed with; `until_ms` None for the one in force, else when an old one ends."""

    secret: str
    until_ms: int | None = None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a webhook calls, and with what. URLs hold secrets as often as tokens do, so all of it is sealed.

    `given_by`: the connectors that gave `token`, `headers` and `alert_email`, where it is not the webhook's own.
    """

    url: str
    token: str = ""
    context: Any = ""
    headers: dict[str, str] = {}
    secrets: list[SigningSecret] = []
    alert_email: str = ""
    given_by: dict[str, str] = {}

    def is_of(self, connector_id: str, name: str, *, own_id: str) -> bool:
        """Whether a connector has given `token`, `headers` or `alert_email`; `own_id`: the webhook's own."""
        return self.given_by.get(name, own_id) == connector_id

    def sealed(self, secret_key: SecretKey) -> bytes:
        """As it is stored."""
        return secret_key.seal(_PURPOSE, msgspec.json.encode(self))


def open_target(sealed: bytes, secret_key: SecretKey) -> Target:
    """What was sealed.

    Raises:
        SealBroken: with another key.
    """
    return msgspec.json.decode(secret_key.unseal(_PURPOSE, sealed), type=Target)
