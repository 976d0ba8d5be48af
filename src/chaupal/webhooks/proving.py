"""The proof that whoever names a callback URL has it: a GET that must answer with a number. Contract, section 11."""

from __future__ import annotations

import re
import secrets

from chaupal.errors import InvalidParameters
from chaupal.outbound.client import OutboundAnswer
from chaupal.outbound.failures import OutboundFailed
from chaupal.outbound.guarded import GuardedClient
from chaupal.webhooks.kinds import Target

PROOF_TIMEOUT_S = 5
ANSWER_MAX_BYTES = 20_480
TOKEN_HEADER = "kz-callback-token"

_SHOWN_CHARS = 100
_SECRETS_BEFORE_HOST = re.compile(r"//[^/]*@")
"""A user and password, which are refused, and not to be shown again."""


def make_validation_token() -> str:
    """12 to 15 decimal digits, the first not 0: receivers cut it out of the raw query, or read it as JSON."""
    return str(secrets.randbelow(900_000_000_000_000) + 100_000_000_000_000)


def validation_url(url: str, token: str) -> str:
    """The URL with one more parameter, the only one unless it has its own."""
    plain, _, _ = url.strip().partition("#")
    separator = "" if plain.endswith(("?", "&")) else "&" if "?" in plain else "?"
    return f"{plain}{separator}validationToken={token}"


async def prove_callback(client: GuardedClient, target: Target) -> None:
    """Return once the receiver has answered with the token.

    Raises:
        InvalidParameters: it has not; the rule says what came back, unless that came from a private address.
    """
    token = make_validation_token()
    try:
        answer = await client.call(
            "GET",
            validation_url(target.url, token),
            headers=target.headers | ({TOKEN_HEADER: target.token} if target.token else {}),
            timeout_s=PROOF_TIMEOUT_S,
            answer_max_bytes=ANSWER_MAX_BYTES,
        )
    except OutboundFailed as failure:
        raise _unproved(target, f"was not proved: {failure}") from None
    if not 200 <= answer.status < 300:
        raise _unproved(target, f"must answer with the validationToken, but the status was {answer.status}")
    if not is_echo(answer.body, token):
        raise _unproved(target, f"must answer with the validationToken, but answered {_shown(answer)}")


def is_echo(body: bytes, token: str) -> bool:
    """Whether a body is the token. White space around it, and one pair of double quotes, are tolerated."""
    text = body.decode("utf-8", "replace").lstrip("\ufeff").strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1].strip()
    return text == token


def _unproved(target: Target, rule: str) -> InvalidParameters:
    shown = _SECRETS_BEFORE_HOST.sub("//***@", target.url.partition("?")[0])
    return InvalidParameters(field="callBackUrl", value=shown, rule=rule)


def _shown(answer: OutboundAnswer) -> str:
    """What came back, as it may stand in a sentence. Not from a private address: it could be anything in there."""
    if answer.is_private:
        return "something else"
    text = " ".join("".join(c for c in answer.body.decode("utf-8", "replace") if c.isprintable() or c == " ").split())
    shown = text[:_SHOWN_CHARS]
    return f"'{shown}'" if shown else "nothing"
