"""What a client knows, and how a call goes: where to, with whose token, again when it fails. No input or output."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from chaupal_client._errors import (
    ApiError,
    ConnectionFailed,
    EndpointRefused,
    InvalidToken,
    SignInNeeded,
    Unauthenticated,
    read_error,
    read_move,
)
from chaupal_client._operations import Operation, Outgoing, build_outgoing, read_answer
from chaupal_client._retrying import Patience, Retrying
from chaupal_client._steps import Exclusively, Failure, Flow, Reply, Request, Send, Wait
from chaupal_client._tokens import Tokens, TokenStore
from chaupal_client.models import AccessTokenAnswer, BotTokenAnswer

AnswerT = TypeVar("AnswerT")

RENEW_EARLY_MS = 5 * 60_000
"""A token is renewed so long before it ends. It works 15 minutes longer than it says, so clocks may differ."""
MOVES_MAX = 5
"""How often one call may be sent on. Moving from one place to another takes one."""

GET_ACCESS_TOKEN: Operation[AccessTokenAnswer] = Operation("GET", "/accessToken", AccessTokenAnswer, needs_token=False)

GET_BOT_TOKEN: Operation[BotTokenAnswer] = Operation("GET", "/bot/accessToken/{}", BotTokenAnswer)


class Credentials(msgspec.Struct, frozen=True):
    """Who the program is: a connector of the organization."""

    application_id: str = ""
    application_secret: str = ""
    bot_user_id: str = ""
    """The bot whose token is taken with that of the person; `""`: the person's own is used."""


