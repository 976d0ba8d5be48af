"""What callers may ask of a webhook: its fields, checked, and what becomes of the secret part."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import msgspec

from chaupal.errors import Conflict, InvalidParameters
from chaupal.settings_rules import is_mail_address
from chaupal.webhooks.kinds import EVENT_TYPES, OBJECT_TYPES, SigningSecret, Target, known_event_types

TOKEN_MAX_CHARS = 4_000
CONTEXT_MAX_BYTES = 16_384
"""The context goes along with every delivery."""

HEADERS_MAX = 20
HEADER_MAX_CHARS = 4_000
URL_MAX_CHARS = 2_048
ROTATION_HOURS = 24
"""After a new signing secret was set, the old one signs along for so long."""

SECRET_PREFIX = "whsec_"
SECRET_BYTES = (24, 64)
"""The least and the most that Standard Webhooks takes."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "keep-alive",
        "proxy-connection",
        "accept-encoding",
        "content-encoding",
        "kz-callback-token",
        "webhook-attempt",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
)
"""Headers that the server sets itself, or that would change how the request is read."""


_SENT: dict[str, Any] = {"token": "", "headers": {}}
"""What goes along with each call, and what stands for none."""

_GIVEN = (*_SENT, "alert_email")

EVENTS_AT_ONCE_MAX = 1_000
"""Events that one call may have sent again."""


class WebhookNotActive(Conflict):
    """Nothing is sent to a webhook that is not active. Fields: `reason`."""

    template = "The webhook is disabled ({reason}); enable it first with Active: true."


class TooManyWebhooks(Conflict):
    """A limit on webhooks is reached. Fields: `limit`."""

    template = "At most {limit} webhooks may be there for one organization; delete one first."


class WebhookDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants of a webhook. None: not said; so for a change, as it was.

    `signing_secret` and `alert_email`: "" takes it away.
    """

    object_type: str | None = None
    object_id: str | None = None
    event_types: list[str] | None = None
    url: str | None = None
    token: str | None = None
    context: Any = None
    headers: dict[str, str] | None = None
    valid_until_ms: int | None = None
    is_active: bool | None = None
    signing_secret: str | None = None
    alert_email: str | None = None


def check_object_type(value: str | None) -> str:
    """The object type in its own spelling.

    Raises:
        InvalidParameters.
    """
    by_word = {name.casefold(): name for name in OBJECT_TYPES}
    found = by_word.get((value or "").strip().casefold())
    if found is None:
        raise InvalidParameters(field="objectType", value=value or "", rule=f"must be one of {', '.join(OBJECT_TYPES)}")
    return found


def check_draft(draft: WebhookDraft, *, is_new: bool) -> None:
    """Check everything that needs no database.

    Raises:
        InvalidParameters.
    """
    if is_new or draft.event_types is not None:
        check_event_types(draft.event_types or [])
    if is_new and not draft.object_id:
        raise InvalidParameters(field="objectId", value="", rule="must not be empty")
    if (is_new and not draft.url) or draft.url == "":
        raise InvalidParameters(field="callBackUrl", value="", rule="must not be empty")
    _check_token(draft.token or "")
    _check_context(draft.context)
    _check_headers(draft.headers or {})
    if draft.signing_secret:
        _check_secret(draft.signing_secret)
    if draft.alert_email and not is_mail_address(draft.alert_email):
        raise InvalidParameters(
            field="alertEmail", value=draft.alert_email, rule="must be one e-mail address, or empty"
        )


def check_event_types(names: list[str]) -> list[str]:
    """The known ones among the names; unknown ones are dropped (contract, section 11).

    Raises:
        InvalidParameters: there is no known one.
    """
    found = known_event_types(names)
    if not found:
        rule = f"must name at least one of {', '.join(EVENT_TYPES)}"
        raise InvalidParameters(field="eventTypes", value=", ".join(names), rule=rule)
    return found


def _check_token(token: str) -> None:
    if len(token) > TOKEN_MAX_CHARS or not _is_header_value(token):
        rule = f"must be at most {TOKEN_MAX_CHARS} characters that a header can hold"
        raise InvalidParameters(field="callBackToken", value="***", rule=rule)


def _check_context(context: Any) -> None:
    if context is not None and len(msgspec.json.encode(context)) > CONTEXT_MAX_BYTES:
        raise InvalidParameters(
            field="callBackContext", value="***", rule=f"must be at most {CONTEXT_MAX_BYTES} bytes of JSON"
        )


def _check_headers(headers: dict[str, str]) -> None:
    if len(headers) > HEADERS_MAX:
        raise InvalidParameters(
            field="callBackHeaders", value=len(headers), rule=f"must be at most {HEADERS_MAX} headers"
        )
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
            raise InvalidParameters(field="callBackHeaders", value=name, rule="must be names of headers of your own")
        if len(value) > HEADER_MAX_CHARS or not _is_header_value(value):
            rule = f"must be at most {HEADER_MAX_CHARS} characters that a header can hold"
            raise InvalidParameters(field=f"callBackHeaders.{name}", value="***", rule=rule)


def _is_header_value(text: str) -> bool:
    return all(character.isprintable() and character.isascii() for character in text)


def _check_secret(secret: str) -> None:
    least, most = SECRET_BYTES
    try:
        decoded = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        decoded = b""
    if not secret.startswith(SECRET_PREFIX) or not least <= len(decoded) <= most:
        rule = f"must be {SECRET_PREFIX} and {least} to {most} bytes in base64"
        raise InvalidParameters(field="signingSecret", value="***", rule=rule)


def new_target(draft: WebhookDraft) -> Target:
    """The secret part of a new webhook."""
    return Target(
        url=(draft.url or "").strip(),
        token=draft.token or "",
        context="" if draft.context is None else draft.context,
        headers=draft.headers or {},
        secrets=[SigningSecret(draft.signing_secret)] if draft.signing_secret else [],
        alert_email=draft.alert_email or "",
    )


class ChangedBy(msgspec.Struct, frozen=True):
    """The connector that changes a webhook, and the webhook's own."""

    connector_id: str
    own_id: str


