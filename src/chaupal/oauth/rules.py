"""The rules of OAuth: who may be asked, what consent gives, and what a code is exchanged for.

A code works once, for 60 seconds, for the connector, the address and the proof key that it was made for; only its hash
is kept. A second use revokes what the first gave (RFC 6749, section 4.1.2). Source: contract, section 4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SecretKey
from chaupal.connectors.rules import Connector, check_secret, find_connector, redirect_urls_of
from chaupal.directory.rules import find_tenant_name
from chaupal.errors import InvalidParameters, NotFound, Unauthenticated
from chaupal.oauth.queries import (
    AuthorizationRow,
    CodeRow,
    delete_old_authorizations,
    delete_old_codes,
    insert_authorization,
    insert_code,
    select_authorization,
    select_code,
    use_code,
    write_answer,
)
from chaupal.people.rules import Person, find_person, find_person_by_number
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.tokens.pins import PinTry, WrongPin, try_pin
from chaupal.tokens.rules import Exchanged, grant_by_consent, revoke_consent

CODE_LIFE_S = 60
_PURPOSE = "authorization code"
_KEEP_MS = 2 * 86_400_000
"""How long a second use of a code is still noticed."""

_ALLOWED, _DENIED = "allowed", "denied"
PLAIN, S256 = "plain", "S256"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class ConnectorUnknown(InvalidParameters):
    """The address of the sign-in page names no connector. Shown on a page, never by a redirect."""


class RedirectNotRegistered(InvalidParameters):
    """The connector does not have this redirect URL. Shown on a page, never by a redirect."""


class SignInOver(NotFound):
    """The sign-in was answered already, or took too long."""

    template = "This sign-in is over."


class CodeWrong(InvalidParameters):
    """The code is unknown, used, expired, another connector's, or not proved: one answer for all."""

    oauth_error = "invalid_grant"
    template = "The code is wrong, used or expired, or redirect_uri or code_verifier is not the one it was made for."

    def __init__(self) -> None:
        super().__init__(field="code", value="", rule="")


class GrantTypeUnsupported(InvalidParameters):
    """The token service knows two grant types."""

    oauth_error = "unsupported_grant_type"

    def __init__(self, grant_type: str) -> None:
        super().__init__(field="grant_type", value=grant_type, rule="must be authorization_code or refresh_token")


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """What a program asks for when it sends a person to the sign-in page."""

    connector: Connector
    redirect_uri: str
    state: str | None = None
    code_challenge: str = ""
    code_challenge_method: str = ""

    @property
    def digest(self) -> bytes:
        """Pages are bound to the request that they were made for."""
        parts = (
            self.connector.connector_id,
            self.redirect_uri,
            repr(self.state),
            self.code_challenge,
            self.code_challenge_method,
        )
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).digest()


def find_asking_connector(tx: Transaction, _caller: Operator, request: tuple[str, str]) -> Connector:
    """The connector that may be answered at the address, given as (client id, redirect URI); compared exactly.

    Raises:
        ConnectorUnknown, RedirectNotRegistered.
    """
    client_id, redirect_uri = request
    connector = find_connector(tx, client_id) if client_id else None
    if connector is None:
        raise ConnectorUnknown(field="client_id", value=client_id, rule="must be a connector's application id")
    if not redirect_uri or redirect_uri not in redirect_urls_of(connector):
        raise RedirectNotRegistered(
            field="redirect_uri", value=redirect_uri, rule="must be exactly one of the connector's redirect URLs"
        )
    return connector


def refusal_of(*, response_type: str, code_challenge: str, code_challenge_method: str) -> str:
    """OAuth's name for what is wrong with a request, or "". These the program is told by a redirect."""
    if response_type not in ("", "code"):
        return "unsupported_response_type"
    if code_challenge and not _VERIFIER.fullmatch(code_challenge):
        return "invalid_request"
    if code_challenge_method and (not code_challenge or code_challenge_method not in (PLAIN, S256)):
        return "invalid_request"
    return ""


class NumberProof(msgspec.Struct, frozen=True):
    """A person who proves their number on the sign-in page."""

    request: AuthorizationRequest
    attempt: PinTry
    settings: Settings
    secret_key: SecretKey


def prove_number(tx: Transaction, _caller: Operator, proof: NumberProof) -> str | WrongPin:
    """Use up the PIN; the id of the authorization that now waits for consent.

    A wrong PIN is returned, not raised, so that the noted try is committed.

    Raises:
        ConnectorUnknown, RedirectNotRegistered: changed in the meantime.
        TooManyRequests.
    """
    request = proof.request
    connector = find_asking_connector(tx, _caller, (request.connector.shown_id, request.redirect_uri))
    wrong = try_pin(tx, proof.attempt, proof.settings, proof.secret_key)
    if wrong is not None:
        return wrong
    person = find_person_by_number(tx, proof.attempt.mobile_number)
    if person is None:
        return WrongPin()
    row = AuthorizationRow(
        authorization_id=new_id(),
        connector_id=connector.connector_id,
        user_id=person.user_id,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        code_challenge_method=request.code_challenge_method or (PLAIN if request.code_challenge else ""),
        created_at_ms=tx.now_ms,
        expires_at_ms=tx.now_ms + proof.settings.pin_life_s * 1000,
        answer="",
        answered_at_ms=None,
    )
    insert_authorization(tx, row)
    return row.authorization_id


class Consent(msgspec.Struct, frozen=True):
    """What a person is asked to agree to."""

    connector: Connector
    person: Person
    tenant_name: str


