"""The operations that a command may ask for: their names, what they take and what they answer.

Shapes alone, so that a command that speaks to a running server need not load the server. What the operations do is in
`operations`. The field names are what `--json` prints and what scripts rely on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from chaupal.control.arrival_calls import ARRIVAL_CALLS
from chaupal.control.call import Arguments, ArgumentsT, Call, Nothing, Result, ResultT
from chaupal.control.cell_calls import CELL_CALLS
from chaupal.importing.records import Record

__all__ = ["CALLS", "Arguments", "ArgumentsT", "Call", "Nothing", "Result", "ResultT"]


class Init(Arguments, frozen=True):
    """A tenant to make, with its admin, a connector with every permission, and the admin's token."""

    tenant: str
    admin: str
    connector: str
    admin_name: str = ""
    application_id: str | None = None
    application_secret: str | None = None


class Installed(Result, frozen=True):
    """The secret and the token are shown this once."""

    tenant_id: str
    admin_id: str
    application_id: str
    application_secret: str
    refresh_token: str
    api_root: str


class ConnectorCreate(Arguments, frozen=True):
    """No permissions named means all of them; id and secret may be those of an old integration."""

    name: str
    tenant: str = ""
    permissions: list[str] = msgspec.field(default_factory=list)
    redirect_urls: list[str] = msgspec.field(default_factory=list)
    application_id: str | None = None
    application_secret: str | None = None


class ConnectorShown(Result, frozen=True):
    """A connector without its secret."""

    application_id: str
    name: str
    permissions: list[str]
    redirect_urls: list[str]
    created_at: datetime


class ConnectorCreated(ConnectorShown, frozen=True):
    """The secret is shown this once."""

    application_secret: str


class ConnectorList(Arguments, frozen=True):
    """Of which tenant."""

    tenant: str = ""


class Connectors(Result, frozen=True):
    """Oldest first."""

    connectors: list[ConnectorShown]


class ConnectorChange(Arguments, frozen=True):
    """None leaves what is there; a list replaces the whole of it."""

    application_id: str
    tenant: str = ""
    name: str | None = None
    permissions: list[str] | None = None
    redirect_urls: list[str] | None = None


class ConnectorDelete(Arguments, frozen=True):
    """By its application id, in any letter case."""

    application_id: str
    tenant: str = ""


class PersonAdd(Arguments, frozen=True):
    """A person of the tenant."""

    mobile_number: str
    tenant: str = ""
    name: str = ""
    role: str = "Member"


class PersonShown(Result, frozen=True, omit_defaults=True):
    """A person of the tenant, or a bot, which has no number. `isBot` is there for a bot only."""

    id: str
    name: str
    mobile_number: str
    role: str
    has_signed_in: bool
    is_bot: bool = False


class PersonList(Arguments, frozen=True):
    """One page; `after` is the `next` of the page before."""

    tenant: str = ""
    after: str = ""


class People(Result, frozen=True):
    """One page, at most 1,000; `next` is empty on the last."""

    people: list[PersonShown]
    next: str = ""


class PersonChange(Arguments, frozen=True):
    """None leaves what is there."""

    mobile_number: str
    tenant: str = ""
    name: str | None = None
    role: str | None = None


class TokenCreate(Arguments, frozen=True):
    """For a person; with `group_id`, for the group by that person. `refresh_token`: the one of an old integration."""

    application_id: str
    user: str
    tenant: str = ""
    group_id: str = ""
    refresh_token: str | None = None


class TokenCreated(Result, frozen=True):
    """The token is shown this once."""

    grant_id: str
    application_id: str
    kind: str
    mobile_number: str
    group_id: str
    refresh_token: str
    expires_at: datetime


class TokenList(Arguments, frozen=True):
    """One page of a connector's tokens; `user` (a number) leaves out all others'."""

    application_id: str
    tenant: str = ""
    user: str = ""
    after: str = ""


class TokenShown(Result, frozen=True):
    """The grant behind a refresh token; the token itself is not known."""

    grant_id: str
    kind: str
    mobile_number: str
    name: str
    group_id: str
    origin: str
    created_at: datetime
    expires_at: datetime


class Tokens(Result, frozen=True):
    """One page, oldest first, at most 1,000; `next` is empty on the last."""

    tokens: list[TokenShown]
    next: str = ""


