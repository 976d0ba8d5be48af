"""The rules about connectors. Only the operator and tenant admins make them. Source: contract, section 4."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.permissions import Permission
from chaupal.auth.sealing import SecretKey
from chaupal.connectors.events import connector_changed, connector_created, connector_deleted
from chaupal.connectors.queries import (
    ConnectorRow,
    close_connector,
    insert_connector,
    select_connector_anywhere,
    select_connectors,
    update_connector,
)
from chaupal.directory.telling import note_changed
from chaupal.errors import Conflict, InvalidParameters, NotFound, Unauthenticated
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction

Connector = ConnectorRow
"""A connector as other slices see it."""

NAME_MAX_CHARS = 200
REDIRECT_URLS_MAX = 50
REDIRECT_URL_MAX_CHARS = 2_000
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
"""Without a user name, and of nothing that could mean something in a header of the page that leads there."""

_NEVER_IN_URLS = frozenset(' "#<>\\^`{|}')
_ID_MAX_CHARS = 128
_SECRET_PURPOSE = "connector secret"
_KAIZALA_ID = re.compile(r"(?P<id>[0-9a-f][0-9a-f-]{15,})@[0-9]{1,9}", re.ASCII)


class ApplicationIdTaken(Conflict):
    """Another connector has this application id. Fields: `application_id`."""

    template = "A connector with the application id '{application_id}' exists already."


class NewConnector(msgspec.Struct, frozen=True):
    """A connector to make.

    Id and secret are made where they are None; giving them lets an old integration keep what it has configured.
    """

    name: str
    permissions: tuple[Permission, ...] = tuple(Permission)
    redirect_urls: tuple[str, ...] = ()
    application_id: str | None = None
    application_secret: str | None = None


class CreatedConnector(msgspec.Struct, frozen=True):
    """The new connector, with its secret, which is shown this once."""

    connector: ConnectorRow
    application_secret: str


def fold_application_id(application_id: str) -> str:
    """The form that ids are compared in: any letter case, and without the scale unit behind a GUID or long hex.

    Evidence: Kaizala's were GUIDs or long hex, some with `@2` or `@3` behind them (contract, sections 2 and 4).
    """
    folded = application_id.strip().lower()
    with_scale_unit = _KAIZALA_ID.fullmatch(folded)
    return with_scale_unit["id"] if with_scale_unit else folded


def create_connector(tx: Transaction, caller: Operator, request: tuple[NewConnector, SecretKey]) -> CreatedConnector:
    """Make a connector.

    Raises:
        ApplicationIdTaken, InvalidParameters.
    """
    draft, secret_key = request
    _check_draft(draft)
    shown_id = (draft.application_id or new_id()).strip()
    if select_connector_anywhere(tx, fold_application_id(shown_id)) is not None:
        raise ApplicationIdTaken(application_id=shown_id)
    secret = draft.application_secret or secrets.token_urlsafe(32)
    connector = ConnectorRow(
        tenant_id=caller.tenant_id,
        connector_id=new_id(),
        shown_id=shown_id,
        name=draft.name,
        secret_hash=secret_key.hash(_SECRET_PURPOSE, secret),
        permissions=_joined_permissions(draft.permissions),
        redirect_urls="\n".join(draft.redirect_urls),
        created_at_ms=tx.now_ms,
    )
    insert_connector(tx, connector, application_id=fold_application_id(shown_id))
    note_changed(tx)
    tx.append(connector_created(connector.connector_id))
    return CreatedConnector(connector, secret)


def list_connectors(tx: Transaction, _caller: Operator, _request: None) -> list[ConnectorRow]:
    """The tenant's connectors, oldest first."""
    return select_connectors(tx)


class ConnectorChange(msgspec.Struct, frozen=True):
    """What to change; None leaves it, anything else replaces the whole of it."""

    application_id: str
    name: str | None = None
    permissions: tuple[Permission, ...] | None = None
    redirect_urls: tuple[str, ...] | None = None


