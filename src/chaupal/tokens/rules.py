"""The rules of refresh and access tokens. PINs have their own file. Source: contract, section 4.

A grant stands behind each refresh token; access tokens name their grant, so revoking it stops them on the next call.
"""

from __future__ import annotations

import secrets

import msgspec

from chaupal.auth.access import ADMIN
from chaupal.auth.caller import Operator
from chaupal.auth.permissions import TokenKind, granted_scope
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import AccessToken, TokenSigner
from chaupal.connectors.rules import Connector, check_secret, find_connector, permissions_of
from chaupal.errors import Conflict, InvalidParameters, NotFound, Unauthenticated
from chaupal.groups.counts import note_provisioned
from chaupal.groups.rules import check_group_exists
from chaupal.members.rules import find_role
from chaupal.people.rules import Person, find_person, find_person_by_number, note_sign_in
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.tokens.events import token_granted, token_revoked
from chaupal.tokens.pins import PinTry, WrongPin, try_pin
from chaupal.tokens.queries import (
    GrantRow,
    insert_grant,
    mark_grant_renewed,
    revoke_grant_row,
    select_grant_by_hash,
    select_grants,
)

_PURPOSE = "refresh token"
_DAY_MS = 86_400_000
_RENEW_AT = 0.9
"""From this part of its life on, a refresh token is answered with a new one (328 of 365 days)."""

_RENEW_AGAIN_AFTER_MS = _DAY_MS
"""Programs ask for an access token per call, and one new refresh token is enough; but its answer may have been lost."""

_REFRESH_TOKEN_MIN_CHARS = 16
_REFRESH_TOKEN_MAX_CHARS = 4_096
"""Kaizala's own were JWTs of 600 to 1,200 characters, which an old integration has configured."""


class RefreshTokenTaken(Conflict):
    """One refresh token cannot stand for two people, or for a person and a group."""

    template = "The refresh token stands for someone else behind this connector."


class RefreshTokenWrong(Unauthenticated):
    """The refresh token is unknown, revoked, expired, or another connector's: one answer for all."""

    oauth_error = "invalid_grant"
    template = "The refresh token is wrong, expired or revoked."


class Granted(msgspec.Struct, frozen=True):
    """A new grant with its refresh token, which is shown this once."""

    grant: GrantRow
    refresh_token: str


class PinLogin(msgspec.Struct, frozen=True):
    """A sign-in by PIN."""

    attempt: PinTry
    connector: Connector
    settings: Settings
    secret_key: SecretKey
    application_secret: str | None


def login_with_pin(tx: Transaction, _caller: Operator, login: PinLogin) -> Granted | WrongPin:
    """Sign a person in; an earlier grant of the same connector and person lives on.

    A wrong PIN is returned, not raised, so that the noted try is committed.

    Raises:
        Unauthenticated: the connector was deleted, or its secret is wrong.
        TooManyRequests.
    """
    connector = check_login(tx, login)
    wrong = try_pin(tx, login.attempt, login.settings, login.secret_key)
    if wrong is not None:
        return wrong
    person = find_person_by_number(tx, login.attempt.mobile_number)
    if person is None:
        return WrongPin()
    return _grant_to_person(tx, connector, person, "pin", login.settings, login.secret_key)


def grant_by_consent(
    tx: Transaction, connector: Connector, person: Person, settings: Settings, secret_key: SecretKey
) -> Exchanged:
    """A new grant that a person gave by OAuth, exchanged at once; earlier grants live on. Inside tx."""
    granted = _grant_to_person(tx, connector, person, "oauth", settings, secret_key)
    return Exchanged(access_token_of(tx, granted.grant, settings), person, connector, granted)


def _grant_to_person(  # noqa: PLR0917 - what a grant is made of
    tx: Transaction, connector: Connector, person: Person, origin: str, settings: Settings, secret_key: SecretKey
) -> Granted:
    if note_sign_in(tx, person):
        note_provisioned(tx, person.user_id)
    draft = _NewGrant(connector.connector_id, TokenKind.USER, person.user_id, "", origin)
    return _grant(tx, draft, settings, secret_key)


def check_login(tx: Transaction, login: PinLogin) -> Connector:
    """The connector as it is now.

    Raises:
        Unauthenticated: it was deleted, or its secret is wrong.
    """
    connector = find_connector(tx, login.connector.shown_id)
    if connector is None or connector.connector_id != login.connector.connector_id:
        raise Unauthenticated
    if login.application_secret is not None:
        check_secret(connector, login.application_secret, login.secret_key)
    return connector


class Exchange(msgspec.Struct, frozen=True):
    """A refresh token to be exchanged for an access token."""

    connector: Connector
    application_secret: str
    refresh_token: str
    settings: Settings
    secret_key: SecretKey


