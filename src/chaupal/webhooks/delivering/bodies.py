"""The body of a delivery: what has happened, in the frame that receivers read. Source: contract, section 11."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from chaupal.auth.sealing import SecretKey
from chaupal.happenings.rules import Happening
from chaupal.webhooks.kinds import Target
from chaupal.webhooks.queries import WebhookRow

_PURPOSE = "webhook body"
_ANSWER = "webhook answer"

_encode = msgspec.json.Encoder().encode


def build_body(happening: Happening, webhook: WebhookRow, target: Target) -> bytes:
    """The same bytes for every try. `data` was fitted, so that the whole stays below 96 kB."""
    frame: dict[str, Any] = {
        "objectId": webhook.object_id,
        "objectType": webhook.object_type,
        "eventType": happening.event_type,
        "eventId": happening.event_id,
        "data": happening.data,
        "context": target.context,
        "fromUser": happening.from_user,
        "fromUserId": happening.from_user_id,
        "fromUserName": happening.from_user_name,
        "fromUserProfilePic": happening.from_user_profile_pic,
        "subscriptionId": webhook.webhook_id,
        "isBotfromUser": happening.is_bot_from_user,
        "groupId": happening.group_id,
        "sourceGroupId": happening.source_group_id,
    }
    return _encode(happening.top_level | frame)


def seal_body(body: bytes, secret_key: SecretKey) -> bytes:
    """As it is stored, for up to a month: it holds what people wrote."""
    return secret_key.seal(_PURPOSE, body)


def open_body(sealed: bytes, secret_key: SecretKey) -> bytes:
    """The body as it is sent.

    Raises:
        SealBroken.
    """
    return secret_key.unseal(_PURPOSE, sealed)


def seal_answer(answer: str, secret_key: SecretKey) -> str:
    """As the beginning of an answer is stored: it may repeat what it was sent."""
    return base64.b64encode(secret_key.seal(_ANSWER, answer.encode())).decode() if answer else ""


def open_answer(sealed: str, secret_key: SecretKey) -> str:
    """The beginning of an answer.

    Raises:
        SealBroken.
    """
    return secret_key.unseal(_ANSWER, base64.b64decode(sealed)).decode() if sealed else ""