def read_consent(tx: Transaction, _caller: Operator, request: tuple[AuthorizationRequest, str]) -> Consent:
    """What an authorization, given with its request, asks for.

    Raises:
        SignInOver, ConnectorUnknown, RedirectNotRegistered.
    """
    asked, authorization_id = request
    connector = find_asking_connector(tx, _caller, (asked.connector.shown_id, asked.redirect_uri))
    authorization = _open_authorization(tx, connector, authorization_id)
    person = find_person(tx, authorization.user_id)
    if person is None:
        raise SignInOver("sign-in")
    return Consent(connector, person, find_tenant_name(tx))


class ConsentAnswer(msgspec.Struct, frozen=True):
    """What the person said."""

    request: AuthorizationRequest
    authorization_id: str
    is_allowed: bool
    secret_key: SecretKey


def answer_consent(tx: Transaction, _caller: Operator, answer: ConsentAnswer) -> str | None:
    """The code for the connector, shown this once; None where the person refused.

    A form sent twice is answered twice alike, each time with a code of its own, as long as the first could live: the
    browser follows the last answer only. Later the page gives nothing, so that whoever uses the browser next gets
    nothing from the one before.

    Raises:
        SignInOver, ConnectorUnknown, RedirectNotRegistered.
    """
    asked = answer.request
    connector = find_asking_connector(tx, _caller, (asked.connector.shown_id, asked.redirect_uri))
    authorization = _open_authorization(tx, connector, answer.authorization_id)
    said = _ALLOWED if answer.is_allowed else _DENIED
    if authorization.answered_at_ms is None:
        write_answer(tx, authorization.authorization_id, said)
    elif authorization.answer != said:
        raise SignInOver("sign-in")
    if not answer.is_allowed:
        return None
    code = secrets.token_urlsafe(32)
    row = CodeRow(
        code_hash=_hash(answer.secret_key, code),
        authorization_id=authorization.authorization_id,
        grant_id="",
        created_at_ms=tx.now_ms,
        expires_at_ms=tx.now_ms + CODE_LIFE_S * 1000,
        used_at_ms=None,
    )
    insert_code(tx, row)
    return code


def _open_authorization(tx: Transaction, connector: Connector, authorization_id: str) -> AuthorizationRow:
    authorization = select_authorization(tx, authorization_id)
    if authorization is None or authorization.connector_id != connector.connector_id:
        raise SignInOver("sign-in")
    ends_at_ms = authorization.expires_at_ms
    if authorization.answered_at_ms is not None:
        ends_at_ms = min(ends_at_ms, authorization.answered_at_ms + CODE_LIFE_S * 1000)
    if tx.now_ms >= ends_at_ms:
        raise SignInOver("sign-in")
    return authorization


class Redemption(msgspec.Struct, frozen=True):
    """A code to be exchanged for tokens. `redirect_uri` and `code_verifier` are "" where the client sent none."""

    connector: Connector
    application_secret: str
    code: str
    redirect_uri: str
    code_verifier: str
    settings: Settings
    secret_key: SecretKey


def redeem_code(tx: Transaction, _caller: Operator, redemption: Redemption) -> Exchanged | CodeWrong:
    """Exchange a code; it is used up by any try of its own connector, right or wrong.

    CodeWrong is returned, not raised, so that what a second use revokes is committed.

    Raises:
        Unauthenticated: the connector was deleted, or its secret is wrong; the code is not touched.
    """
    connector = find_connector(tx, redemption.connector.shown_id)
    if connector is None or connector.connector_id != redemption.connector.connector_id:
        raise Unauthenticated
    check_secret(connector, redemption.application_secret, redemption.secret_key)
    code = select_code(tx, _hash(redemption.secret_key, redemption.code))
    authorization = select_authorization(tx, code.authorization_id) if code else None
    if code is None or authorization is None or authorization.connector_id != connector.connector_id:
        return CodeWrong()
    if code.used_at_ms is not None:
        if code.grant_id:
            revoke_consent(tx, code.grant_id, user_id=authorization.user_id)
        return CodeWrong()
    person = find_person(tx, authorization.user_id)
    if person is None or tx.now_ms >= code.expires_at_ms or not _is_proved(authorization, redemption):
        use_code(tx, code.code_hash, grant_id="")
        return CodeWrong()
    exchanged = grant_by_consent(tx, connector, person, redemption.settings, redemption.secret_key)
    use_code(tx, code.code_hash, grant_id=exchanged.token.grant_id)
    return exchanged


def _is_proved(authorization: AuthorizationRow, redemption: Redemption) -> bool:
    """Clients of Kaizala send neither address nor verifier; what is sent has to fit, and a challenge demands its
    verifier, so that leaving it off gains nothing."""
    if redemption.redirect_uri and redemption.redirect_uri != authorization.redirect_uri:
        return False
    if not authorization.code_challenge:
        return not redemption.code_verifier
    if not _VERIFIER.fullmatch(redemption.code_verifier):
        return False
    expected = redemption.code_verifier
    if authorization.code_challenge_method == S256:
        digest = hashlib.sha256(expected.encode()).digest()
        expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(expected, authorization.code_challenge)


def _hash(secret_key: SecretKey, code: str) -> str:
    return secret_key.hash(_PURPOSE, code).hex()


def forget_old_authorizations(tx: Transaction, *, limit: int) -> int:
    """Delete what no answer and no second use can concern any more, at most `limit` rows; how many. For the sweep."""
    before_ms = tx.now_ms - _KEEP_MS
    deleted = delete_old_codes(tx, before_ms=before_ms, limit=limit)
    return deleted + delete_old_authorizations(tx, before_ms=before_ms, limit=limit - deleted)