class TokenRevoke(Arguments, frozen=True):
    """One grant of one connector."""

    application_id: str
    grant_id: str
    tenant: str = ""


class TokenRevoked(Result, frozen=True):
    """What has stopped."""

    grant_id: str
    application_id: str
    kind: str
    group_id: str


class PinShow(Arguments, frozen=True):
    """Whose PIN."""

    mobile_number: str
    tenant: str = ""


class PinShown(Result, frozen=True):
    """The newest PIN that waits, and the connector that asked for it."""

    mobile_number: str
    pin: str
    application_id: str
    connector_name: str
    expires_at: datetime


class TenantList(Arguments, frozen=True):
    """`with_counts`: also how much each has."""

    with_counts: bool = False


class TenantCounts(Result, frozen=True):
    """How much a tenant has. None: it took too long to count."""

    people: int | None
    groups: int | None
    messages: int | None
    media_bytes: int | None


class TenantShown(Result, frozen=True, omit_defaults=True):
    """A tenant of the installation. `cell` is the name of this cell; an installation that is alone has none."""

    tenant_id: str
    name: str
    cell: str = ""
    counts: TenantCounts | None = None


class TenantElsewhere(Result, frozen=True):
    """A tenant that lives in another cell. `name` is empty where it never lived here."""

    tenant_id: str
    name: str
    cell: str
    url: str


class Tenants(Result, frozen=True, omit_defaults=True):
    """Those that live here, oldest first, and those in other cells that are known here, by id."""

    tenants: list[TenantShown]
    elsewhere: list[TenantElsewhere] = msgspec.field(default_factory=list)


class RecordsImport(Arguments, frozen=True):
    """At most 500 records of an organization's past. `is_rehearsal`: only say what would become of them."""

    records: list[Record]
    tenant: str = ""
    is_rehearsal: bool = False


class RecordRefused(Result, frozen=True):
    """A record that was not taken, or not as it was, by its place among them; and why."""

    index: int
    reason: str


class RecordsImported(Result, frozen=True):
    """The places of the records that were taken and that were known already, and what was made beside them, by id."""

    taken: list[int]
    known: list[int]
    refused: list[RecordRefused]
    mended: list[RecordRefused]
    made_groups: list[str]
    made_people: list[str]


class Status(Result, frozen=True):
    """The running server."""

    version: str
    pid: int
    endpoint_url: str
    waiting_writes: int
    is_stopping: bool


INIT = Call("init", Init, Installed, makes_installation=True)
CONNECTOR_CREATE = Call("connector_create", ConnectorCreate, ConnectorCreated)
CONNECTOR_LIST = Call("connector_list", ConnectorList, Connectors)
CONNECTOR_CHANGE = Call("connector_change", ConnectorChange, ConnectorShown)
CONNECTOR_DELETE = Call("connector_delete", ConnectorDelete, ConnectorShown)
PERSON_ADD = Call("person_add", PersonAdd, PersonShown)
PERSON_LIST = Call("person_list", PersonList, People)
PERSON_CHANGE = Call("person_change", PersonChange, PersonShown)
TOKEN_CREATE = Call("token_create", TokenCreate, TokenCreated)
TOKEN_LIST = Call("token_list", TokenList, Tokens)
TOKEN_REVOKE = Call("token_revoke", TokenRevoke, TokenRevoked)
PIN_SHOW = Call("pin_show", PinShow, PinShown)
TENANT_LIST = Call("tenant_list", TenantList, Tenants)
RECORDS_IMPORT = Call("records_import", RecordsImport, RecordsImported)
STATUS = Call("status", Nothing, Status)

CALLS: dict[str, Call[Any, Any]] = {
    call.name: call
    for call in (
        INIT,
        CONNECTOR_CREATE,
        CONNECTOR_LIST,
        CONNECTOR_CHANGE,
        CONNECTOR_DELETE,
        PERSON_ADD,
        PERSON_LIST,
        PERSON_CHANGE,
        TOKEN_CREATE,
        TOKEN_LIST,
        TOKEN_REVOKE,
        PIN_SHOW,
        TENANT_LIST,
        RECORDS_IMPORT,
        STATUS,
        *CELL_CALLS,
        *ARRIVAL_CALLS,
    )
}