class Exchanged(msgspec.Struct, frozen=True):
    """What an access token is made of; with `renewed` where a new refresh token was made."""

    token: AccessToken
    person: Person
    connector: Connector
    renewed: Granted | None = None


def read_exchange(tx: Transaction, _caller: Operator, exchange: Exchange) -> Exchanged | None:
    """The exchange where nothing has to be written, which is nearly always; None where the token is to be renewed.

    Raises:
        Unauthenticated.
    """
    grant, connector, person = _check_exchange(tx, exchange)
    if _is_due_for_renewal(tx, grant):
        return None
    return Exchanged(access_token_of(tx, grant, exchange.settings), person, connector)


def renew_exchange(tx: Transaction, _caller: Operator, exchange: Exchange) -> Exchanged:
    """The exchange with a new refresh token, at most one a day; the old one works on until its own end.

    Raises:
        Unauthenticated.
    """
    grant, connector, person = _check_exchange(tx, exchange)
    token = access_token_of(tx, grant, exchange.settings)
    if not _is_due_for_renewal(tx, grant):  # another call was faster
        return Exchanged(token, person, connector)
    draft = _NewGrant(grant.connector_id, TokenKind(grant.kind), grant.user_id, grant.group_id, "renewal")
    renewed = _grant(tx, draft, exchange.settings, exchange.secret_key)
    mark_grant_renewed(tx, grant.grant_id)
    return Exchanged(token, person, connector, renewed)


def _check_exchange(tx: Transaction, exchange: Exchange) -> tuple[GrantRow, Connector, Person]:
    connector = find_connector(tx, exchange.connector.shown_id)
    if connector is None or connector.connector_id != exchange.connector.connector_id:
        raise Unauthenticated
    check_secret(connector, exchange.application_secret, exchange.secret_key)
    if len(exchange.refresh_token) > _REFRESH_TOKEN_MAX_CHARS:
        raise RefreshTokenWrong
    refresh_hash = exchange.secret_key.hash(_PURPOSE, exchange.refresh_token)
    grant = select_grant_by_hash(tx, refresh_hash, connector_id=connector.connector_id)
    if grant is None:
        raise RefreshTokenWrong
    if grant.revoked_at_ms is not None or grant.expires_at_ms <= tx.now_ms:
        raise RefreshTokenWrong
    person = find_person(tx, grant.user_id)
    if person is None:
        raise RefreshTokenWrong
    return grant, connector, person


def _is_due_for_renewal(tx: Transaction, grant: GrantRow) -> bool:
    if grant.renewed_at_ms is not None and tx.now_ms < grant.renewed_at_ms + _RENEW_AGAIN_AFTER_MS:
        return False
    life_ms = grant.expires_at_ms - grant.created_at_ms
    return tx.now_ms >= grant.created_at_ms + life_ms * _RENEW_AT


def access_token_of(tx: Transaction, grant: GrantRow, settings: Settings) -> AccessToken:
    """What an access token of the grant says, from now on."""
    return AccessToken(
        tenant_id=tx.tenant_id,
        grant_id=grant.grant_id,
        user_id=grant.user_id,
        connector_id=grant.connector_id,
        kind=TokenKind(grant.kind),
        group_id=grant.group_id,
        expires_at_s=tx.now_ms // 1000 + settings.access_token_life_s,
    )


def sign_access_token(signer: TokenSigner, exchanged: Exchanged, *, issued_at_s: int) -> tuple[str, str]:
    """(access token, the scope that it tells its bearer)."""
    scope = granted_scope(permissions_of(exchanged.connector))
    text = signer.sign(
        exchanged.token,
        issued_at_s=issued_at_s,
        mobile_number=exchanged.person.mobile_number,
        application_id=exchanged.connector.shown_id,
        scope=scope,
    )
    return text, scope


class NewToken(msgspec.Struct, frozen=True):
    """A refresh token to make by hand, for a person, or for a group by one of its admins.

    A given `refresh_token` lets an old integration keep the one it has configured.
    """

    application_id: str
    mobile_number: str
    settings: Settings
    secret_key: SecretKey
    group_id: str = ""
    refresh_token: str | None = None