class Session:
    """One client's. `tokens` changes with each renewal; everything else stays."""

    def __init__(
        self,
        root_url: str,
        credentials: Credentials,
        store: TokenStore,
        retrying: Retrying,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.root_url = _base(root_url)
        self.credentials = credentials
        self.retrying = retrying
        self._store = store
        self._now_s = now_s
        self.tokens = store.load() or Tokens()
        self._given_refresh_token = ""

    def begin_with(self, given: Tokens) -> None:
        """What the program was given. What is in the store is newer, unless it has been revoked since."""
        self._given_refresh_token = given.refresh_token
        if not (self.tokens.refresh_token or self.tokens.access_token):
            self.tokens = given

    @property
    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return int(self._now_s() * 1000)

    @property
    def endpoint_url(self) -> str:
        """Where calls go; ends in one slash."""
        return self.tokens.endpoint_url or self.root_url

    @property
    def can_renew(self) -> bool:
        """Whether there is what a new access token is had for."""
        return bool((self.tokens.refresh_token or self._given_refresh_token) and self.credentials.application_id)

    def keep(self, **changes: Any) -> Flow[None]:
        """Remember what is new of the tokens, also in the store. An endpoint is taken only where it is safe to go."""
        if "refresh_token" in changes:  # someone has signed in: never act as somebody else again
            self._given_refresh_token = ""
        yield Exclusively(self._keep_alone(changes))

    def _keep_alone(self, changes: dict[str, Any]) -> Flow[None]:
        self._keep(changes)
        yield from ()

    def _keep(self, changes: dict[str, Any]) -> None:
        if "endpoint_url" in changes:
            changes["endpoint_url"] = self._safe_base(changes["endpoint_url"])
        self.tokens = msgspec.structs.replace(self.tokens, **changes)
        self._store.save(self.tokens)

    def _safe_base(self, url: str) -> str:
        """The base address that the server names; a token that was given by https is not carried over plain http."""
        base = _base(url) if url else self.root_url
        return self.root_url if _is_downgrade(self.root_url, base) else base

    def call(
        self,
        operation: Operation[AnswerT],
        path: tuple[str, ...] = (),
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[AnswerT]:
        """One call of the API and its answer."""
        outgoing = build_outgoing(operation, path, query=query, body=body, idempotency_key=idempotency_key)
        reply = yield from self.exchange(outgoing)
        return read_answer(operation.answer, reply)

    def exchange(self, outgoing: Outgoing) -> Flow[Reply]:
        """Send it until there is an answer of success: again after failures that may pass, once more with a new token,
        and on to where the server says.

        Raises:
            ApiError, ConnectionFailed, EndpointRefused, SignInNeeded.
        """
        patience, moves, was_renewed = Patience(self.retrying), 0, False
        while True:
            token = ""
            if outgoing.needs_token:
                token = yield from self._usable_token()
            base = self.root_url if outgoing.goes_to_root else self.endpoint_url
            result: Reply | Failure = yield Send(_request(outgoing, base, token), outgoing.is_streamed)
            error: ApiError | ConnectionFailed
            if isinstance(result, Failure):
                error = ConnectionFailed(f"{outgoing.method} {base}{outgoing.target}: {result.reason}")
                error.__cause__ = result.cause
            elif result.status < 300:
                return result
            elif result.status == 308:
                moves += 1
                yield from self._move(outgoing, base, result, moves)
                continue
            else:
                error = read_error(result)
                if isinstance(error, InvalidToken) and self.can_renew and not was_renewed:
                    was_renewed = True
                    yield from self._renew(instead_of=token)
                    continue
            wait_s = patience.wait_after(error, is_repeatable=outgoing.is_repeatable)
            if wait_s is None:
                raise error
            yield Wait(wait_s)

    def _move(self, outgoing: Outgoing, base: str, reply: Reply, moves: int) -> Flow[None]:
        """Go to the address that a 308 names, now and from now on.

        Raises:
            EndpointRefused.
        """
        named, location = read_move(reply)
        location = urljoin(base, location)
        new_base = _base(named or location.removesuffix(outgoing.target))
        if moves > MOVES_MAX or new_base == base or _is_downgrade(base, new_base):
            raise EndpointRefused(f"{base} sends {outgoing.method} on to {location or 'nowhere'}")
        if outgoing.goes_to_root:
            self.root_url = new_base
        else:
            yield from self.keep(endpoint_url=new_base)

    def _usable_token(self) -> Flow[str]:
        tokens = self.tokens
        if tokens.access_token and not self._is_ending(tokens):
            return tokens.access_token
        if self.can_renew:
            yield from self._renew(instead_of=tokens.access_token)
        if not self.tokens.access_token:
            raise SignInNeeded("sign in first: there is neither an access token nor a connector with a refresh token")
        return self.tokens.access_token

    def renew_now(self) -> Flow[None]:
        """A new access token, whatever the one in use is like.

        Raises:
            SignInNeeded.
        """
        if not self.can_renew:
            raise SignInNeeded("there is no connector with a refresh token")
        yield from self._renew(instead_of=self.tokens.access_token)

    def _is_ending(self, tokens: Tokens) -> bool:
        """Of a token whose end is not known, false."""
        return 0 < tokens.access_token_expiry_ms <= self.now_ms + RENEW_EARLY_MS

    def _renew(self, *, instead_of: str) -> Flow[None]:
        """A new access token; of many calls that ask for it at the same time, one gets it for all."""
        yield Exclusively(self._renew_alone(instead_of))

    def _renew_alone(self, instead_of: str) -> Flow[None]:
        if self.tokens.access_token != instead_of:
            return
        kept = self._store.load()
        if kept and kept.access_token not in ("", instead_of) and not self._is_ending(kept):
            self.tokens = kept  # another program with the same store has been there before
            return
        known = (kept.refresh_token if kept else "", self.tokens.refresh_token, self._given_refresh_token)
        answer, refresh_token = yield from self._exchange_first(list(dict.fromkeys(filter(None, known))))
        found = {"endpoint_url": answer.endpoint_url, "refresh_token": answer.refresh_token or refresh_token}
        token: AccessTokenAnswer | BotTokenAnswer = answer
        if self.credentials.bot_user_id:
            self._keep(found)  # the bot's token comes from the endpoint
            token = yield from self._bot_token(answer.access_token)
        self._keep({**found, "access_token": token.access_token, "access_token_expiry_ms": token.access_token_expiry})

    def _exchange_first(self, refresh_tokens: list[str]) -> Flow[tuple[AccessTokenAnswer, str]]:
        """What the first of them that still holds is worth, and which that was. One that the operator has put in the
        place of a revoked one stands behind it as long as the store has the old."""
        for refresh_token in refresh_tokens:
            headers = {
                "applicationId": self.credentials.application_id,
                "applicationSecret": self.credentials.application_secret,
                "refreshToken": refresh_token,
            }
            outgoing = msgspec.structs.replace(build_outgoing(GET_ACCESS_TOKEN), headers=headers)
            try:
                reply = yield from self.exchange(outgoing)
            except Unauthenticated:
                if refresh_token == refresh_tokens[-1]:
                    raise
            else:
                return read_answer(AccessTokenAnswer, reply), refresh_token
        raise SignInNeeded("there is no refresh token")

    def _bot_token(self, access_token: str) -> Flow[BotTokenAnswer]:
        outgoing = build_outgoing(GET_BOT_TOKEN, (self.credentials.bot_user_id,))
        outgoing = msgspec.structs.replace(outgoing, headers={"accesstoken": access_token}, needs_token=False)
        reply = yield from self.exchange(outgoing)
        return read_answer(BotTokenAnswer, reply)


def _request(outgoing: Outgoing, base: str, token: str) -> Request:
    headers = {"x-accept-308": "1", **outgoing.headers}
    if token:
        headers["accesstoken"] = token
    return Request(outgoing.method, base + outgoing.target, headers, outgoing.content, outgoing.read_timeout_s)


def followed(url: str, reply: Reply) -> str:
    """Where a 308 leads whoever has asked for this address.

    Raises:
        EndpointRefused.
    """
    _, location = read_move(reply)
    target = urljoin(url, location)
    if not target.startswith(("http://", "https://")) or target == url or _is_downgrade(url, target):
        raise EndpointRefused(f"{url} sends on to {location or 'nowhere'}")
    return target


def _base(url: str) -> str:
    """The address with exactly one slash at its end.

    Raises:
        ValueError: it is no http or https URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{url!r} is not the http or https address of a server")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def _is_downgrade(before: str, after: str) -> bool:
    return before.startswith("https:") and not after.startswith("https:")
