"""One API call as its handler sees it: path and query, the body as a shape, the caller, and one write or read."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TypeVar

import msgspec
from starlette.types import Message, Receive, Scope

from chaupal.auth.caller import Caller
from chaupal.auth.limiter import Budget, Claim, MinuteSpent, connector_key, tenant_key
from chaupal.auth.permissions import CallPermission
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import TokenExpired
from chaupal.cells.passes import PROOF_HEADER_BYTES, read_pass
from chaupal.cells.roster import TenantMoved
from chaupal.errors import InvalidParameters, InvalidToken, NotFound, PayloadTooLarge, UnsupportedMedia
from chaupal.idempotency.rules import OnceAnswer, OnceCall, answer_once, scope_of
from chaupal.serving.addresses import address_behind, site_of
from chaupal.serving.body_stream import BodyStream, ClientGone, RequestTooSlow
from chaupal.serving.house import House
from chaupal.serving.kept import find_kept, retry_as_kept
from chaupal.serving.replies import Reply, encode_json
from chaupal.serving.routes import Route
from chaupal.store.transaction import Transaction
from chaupal.wire.bodies import read_shape
from chaupal.wire.query_strings import read_query

ShapeT = TypeVar("ShapeT", bound=msgspec.Struct)
DraftT = TypeVar("DraftT")
ResultT = TypeVar("ResultT")

_COMPRESSIONS = frozenset({"gzip", "x-gzip", "deflate", "compress", "br", "zstd"})


class BodyCompressed(UnsupportedMedia):
    """The body would have to be unpacked, and a small one can become any size. Fields: `coding`."""

    template = "Content-Encoding: {coding}: bodies are taken uncompressed only."


Headers = dict[bytes, bytes]

_KEY_MAX_CHARS = 255
_MIB = 1_048_576


class ApiRequest:
    """Made by the dispatcher for each call; not kept beyond it."""

    __slots__ = (
        "_body",
        "_caller",
        "_receive",
        "_stream",
        "budget",
        "headers",
        "house",
        "path",
        "request_id",
        "route",
        "scope",
        "tenant_id",
    )

    def __init__(
        self, scope: Scope, receive: Receive, *, house: House, route: Route, path: dict[str, str], request_id: str
    ) -> None:
        self.scope = scope
        self.house = house
        self.route = route
        self.path = path
        self.request_id = request_id
        self.headers: Headers = dict(scope["headers"])
        self.tenant_id = ""
        self.budget: Budget | None = None
        self._receive = receive
        self._body: bytes | None = None
        self._caller: Caller | None = None
        self._stream: BodyStream | None = None

    def header(self, name: bytes) -> str:
        """A header's value, "" where it is absent. `name` in lower case."""
        return self.headers.get(name, b"").decode("latin-1").strip()

    @property
    def access_token(self) -> str:
        """The token from header `accessToken` (kaizala-docs issue 2: in any case), else `Authorization: Bearer`."""
        token = self.header(b"accesstoken")
        if token:
            return token
        scheme, _, credentials = self.header(b"authorization").partition(" ")
        return credentials.strip() if scheme.lower() == "bearer" else ""

    @property
    def caller(self) -> Caller:
        """The bearer of the access token; the dispatcher has checked it before the handler runs."""
        assert self._caller is not None, "the route names no call of the permission table"
        return self._caller

    @property
    def secret_key(self) -> SecretKey:
        """The key of the call's tenant, which the server has met: `authenticate` sees to that.

        Raises:
            InvalidToken: there is no such tenant.
        """
        return self.house.tenant_keys.of(self.tenant_id)

    async def authenticate(self, permission: CallPermission) -> None:
        """Find out whose token this is, and count the call against its limits.

        Raises:
            InvalidToken, TooManyRequests; Unavailable at a tenant's first call.
            TenantMoved: the signature is good; whether the token is over, the cell that the tenant lives in will say.
        """
        text = self.access_token
        if not text:
            raise InvalidToken("The header accessToken is missing.")
        departures = self.house.roster.departures
        try:
            token = self.house.signer.check(text, now_s=self.house.now_s)
        except TokenExpired as expired:
            if expired.token.tenant_id in departures:
                raise TenantMoved(departures[expired.token.tenant_id]) from None
            raise
        self.tenant_id = token.tenant_id
        if departures and token.tenant_id in departures:
            raise TenantMoved(departures[token.tenant_id])
        settings = self.house.settings
        self.count_against(
            Claim(connector_key(token.connector_id), settings.connector_calls_per_min, "Calls of this connector"),
            Claim(tenant_key(token.tenant_id), settings.tenant_calls_per_min, "Calls of this organization"),
        )
        self._caller = Caller(token, permission)
        if token.tenant_id not in self.house.tenant_keys:
            await self.house.meet_tenant(token.tenant_id)

    def count_against(self, *claims: Claim) -> None:
        """Count the call against limits; what is left of the tightest goes into the answer's headers.

        Raises:
            MinuteSpent.
        """
        try:
            self.budget = self.house.limiter.take(*claims, now_s=self.house.now_s)
        except MinuteSpent as spent:
            self.budget = spent.budget
            raise

    async def raw_body(self) -> bytes:
        """The whole body.

        Raises:
            PayloadTooLarge, RequestTooSlow, ClientGone.
        """
        if self._body is None:
            message = await self._receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                self._body = self._checked(message["body"])
            else:
                limit_s = self.house.settings.request_body_timeout_s
                try:
                    async with asyncio.timeout(limit_s):
                        self._body = await self._gather(message)
                except TimeoutError:
                    raise RequestTooSlow(limit_s=limit_s) from None
        return self._body

    async def _gather(self, message: Message) -> bytes:
        claim = self._volume_claim
        self.house.limiter.check_amount(claim, now_s=self.house.now_s)
        declared = self.header(b"content-length")
        if declared.isdigit():
            self._check_size(int(declared))
        parts: list[bytes] = []
        size_bytes = 0
        while True:
            if message["type"] == "http.disconnect":
                raise ClientGone
            part: bytes = message.get("body", b"")
            size_bytes += len(part)
            self.house.limiter.add_amount(claim, len(part), now_s=self.house.now_s)
            self._check_size(size_bytes)
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)
            message = await self._receive()

    def stream_body(self, *, max_bytes: int, what: str, limit: str) -> AsyncIterator[bytes]:
        """The body as it comes, for what is too large to be held in memory. Read once, instead of `raw_body`.

        `what` and `limit` fill the sentence of the refusal.

        Raises:
            PayloadTooLarge: at once, where the length was declared.
            TooManyRequests: at once.
            RequestTooSlow, ClientGone: while reading.
        """
        self.house.limiter.check_amount(self._volume_claim, now_s=self.house.now_s)
        declared = self.header(b"content-length")
        self._stream = BodyStream(
            self._receive,
            declared_bytes=int(declared) if declared.isdigit() else None,
            max_bytes=max_bytes,
            too_large=PayloadTooLarge(what=what, limit=limit),
            patience_s=self.house.settings.request_body_timeout_s,
        )
        self._stream.check_declared()
        return self._counted(self._stream.pieces())

    async def _counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        claim = self._volume_claim
        async for piece in pieces:
            self.house.limiter.add_amount(claim, len(piece), now_s=self.house.now_s)
            yield piece

    @property
    def _volume_claim(self) -> Claim:
        """What may be sent from the client's address. A body in one piece is not counted: the limits of calls do."""
        limit_bytes = self.house.settings.address_mb_per_min * _MIB
        return Claim(f"address:{self.client_site}", limit_bytes, "Bytes sent from this address")

    @property
    def target(self) -> str:
        """Path and query as the client has written them."""
        path: bytes = self.scope.get("raw_path") or self.scope["path"].encode()
        query: bytes = self.scope["query_string"]
        return (path + b"?" + query if query else path).decode("latin-1")

    async def take_body_away(self) -> None:
        """Read the body, and look at nothing: some clients read no answer before they have sent all."""
        if self.route.method in ("GET", "HEAD") and b"content-length" not in self.headers:
            return  # what none of them sends is not waited for
        if self._body is None and self._stream is None:
            self._stream = BodyStream(
                self._receive,
                declared_bytes=None,
                max_bytes=self.house.settings.media_max_bytes * 2,
                too_large=PayloadTooLarge(what="The request's body", limit="what a file may have"),
                patience_s=self.house.settings.request_body_timeout_s,
            )
        await self.skip_body()

    @property
    def has_more_body(self) -> bool:
        """Whether a body that was to be streamed has not been read to its end."""
        return self._stream is not None and not self._stream.is_over

    def forget_head(self) -> None:
        """Let go of the headers, of which an answer that takes hours needs nothing any more."""
        self.headers = {}
        if isinstance(headers := self.scope["headers"], list):
            headers.clear()

    async def wait_until_gone(self) -> None:
        """Return when the client has closed the connection. Takes what is left of the body."""
        while (await self._receive())["type"] != "http.disconnect":
            continue

    async def skip_body(self) -> None:
        """Read on for a while, and look at nothing."""
        if self._stream is not None:
            await self._stream.skip()

    def _checked(self, body: bytes) -> bytes:
        self._check_size(len(body))
        return body

    def _check_size(self, size_bytes: int) -> None:
        limit_bytes = self.house.settings.body_max_bytes
        if size_bytes > limit_bytes:
            raise PayloadTooLarge(what="The request's body", limit=f"{limit_bytes} bytes")

    async def body(self, shape: type[ShapeT]) -> ShapeT:
        """The body read as a shape.

        Raises:
            InvalidParameters: naming field, value and rule.
            BodyCompressed.
        """
        return await self.read_body(partial(read_shape, shape=shape))

    async def read_body(self, read: Callable[..., ShapeT]) -> ShapeT:
        """The body as `read(body, strict_only=...)` takes it. Raises like `body`."""
        body = await self.raw_body()
        try:
            return read(body, strict_only=self.house.settings.strict_json)
        except InvalidParameters:
            # Only now: some clients name a character set here, and their bodies are as plain as any.
            coding = self.header(b"content-encoding").lower()
            if coding in _COMPRESSIONS:
                raise BodyCompressed(coding=coding) from None
            raise

    def query(self, shape: type[ShapeT]) -> ShapeT:
        """The query string read as a shape.

        Raises:
            InvalidParameters: naming field, value and rule.
        """
        return read_query(self.scope["query_string"], shape)

    async def commit(
        self,
        rule: Callable[[Transaction, Caller, DraftT], ResultT],
        draft: DraftT,
        build_reply: Callable[[ResultT], msgspec.Struct],
        *,
        body_digest: bytes | None = None,
    ) -> msgspec.Struct | Reply:
        """Run one writing rule for the authenticated caller and build the answer from its result.

        With the header `Idempotency-Key` on a POST the answer is stored in the same transaction, and repeated for the
        same key. `body_digest` stands for the body where that was streamed.
        """
        try:
            return await self._commit(rule, draft, build_reply, body_digest)
        except NotFound as missing:
            again = partial(self._commit, rule, build_reply=build_reply, body_digest=body_digest)
            return await retry_as_kept(self.house.store, self.caller, draft, again, missing)

    async def _commit(
        self,
        rule: Callable[[Transaction, Caller, DraftT], ResultT],
        draft: DraftT,
        build_reply: Callable[[ResultT], msgspec.Struct],
        body_digest: bytes | None,
    ) -> msgspec.Struct | Reply:
        caller, key = self.caller, self.idempotency_key
        if not key:
            return build_reply((await self.house.store.write(rule, caller, draft)).result)
        once = OnceCall(
            key=key,
            request_hash=await self.request_hash(key, body_digest),
            run=lambda tx: encode_json(build_reply(rule(tx, caller, draft))),
        )
        answer = (await self.house.store.write(answer_once, caller, once)).result
        return once_reply(answer)

    @property
    def idempotency_key(self) -> str:
        """The client's name for this one intention; "" where it gave none, or the call is no POST.

        Raises:
            InvalidParameters.
        """
        key = self.header(b"idempotency-key") if self.route.method == "POST" else ""
        if len(key) > _KEY_MAX_CHARS or not key.isprintable():
            raise InvalidParameters(
                field="Idempotency-Key", value=key, rule=f"must be at most {_KEY_MAX_CHARS} printable characters"
            )
        return key

    async def read(self, rule: Callable[[Transaction, Caller, DraftT], ResultT], draft: DraftT) -> ResultT:
        """Run one reading rule for the authenticated caller."""
        store, caller = self.house.store, self.caller
        try:
            return await store.read(rule, caller, draft)
        except NotFound as missing:
            return await retry_as_kept(store, caller, draft, partial(store.read, rule, caller), missing)

    async def as_kept(self, ids: DraftT) -> DraftT:
        """Ids as they are kept, for a rule that passes over those that it does not find."""
        return await find_kept(self.house.store, self.caller, ids)

    async def whole(self, body_digest: bytes | None = None) -> bytes:
        """Route, path and body, by which two requests with the same `Idempotency-Key` are told apart.

        `body_digest` stands for the body where that was streamed.
        """
        route = f"{self.route.method} {self.route.path} {sorted(self.path.items())}\n"
        return route.encode() + (await self.raw_body() if body_digest is None else body_digest)

    async def request_hash(self, key: str, body_digest: bytes | None = None) -> bytes:
        """Of the request, the caller and the key, with the tenant's secret key.

        Were it of the request alone, the database would tell who has sent a text that can be guessed, and who has sent
        the same as somebody else, which it must not of an anonymous answer.
        """
        digest = hashlib.sha256(await self.whole(body_digest)).hexdigest()
        return self.secret_key.hash("request", f"{scope_of(self.caller)}\n{key}\n{digest}")

    @property
    def client_address(self) -> str:
        """The client's address: the peer's, or, where the peer is a trusted proxy, what that proxy says; of a call that
        another cell has passed on, what that cell says."""
        if (proof := self.header(PROOF_HEADER_BYTES)) and (passed := read_pass(proof, self.house)) is not None:
            return passed.address
        peer = self.scope.get("client")
        address = peer[0] if peer else ""
        return address_behind(address, self.header(b"x-forwarded-for"), self.house.settings.proxy_networks)

    @property
    def client_site(self) -> str:
        """What limits by address count as one client."""
        return site_of(self.client_address)


def once_reply(answer: OnceAnswer) -> Reply:
    """An answer to a call with an `Idempotency-Key`; a stored one says that it is."""
    return Reply(answer.body, ((b"idempotency-replayed", b"true"),) if answer.was_stored else ())