def change_connector(tx: Transaction, caller: Operator, change: ConnectorChange) -> ConnectorRow:
    """Change a connector; tokens made through it have the new permissions on their next call.

    Raises:
        NotFound, InvalidParameters.
    """
    connector = find_connector(tx, change.application_id)
    if connector is None or connector.tenant_id != caller.tenant_id:
        raise NotFound("connector")
    if change.name is not None:
        _check_name(change.name)
        connector = connector._replace(name=change.name)
    if change.permissions is not None:
        _check_permissions(change.permissions)
        connector = connector._replace(permissions=_joined_permissions(change.permissions))
    if change.redirect_urls is not None:
        _check_redirect_urls(change.redirect_urls)
        connector = connector._replace(redirect_urls="\n".join(change.redirect_urls))
    update_connector(tx, connector)
    tx.append(connector_changed(connector.connector_id))
    return connector


def delete_connector(tx: Transaction, caller: Operator, application_id: str) -> ConnectorRow:
    """Delete a connector; every token made through it stops on its next call.

    Raises:
        NotFound.
    """
    connector = find_connector(tx, application_id)
    if connector is None or connector.tenant_id != caller.tenant_id:
        raise NotFound("connector")
    close_connector(tx, connector.connector_id)
    note_changed(tx)
    tx.append(connector_deleted(connector.connector_id))
    return connector


def find_connector(tx: Transaction, application_id: str) -> ConnectorRow | None:
    """The connector with this application id, of whichever tenant, or None."""
    return select_connector_anywhere(tx, fold_application_id(application_id))


def find_connector_anywhere(tx: Transaction, _caller: Operator, application_id: str) -> ConnectorRow | None:
    """The same as a reading rule: the first step of every sign-in, which learns the tenant here."""
    return find_connector(tx, application_id)


def check_secret(connector: ConnectorRow, application_secret: str, secret_key: SecretKey) -> None:
    """Raise Unauthenticated where the secret is not the connector's. Compared in constant time."""
    if not secret_key.matches(_SECRET_PURPOSE, application_secret, connector.secret_hash):
        raise Unauthenticated


def permissions_of(connector: ConnectorRow) -> list[Permission]:
    """The connector's permissions."""
    return [Permission(name) for name in connector.permissions.split(";") if name]


def redirect_urls_of(connector: ConnectorRow) -> list[str]:
    """Where a sign-in for the connector may lead back to."""
    return connector.redirect_urls.split("\n") if connector.redirect_urls else []


def _check_draft(draft: NewConnector) -> None:
    _check_name(draft.name)
    _check_permissions(draft.permissions)
    for field, value in (("applicationId", draft.application_id), ("applicationSecret", draft.application_secret)):
        if value is not None and not (0 < len(value.strip()) <= _ID_MAX_CHARS and value.isprintable()):
            raise InvalidParameters(field=field, value="", rule=f"must have 1 to {_ID_MAX_CHARS} printable characters")
    _check_redirect_urls(draft.redirect_urls)


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > NAME_MAX_CHARS:
        raise InvalidParameters(field="name", value=name, rule=f"must have 1 to {NAME_MAX_CHARS} characters")


def _check_permissions(permissions: tuple[Permission, ...]) -> None:
    if not permissions:
        raise InvalidParameters(field="permissions", value="", rule="must name at least one permission")


def _joined_permissions(permissions: tuple[Permission, ...]) -> str:
    return ";".join(permission.value for permission in permissions)


def _check_redirect_urls(urls: tuple[str, ...]) -> None:
    if len(urls) > REDIRECT_URLS_MAX:
        raise InvalidParameters(field="redirectUrls", value=len(urls), rule=f"must be at most {REDIRECT_URLS_MAX}")
    for url in urls:
        if not _is_redirect_url(url):
            raise InvalidParameters(
                field="redirectUrls",
                value=url,
                rule=(
                    "must be an https:// or http:// URL, or one with an app's own scheme such as com.example.app:/, "
                    f"of at most {REDIRECT_URL_MAX_CHARS:,} ASCII characters, without blanks, user name and fragment"
                ),
            )


def _is_redirect_url(url: str) -> bool:
    """A scheme of an app's own has a dot (RFC 8252, section 7.1), which no scheme that runs scripts has."""
    if len(url) > REDIRECT_URL_MAX_CHARS or not url.isascii() or not url.isprintable() or _NEVER_IN_URLS & set(url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme in ("https", "http"):
        return _HOST.fullmatch(parts.netloc) is not None
    return "." in parts.scheme and not parts.netloc
