"""What the operator's commands need beyond the slices' rules: the tenant meant, and several rules as one."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from chaupal.auth.access import ADMIN
from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SecretKey
from chaupal.connectors.rules import NewConnector, create_connector, list_connectors
from chaupal.control.calls import Installed, PinShown, Tokens, TokenShown
from chaupal.directory.rules import create_tenant, list_tenants
from chaupal.errors import Conflict, NotFound, shorten
from chaupal.people.rules import NewPerson, add_person, find_people, find_person_by_number
from chaupal.settings import Settings
from chaupal.store.transaction import Transaction
from chaupal.tokens.pins import read_waiting_pin
from chaupal.tokens.rules import NewToken, create_token, list_tokens

TOKENS_PER_PAGE = 1_000
_TENANTS_NAMED = 5


class NoTenantYet(NotFound):
    """The installation is empty."""

    template = "There is no tenant yet; `chaupal init` makes one."


class TenantUnknown(NotFound):
    """No tenant has this id or name. Fields: `named`, `known`."""

    template = "--tenant: there is no tenant '{named}'; there are: {known}."


class TenantNotNamed(Conflict):
    """There are several tenants and the command names none. Fields: `known`."""

    template = "--tenant: must name one of several tenants: {known}."


class TenantNameShared(Conflict):
    """Several tenants have the name. Fields: `named`, `known`."""

    template = "--tenant: several tenants are called '{named}', so one must be named by its id: {known}."


class TenantExists(Conflict):
    """A second tenant of the same name could not be told apart. Fields: `named`, `tenant_id`."""

    template = (
        "There is a tenant called '{named}' already ({tenant_id}). To let another program into it, use "
        "`chaupal connector create` and `chaupal token create`; for a second tenant, choose another name."
    )


def choose_tenant(tx: Transaction, caller: Operator, named: str) -> str:
    """The id of the tenant with this id or name (in any letter case); of the only tenant where none is named.

    Raises:
        NoTenantYet, TenantUnknown, TenantNotNamed, TenantNameShared.
    """
    tenants = list_tenants(tx, caller, None)
    if not tenants:
        raise NoTenantYet("tenant")
    if not named:
        if len(tenants) > 1:
            raise TenantNotNamed(known=_shown(tenants))
        return tenants[0][0]
    wanted = _folded(named)
    for tenant_id, _ in tenants:
        if tenant_id.lower() == wanted:
            return tenant_id
    same_name = [tenant for tenant in tenants if _folded(tenant[1]) == wanted]
    if not same_name:
        raise TenantUnknown("tenant", named=shorten(named), known=_shown(tenants))
    if len(same_name) > 1:
        raise TenantNameShared(named=shorten(named), known=_shown(same_name))
    return same_name[0][0]


def _folded(name: str) -> str:
    return name.strip().casefold()


def _shown(tenants: list[tuple[str, str]]) -> str:
    shown = [f"{shorten(name)} ({tenant_id})" for tenant_id, name in tenants[:_TENANTS_NAMED]]
    further = len(tenants) - len(shown)
    return ", ".join(shown) + (f" and {further} more (`chaupal tenant list`)" if further else "")


class Installation(msgspec.Struct, frozen=True):
    """A tenant with everything that a first program needs to sign in."""

    tenant_name: str
    admin: NewPerson
    connector: NewConnector
    settings: Settings
    secret_key: SecretKey


def install(tx: Transaction, caller: Operator, wanted: Installation) -> Installed:
    """Make the caller's tenant, its admin, a connector and the admin's token: all of them or nothing.

    Raises:
        TenantExists, ApplicationIdTaken, InvalidParameters.
    """
    for tenant_id, name in list_tenants(tx, caller, None):
        if _folded(name) == _folded(wanted.tenant_name):
            raise TenantExists(named=shorten(name), tenant_id=tenant_id)
    tenant_id = create_tenant(tx, caller, wanted.tenant_name)
    admin = add_person(tx, caller, wanted.admin)
    assert admin.role == ADMIN
    created = create_connector(tx, caller, (wanted.connector, wanted.secret_key))
    token = NewToken(
        application_id=created.connector.shown_id,
        mobile_number=admin.mobile_number,
        settings=wanted.settings,
        secret_key=wanted.secret_key,
    )
    granted = create_token(tx, caller, token)
    return Installed(
        tenant_id=tenant_id,
        admin_id=admin.user_id,
        application_id=created.connector.shown_id,
        application_secret=created.application_secret,
        refresh_token=granted.refresh_token,
        api_root=wanted.settings.endpoint_url,
    )


class TokenPage(msgspec.Struct, frozen=True):
    """Which tokens. `mobile_number` "" means everyone's; `after_id` is a grant of the page before."""

    application_id: str
    mobile_number: str
    after_id: str


def page_tokens(tx: Transaction, caller: Operator, page: TokenPage) -> Tokens:
    """At most 1,000 tokens of a connector with the people they belong to, oldest first.

    Raises:
        NotFound.
    """
    grants = list_tokens(tx, caller, page.application_id)
    if page.mobile_number:
        person = find_person_by_number(tx, page.mobile_number)
        if person is None:
            raise NotFound("person")
        grants = [grant for grant in grants if grant.user_id == person.user_id]
    # Ids of grants follow their time, as the list does; a grant revoked between two pages leaves no gap.
    grants = [grant for grant in grants if grant.grant_id > page.after_id]
    shown = grants[:TOKENS_PER_PAGE]
    people = find_people(tx, list({grant.user_id for grant in shown}))
    tokens = [
        TokenShown(
            grant_id=grant.grant_id,
            kind=grant.kind,
            mobile_number=people[grant.user_id].mobile_number if grant.user_id in people else "",
            name=people[grant.user_id].name if grant.user_id in people else "",
            group_id=grant.group_id,
            origin=grant.origin,
            created_at=instant_of(grant.created_at_ms),
            expires_at=instant_of(grant.expires_at_ms),
        )
        for grant in shown
    ]
    return Tokens(tokens=tokens, next=shown[-1].grant_id if len(grants) > len(shown) else "")


def show_pin(tx: Transaction, caller: Operator, request: tuple[str, SecretKey]) -> PinShown:
    """The newest PIN that waits for a number, and for which connector it was made.

    Raises:
        NotFound.
    """
    waiting = read_waiting_pin(tx, caller, request)
    names = {row.connector_id: row for row in list_connectors(tx, caller, None)}
    connector = names.get(waiting.connector_id)
    return PinShown(
        mobile_number=request[0],
        pin=waiting.pin,
        application_id=connector.shown_id if connector else "",
        connector_name=connector.name if connector else "",
        expires_at=instant_of(waiting.expires_at_ms),
    )


def instant_of(at_ms: int) -> datetime:
    """The instant as commands show it: UTC, whole seconds."""
    return datetime.fromtimestamp(at_ms // 1000, UTC)
