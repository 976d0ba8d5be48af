"""Getting a token: by a PIN, on the server's own pages (OAuth), or from a connector's refresh token."""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from chaupal_client._errors import SignInRefused
from chaupal_client._operations import Operation, Outgoing, read_answer
from chaupal_client._session import Session
from chaupal_client._steps import Flow
from chaupal_client.models import AccessTokenAnswer, PinGenerated, RefreshTokenAnswer, TokenAnswer

POST_GENERATE_PIN: Operation[PinGenerated] = Operation(
    "POST", "/generatePin", PinGenerated, needs_token=False, has_idempotency_key=True
)
POST_LOGIN_WITH_PIN: Operation[RefreshTokenAnswer] = Operation(
    "POST", "/loginWithPinAndApplicationId", RefreshTokenAnswer, needs_token=False, has_idempotency_key=True
)
GET_ACCESS_TOKEN: Operation[AccessTokenAnswer] = Operation("GET", "/accessToken", AccessTokenAnswer, needs_token=False)
POST_TOKEN: Operation[TokenAnswer] = Operation("POST", "/api/oauth/token", TokenAnswer, needs_token=False)


class Authorization(msgspec.Struct, frozen=True):
    """A sign-in on the server's pages that has begun. Keep all but the URL in the person's session until they come
    back; nobody else may see `code_verifier`."""

    url: str
    """Where to send the person's browser."""
    state: str
    code_verifier: str
    redirect_uri: str


def send_pin(session: Session, mobile_number: str) -> Flow[None]:
    """Have a PIN sent to the number of a person. Nothing tells whether the number is known."""
    body = {"mobileNumber": mobile_number, "applicationId": session.credentials.application_id}
    yield from session.call(POST_GENERATE_PIN, body=body)


def with_pin(session: Session, mobile_number: str, pin: str) -> Flow[RefreshTokenAnswer]:
    """Sign in with the PIN that has come. From now on the client acts as this person, and keeps that in its store.

    Raises:
        Unauthenticated: the PIN is wrong or has expired.
    """
    body = {
        "mobileNumber": mobile_number,
        "applicationId": session.credentials.application_id,
        "pin": pin,
        "applicationSecret": session.credentials.application_secret or None,
    }
    answer = yield from session.call(POST_LOGIN_WITH_PIN, body=body)
    yield from session.keep(
        refresh_token=answer.refresh_token,
        refresh_token_expiry_ms=answer.refresh_token_expiry,
        access_token="",
        access_token_expiry_ms=0,
        endpoint_url=answer.endpoint_url,
    )
    return answer


def begin(session: Session, redirect_uri: str, *, language: str | None = None) -> Authorization:
    """Begin a sign-in on the server's own pages, with PKCE. No call is made: send the person to the answer's `url`."""
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": session.credentials.application_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if language is not None:
        query["lang"] = language
    url = f"{session.root_url}api/Oauth/Authorize?{urlencode(query)}"
    return Authorization(url, state, verifier, redirect_uri)


def finish(session: Session, authorization: Authorization, address: str) -> Flow[TokenAnswer]:
    """Finish it with the whole address at which the person has come back. From now on the client acts as this person.

    Raises:
        SignInRefused: the person has said no, or the address belongs to another sign-in.
        InvalidParameters: the code is wrong, used or expired.
    """
    answered = parse_qs(urlsplit(address).query)
    if not secrets.compare_digest(answered.get("state", [""])[0].encode(), authorization.state.encode()):
        raise SignInRefused("the answer does not belong to this sign-in")
    if "error" in answered:
        raise SignInRefused(answered["error"][0])
    form = {
        "grant_type": "authorization_code",
        "client_id": session.credentials.application_id,
        "client_secret": session.credentials.application_secret,
        "code": answered.get("code", [""])[0],
        "redirect_uri": authorization.redirect_uri,
        "code_verifier": authorization.code_verifier,
    }
    answer = yield from _post_form(session, form)
    yield from session.keep(
        refresh_token=answer.refresh_token,
        refresh_token_expiry_ms=0,
        access_token=answer.access_token,
        access_token_expiry_ms=answer.access_token_expiry,
        endpoint_url=answer.endpoint_url,
    )
    return answer


def _post_form(session: Session, form: dict[str, str]) -> Flow[TokenAnswer]:
    """A code is good for one try, so this is not sent again where it may have arrived."""
    outgoing = Outgoing(
        POST_TOKEN.method,
        f"v1{POST_TOKEN.path}",
        {"content-type": "application/x-www-form-urlencoded"},
        urlencode(form).encode(),
        needs_token=False,
        goes_to_root=True,
    )
    reply = yield from session.exchange(outgoing)
    return read_answer(TokenAnswer, reply)


def renew(session: Session) -> Flow[str]:
    """Take a new access token now, and answer it. Calls do this by themselves when it is time.

    Raises:
        Unauthenticated: application id, secret or refresh token is wrong.
        SignInNeeded.
    """
    yield from session.renew_now()
    return session.tokens.access_token