def create_token(tx: Transaction, caller: Operator, draft: NewToken) -> Granted:
    """Make a refresh token; earlier ones of the same connector and subject stop, and their access tokens with them.

    Raises:
        NotFound: connector, person or group.
        Conflict: the maker of a group token is not an admin of the group.
        RefreshTokenTaken: the given token is in use.
    """
    connector = find_connector(tx, draft.application_id)
    if connector is None or connector.tenant_id != caller.tenant_id:
        raise NotFound("connector")
    person = find_person_by_number(tx, draft.mobile_number)
    if person is None:
        raise NotFound("person")
    kind = TokenKind.GROUP if draft.group_id else TokenKind.USER
    if draft.group_id:
        check_group_exists(tx, draft.group_id)
    if draft.group_id and person.role != ADMIN and find_role(tx, draft.group_id, person.user_id) != ADMIN:
        raise Conflict(reason="A group token is made by an admin of the group or of the organization.")
    for grant in select_grants(tx, connector.connector_id):
        same_subject = grant.group_id == draft.group_id if draft.group_id else grant.user_id == person.user_id
        if grant.kind == kind.value and same_subject:
            revoke_grant(tx, grant)
    if draft.refresh_token:
        _check_not_taken(tx, connector, draft.secret_key.hash(_PURPOSE, draft.refresh_token))
    new = _NewGrant(connector.connector_id, kind, person.user_id, draft.group_id, "operator", draft.refresh_token)
    return _grant(tx, new, draft.settings, draft.secret_key)


def _check_not_taken(tx: Transaction, connector: Connector, refresh_hash: bytes) -> None:
    grant = select_grant_by_hash(tx, refresh_hash, connector_id=connector.connector_id)
    if grant is not None and grant.revoked_at_ms is None:
        raise RefreshTokenTaken


def list_tokens(tx: Transaction, caller: Operator, application_id: str) -> list[GrantRow]:
    """A connector's grants that hold, oldest first.

    Raises:
        NotFound.
    """
    connector = find_connector(tx, application_id)
    if connector is None or connector.tenant_id != caller.tenant_id:
        raise NotFound("connector")
    return select_grants(tx, connector.connector_id)


def revoke_token(tx: Transaction, caller: Operator, request: tuple[str, str]) -> GrantRow:
    """Revoke one grant of a connector, given as (application id, grant id).

    Raises:
        NotFound.
    """
    application_id, grant_id = request
    for grant in list_tokens(tx, caller, application_id):
        if grant.grant_id == grant_id:
            revoke_grant(tx, grant)
            return grant
    raise NotFound("token")


def revoke_grant(tx: Transaction, grant: GrantRow) -> None:
    """Stop a grant and the access tokens made from it. Inside tx. Idempotent."""
    if revoke_grant_row(tx, grant.grant_id):
        tx.append(token_revoked(grant.grant_id, user_id=grant.user_id, group_id=grant.group_id))


def revoke_consent(tx: Transaction, grant_id: str, *, user_id: str) -> None:
    """Stop what `grant_by_consent` gave, and the access tokens made from it. Inside tx. Idempotent."""
    if revoke_grant_row(tx, grant_id):
        tx.append(token_revoked(grant_id, user_id=user_id, group_id=""))


class _NewGrant(msgspec.Struct, frozen=True):
    connector_id: str
    kind: TokenKind
    user_id: str
    group_id: str
    origin: str
    refresh_token: str | None = None


def _grant(tx: Transaction, draft: _NewGrant, settings: Settings, secret_key: SecretKey) -> Granted:
    refresh_token = draft.refresh_token or secrets.token_urlsafe(48)
    if not _REFRESH_TOKEN_MIN_CHARS <= len(refresh_token) <= _REFRESH_TOKEN_MAX_CHARS or not _fits_header(
        refresh_token
    ):
        rule = f"must have {_REFRESH_TOKEN_MIN_CHARS} to {_REFRESH_TOKEN_MAX_CHARS:,} printable ASCII characters"
        raise InvalidParameters(field="refreshToken", value="", rule=rule)
    grant = GrantRow(
        grant_id=new_id(),
        connector_id=draft.connector_id,
        kind=draft.kind.value,
        user_id=draft.user_id,
        group_id=draft.group_id,
        origin=draft.origin,
        created_at_ms=tx.now_ms,
        expires_at_ms=tx.now_ms + settings.refresh_token_life_days * _DAY_MS,
        renewed_at_ms=None,
        revoked_at_ms=None,
    )
    store_grant(tx, grant, refresh_hash=secret_key.hash(_PURPOSE, refresh_token))
    return Granted(grant, refresh_token)


def store_grant(tx: Transaction, grant: GrantRow, *, refresh_hash: bytes) -> None:
    """Write a new grant, and that it was given. Inside tx."""
    insert_grant(tx, grant, refresh_hash=refresh_hash)
    event = token_granted(
        grant.grant_id,
        user_id=grant.user_id,
        connector_id=grant.connector_id,
        kind=grant.kind,
        group_id=grant.group_id,
    )
    tx.append(event)


def _fits_header(refresh_token: str) -> bool:
    """Whether a client can send it: as the value of a header, whose ends lose their blanks."""
    return refresh_token.isascii() and refresh_token.isprintable() and refresh_token.strip() == refresh_token