def changed_target(target: Target, draft: WebhookDraft, by: ChangedBy, *, now_ms: int) -> Target:
    """The secret part after a change. What another connector has given stays its own: it is not shown, so that ""
    leaves it as it is, and it is not sent to a URL that somebody else names."""
    of_others = [name for name in _GIVEN if not target.is_of(by.connector_id, name, own_id=by.own_id)]
    draft = msgspec.structs.replace(draft, **{name: None for name in of_others if getattr(draft, name) == ""})
    if draft.url is not None and draft.url.strip() != target.url:
        kept = msgspec.structs.replace(target, **{name: _SENT[name] for name in of_others if name in _SENT})
    else:
        kept = target
    givers = {name: target.given_by.get(name, by.own_id) for name in of_others if getattr(draft, name) is None}
    return _changed(kept, draft, givers, now_ms=now_ms)


def _changed(target: Target, draft: WebhookDraft, givers: dict[str, str], *, now_ms: int) -> Target:
    return Target(
        url=target.url if draft.url is None else draft.url.strip(),
        token=target.token if draft.token is None else draft.token,
        context=target.context if draft.context is None else draft.context,
        headers=target.headers if draft.headers is None else draft.headers,
        secrets=_rotated(target.secrets, draft.signing_secret, now_ms=now_ms),
        alert_email=target.alert_email if draft.alert_email is None else draft.alert_email,
        given_by=givers,
    )


def _rotated(secrets: list[SigningSecret], new: str | None, *, now_ms: int) -> list[SigningSecret]:
    if new is None:
        return secrets
    if not new:
        return []
    until_ms = now_ms + ROTATION_HOURS * 3_600_000
    kept = [SigningSecret(old.secret, old.until_ms or until_ms) for old in secrets if old.secret != new]
    return [SigningSecret(new), *[old for old in kept if (old.until_ms or 0) > now_ms]][:5]
