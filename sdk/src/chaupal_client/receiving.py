"""The receiving end of a webhook: is it from the server, and what has happened.

    event = receive(body, headers, secret="whsec_...")

`body` is the request's body as it has come. Registering a URL begins with a GET that asks for a proof:
`answer_validation(query)` gives the text to answer it with.

Every event arrives at least once. Note `event.event_id` in the same transaction as what you make of the event, and do
nothing where it is there already; `SeenEvents` does that for a program that keeps nothing.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from chaupal_client._errors import UnreadableAnswer, WebhookRefused
from chaupal_client.events import Event, read_event

BODY_MAX_BYTES = 1_048_576
"""Nothing that the server sends is larger; it stays under 96 kB."""


def receive(
    body: bytes | str,
    headers: Mapping[str, str],
    *,
    secret: str | Sequence[str] | None = None,
    callback_token: str | None = None,
) -> Event:
    """The event that a call of a webhook brings, when the call has proved to be from the server.

    `secret` is the webhook's signing secret, or several while it is being changed; `callback_token` its callBackToken.
    Where both are given both have to be right. A signed call that is older than five minutes is refused.

    Raises:
        WebhookRefused: answer with a status of 400 or above.
        ValueError: neither secret nor token was given, so anybody could have called.
    """
    if not secret and not callback_token:
        raise ValueError("give the webhook's secret, its callback_token, or both")
    sent = body.encode() if isinstance(body, str) else body
    if len(sent) > BODY_MAX_BYTES:
        raise WebhookRefused(f"the body has {len(sent)} bytes")
    known = {name.lower(): value for name, value in headers.items()}
    if callback_token and not hmac.compare_digest(known.get("kz-callback-token", "").encode(), callback_token.encode()):
        raise WebhookRefused("the header kz-callback-token is not the webhook's")
    if secret:
        _check_signature(sent, known, [secret] if isinstance(secret, str) else secret)
    try:
        return read_event(sent)
    except UnreadableAnswer as error:
        raise WebhookRefused(str(error)) from None


def _check_signature(body: bytes, headers: dict[str, str], secrets: Sequence[str]) -> None:
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError

    refusal = ""
    for secret in secrets:
        try:
            Webhook(secret).verify(body, headers)
        except (WebhookVerificationError, ValueError) as error:
            refusal = str(error)
        else:
            return
    raise WebhookRefused(f"the signature does not hold: {refusal}")


def answer_validation(query: str | Mapping[str, str]) -> str | None:
    """The text to answer the proof with, as `text/plain` and status 200; None if the request is none.

    `query` is the request's query, as text or taken apart.
    """
    if isinstance(query, str):
        tokens = parse_qs(query.removeprefix("?")).get("validationToken", [])
        token = tokens[-1] if tokens else None
    else:
        token = query.get("validationToken")
    # Nothing but digits is ever sent back, so that nobody can have this page show a script.
    return token if token and token.isascii() and token.isdigit() else None


class SeenEvents:
    """Remembers the events that were there, the last 100,000 of them, as long as the program runs.

    Enough where doing something again does little harm. Otherwise keep `event_id` where you keep what you make of it.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._ids: OrderedDict[str, None] = OrderedDict()

    def is_new(self, event: Event) -> bool:
        """Whether it is the first time; it counts as seen from now on."""
        if event.event_id in self._ids:
            self._ids.move_to_end(event.event_id)
            return False
        self._ids[event.event_id] = None
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
        return True

    def forget(self, event: Event) -> None:
        """It could not be dealt with after all: when it comes again it is new."""
        self._ids.pop(event.event_id, None)
