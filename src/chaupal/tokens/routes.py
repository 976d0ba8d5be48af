"""The token service: PIN, sign-in, access token. No call carries an access token; the connector names the tenant."""

from __future__ import annotations

from chaupal.auth.caller import Operator
from chaupal.auth.limiter import Claim
from chaupal.auth.permissions import granted_scope
from chaupal.cells.passes import PROOF_HEADER_BYTES
from chaupal.connectors.rules import Connector, permissions_of
from chaupal.errors import ChaupalError, NotFound, TooManyRequests, Unauthenticated
from chaupal.idempotency.rules import KeyUsedOtherwise
from chaupal.serving.house import House
from chaupal.serving.replies import Reply, encode_json
from chaupal.serving.request import ApiRequest, once_reply
from chaupal.serving.routes import Route
from chaupal.serving.whose import connector_of
from chaupal.tokens.pins import PinDraft, PinTry, WrongPin, read_waiting_pin
from chaupal.tokens.repeats import LoginOnce, PinOnce, Repeat, generate_pin_once, login_with_pin_once
from chaupal.tokens.rules import (
    Exchange,
    Exchanged,
    Granted,
    PinLogin,
    RefreshTokenWrong,
    read_exchange,
    renew_exchange,
    sign_access_token,
)
from chaupal.tokens.shapes import AccessTokenAnswer, GeneratePin, LoginWithPin, PinGenerated, RefreshTokenAnswer
from chaupal.wire.numbers import read_mobile_number

_OF_PROXIES = (b"x-forwarded-for", b"forwarded", b"via", b"x-real-ip", PROOF_HEADER_BYTES)
"""Whoever comes through a proxy, or another cell, may be anyone, though that stands on this machine."""


async def post_generate_pin(request: ApiRequest) -> Reply:
    """Send a PIN to a number. The same answer for known and unknown numbers."""
    asked = await request.body(GeneratePin)
    mobile_number = read_mobile_number(asked.mobile_number, "mobileNumber")
    connector = await connector_of(request, asked.application_id)
    house = request.house
    draft = PinDraft(mobile_number, connector, house.settings, request.secret_key)
    once = PinOnce(draft, await _repeat(request, connector, mobile_number), encode_json(PinGenerated()))
    answer = (await house.store.write(generate_pin_once, Operator(connector.tenant_id), once)).result
    if not answer.was_stored:
        house.wake_jobs()
    reply = once_reply(answer)
    if house.settings.development and not any(request.header(name) for name in _OF_PROXIES):
        return Reply(reply.body, (*reply.headers, *await _shown_pin(house, connector, mobile_number)))
    return reply


async def _shown_pin(house: House, connector: Connector, mobile_number: str) -> tuple[tuple[bytes, bytes], ...]:
    """For development alone: the PIN as a header, none for a number that is nobody's."""
    try:
        waiting = await house.store.read(
            read_waiting_pin, Operator(connector.tenant_id), (mobile_number, house.tenant_keys.of(connector.tenant_id))
        )
    except NotFound:
        return ()
    return ((b"x-development-pin", waiting.pin.encode()),)


async def post_login_with_pin(request: ApiRequest) -> Reply:
    """Exchange a PIN for a refresh token."""
    asked = await request.body(LoginWithPin)
    mobile_number = read_mobile_number(asked.mobile_number, "mobileNumber")
    connector = await connector_of(request, asked.application_id)
    house = request.house
    login = PinLogin(
        attempt=PinTry(mobile_number, asked.pin, connector.connector_id, request.client_site),
        connector=connector,
        settings=house.settings,
        secret_key=request.secret_key,
        application_secret=asked.application_secret,
    )

    def encode(granted: Granted) -> bytes:
        return encode_json(
            RefreshTokenAnswer(
                refresh_token=granted.refresh_token,
                endpoint_url=house.settings.endpoint_url,
                granted_scope=granted_scope(permissions_of(connector)),
                refresh_token_expiry=granted.grant.expires_at_ms,
            )
        )

    once = LoginOnce(login, await _repeat(request, connector, mobile_number), encode)
    answer = (await house.store.write(login_with_pin_once, Operator(connector.tenant_id), once)).result
    if isinstance(answer, ChaupalError):
        raise answer
    return once_reply(answer)


async def _repeat(request: ApiRequest, connector: Connector, mobile_number: str) -> Repeat | None:
    """By what a repeated call is known; None where the client sent no `Idempotency-Key`."""
    key = request.idempotency_key
    if not key:
        return None
    return Repeat(key, connector.connector_id, mobile_number, await request.whole(), request.secret_key)


async def get_access_token(request: ApiRequest) -> AccessTokenAnswer:
    """Exchange a refresh token for an access token. Many programs take one per call, so this has a limit of its own."""
    house = request.house
    connector = await connector_of(request, request.header(b"applicationid"))
    # After the look-up: what a stranger makes up as an id must not fill the limiter's memory.
    limit = house.settings.access_token_calls_per_min
    request.count_against(Claim("accessToken:" + connector.connector_id, limit, "Access tokens of this connector"))
    operator = Operator(connector.tenant_id)
    exchange = Exchange(
        connector=connector,
        application_secret=request.header(b"applicationsecret"),
        refresh_token=request.header(b"refreshtoken"),
        settings=house.settings,
        secret_key=request.secret_key,
    )
    exchanged = await house.store.read(read_exchange, operator, exchange)
    if exchanged is None:
        exchanged = (await house.store.write(renew_exchange, operator, exchange)).result
    return _answer(request, exchanged)


def _answer(request: ApiRequest, exchanged: Exchanged) -> AccessTokenAnswer:
    house = request.house
    request.tenant_id = exchanged.token.tenant_id
    access_token, scope = sign_access_token(house.signer, exchanged, issued_at_s=house.now_s)
    return AccessTokenAnswer(
        access_token=access_token,
        endpoint_url=house.settings.endpoint_url,
        access_token_expiry=exchanged.token.expires_at_s * 1000,
        refresh_token=exchanged.renewed.refresh_token if exchanged.renewed else "",
        scope=scope,
    )


ROUTES = [
    Route(
        "POST",
        "/generatePin",
        post_generate_pin,
        body=GeneratePin,
        reply=PinGenerated,
        errors=(Unauthenticated, KeyUsedOtherwise, TooManyRequests),
    ),
    Route(
        "POST",
        "/loginWithPinAndApplicationId",
        post_login_with_pin,
        body=LoginWithPin,
        reply=RefreshTokenAnswer,
        errors=(Unauthenticated, WrongPin, KeyUsedOtherwise, TooManyRequests),
    ),
    Route(
        "GET",
        "/accessToken",
        get_access_token,
        reply=AccessTokenAnswer,
        errors=(Unauthenticated, RefreshTokenWrong, TooManyRequests),
        credentials=("applicationId", "applicationSecret", "refreshToken"),
    ),
]
