"""Sending one delivery: headers, signature, the call, and what is noted of the answer. Source: contract, section 11."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from chaupal.outbound.client import OutboundAnswer
from chaupal.outbound.failures import OutboundFailed
from chaupal.outbound.guarded import GuardedClient
from chaupal.tracing.untraced import UNTRACED, Traced
from chaupal.webhooks.delivering.queries import ClaimedDelivery
from chaupal.webhooks.delivering.recording import TriedDelivery
from chaupal.webhooks.delivering.schedule import read_retry_after
from chaupal.webhooks.kinds import SigningSecret, Target
from chaupal.webhooks.proving import ANSWER_MAX_BYTES, TOKEN_HEADER

ANSWER_KEPT_CHARS = 2_000


async def send(
    client: GuardedClient, target: Target, delivery: ClaimedDelivery, body: bytes, *, now_ms: int, timeout_s: float
) -> TriedDelivery:
    """Try once; never raises what a receiver can cause. The answer's beginning is not sealed yet."""
    began_s = time.monotonic()
    status: int | None = None
    error = answered = ""
    retry_after_s = None
    with _traced(client, delivery) as traced:
        try:
            answer = await client.call(
                "POST",
                target.url,
                headers=headers_of(target, delivery, body, now_ms=now_ms),
                body=body,
                timeout_s=timeout_s,
                answer_max_bytes=ANSWER_MAX_BYTES,
            )
            status, answered = answer.status, _kept(answer)
            retry_after_s = read_retry_after(answer.retry_after, now_ms=now_ms)
            traced.note(status)
        except OutboundFailed as failure:
            error = str(failure)
            traced.note_failure(error)
    return TriedDelivery(
        delivery=delivery,
        tried_at_ms=now_ms,
        duration_ms=round((time.monotonic() - began_s) * 1000),
        status=status,
        error=error,
        answer=answered,
        retry_after_s=retry_after_s,
    )


def _traced(client: GuardedClient, delivery: ClaimedDelivery) -> AbstractContextManager[Traced]:
    if client.tracing is None:
        return UNTRACED
    return client.tracing.delivery(event_id=delivery.event_id, attempt=delivery.try_count + 1)


def headers_of(target: Target, delivery: ClaimedDelivery, body: bytes, *, now_ms: int) -> dict[str, str]:
    """The headers of a try: the receiver's own, ours, and a signature where there is a secret."""
    headers = {
        **target.headers,
        "Content-Type": "application/json",
        "webhook-attempt": str(delivery.try_count + 1),
    }
    if target.token:
        headers[TOKEN_HEADER] = target.token
    secrets = [each for each in target.secrets if each.until_ms is None or each.until_ms > now_ms]
    if secrets:
        headers |= signature_of(secrets, message_id=delivery.event_id, body=body, now_ms=now_ms)
    return headers


def signature_of(secrets: list[SigningSecret], *, message_id: str, body: bytes, now_ms: int) -> dict[str, str]:
    """The headers of Standard Webhooks. While a secret is being changed, both sign."""
    from standardwebhooks.webhooks import Webhook

    at = datetime.fromtimestamp(now_ms // 1000, UTC)
    text = body.decode()
    signatures = [Webhook(each.secret).sign(message_id, at, text) for each in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now_ms // 1000),
        "webhook-signature": " ".join(signatures),
    }


def _kept(answer: OutboundAnswer) -> str:
    """What is noted of an answer; nothing of one from a private address, which could be anything in there."""
    if answer.is_private:
        return ""
    text = answer.body[: 4 * ANSWER_KEPT_CHARS].decode("utf-8", "replace").replace("\x00", "")
    return text[:ANSWER_KEPT_CHARS]
