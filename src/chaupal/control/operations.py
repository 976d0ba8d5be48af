"""What each operation does: reads the operator's spellings, runs one rule in the store, builds the answer.

The same functions serve the control socket of a running server and a command that opens the database itself. Ids,
numbers and roles are read as generously as on the wire; no rule of the product is decided here.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from chaupal import __version__
from chaupal.auth.access import ADMIN
from chaupal.auth.caller import INSTALLATION, Operator
from chaupal.auth.permissions import Permission
from chaupal.connectors.rules import (
    Connector,
    ConnectorChange,
    NewConnector,
    change_connector,
    create_connector,
    delete_connector,
    list_connectors,
    permissions_of,
    redirect_urls_of,
)
from chaupal.control import calls
from chaupal.control.arrival_operations import ARRIVAL_OPERATIONS
from chaupal.control.calls import CALLS, ArgumentsT, Call, ResultT
from chaupal.control.cell_operations import CELL_OPERATIONS
from chaupal.control.rules import Installation, TokenPage, choose_tenant, install, instant_of, page_tokens, show_pin
from chaupal.control.tenant_operations import tenant_list
from chaupal.errors import InvalidParameters
from chaupal.people.rules import NewPerson, Person, PersonChange, add_person, change_person, list_people
from chaupal.serving.house import House
from chaupal.store.clock import new_id
from chaupal.tokens.rules import NewToken, create_token, revoke_token
from chaupal.wire.ids import read_id
from chaupal.wire.numbers import read_mobile_number

if TYPE_CHECKING:
    from chaupal.importing.rules import Taken

_PEOPLE_PER_PAGE = 1_000
"""As many as `list_people` gives at once."""

Operation = Callable[[House, Any], Awaitable[calls.Result]]


async def perform(house: House, call: Call[ArgumentsT, ResultT], arguments: ArgumentsT) -> ResultT:
    """Do the operation.

    Raises:
        ChaupalError.
    """
    result = await OPERATIONS[call.name](house, arguments)
    assert isinstance(result, call.result)
    return result


async def init(house: House, arguments: calls.Init) -> calls.Installed:
    tenant_id = new_id()
    wanted = Installation(
        tenant_name=arguments.tenant,
        admin=NewPerson(read_mobile_number(arguments.admin, "admin"), arguments.admin_name.strip(), ADMIN),
        connector=NewConnector(
            name=arguments.connector.strip(),
            application_id=arguments.application_id,
            application_secret=arguments.application_secret,
        ),
        settings=house.settings,
        secret_key=house.tenant_keys.born(tenant_id),
    )
    written = await house.store.write(install, Operator(tenant_id), wanted)
    return written.result


async def connector_create(house: House, arguments: calls.ConnectorCreate) -> calls.ConnectorCreated:
    draft = NewConnector(
        name=arguments.name.strip(),
        permissions=_read_permissions(arguments.permissions),
        redirect_urls=tuple(url.strip() for url in arguments.redirect_urls),
        application_id=arguments.application_id,
        application_secret=arguments.application_secret,
    )
    operator = await _operator(house, arguments.tenant)
    created = (
        await house.store.write(create_connector, operator, (draft, await house.key_of(operator.tenant_id)))
    ).result
    return calls.ConnectorCreated(**_connector_fields(created.connector), application_secret=created.application_secret)


async def connector_list(house: House, arguments: calls.ConnectorList) -> calls.Connectors:
    rows = await house.store.read(list_connectors, await _operator(house, arguments.tenant), None)
    return calls.Connectors(connectors=[calls.ConnectorShown(**_connector_fields(row)) for row in rows])


async def connector_change(house: House, arguments: calls.ConnectorChange) -> calls.ConnectorShown:
    change = ConnectorChange(
        application_id=arguments.application_id,
        name=None if arguments.name is None else arguments.name.strip(),
        permissions=None if arguments.permissions is None else _read_permissions(arguments.permissions),
        redirect_urls=_stripped(arguments.redirect_urls),
    )
    operator = await _operator(house, arguments.tenant)
    written = await house.store.write(change_connector, operator, change)
    return calls.ConnectorShown(**_connector_fields(written.result))


async def connector_delete(house: House, arguments: calls.ConnectorDelete) -> calls.ConnectorShown:
    operator = await _operator(house, arguments.tenant)
    written = await house.store.write(delete_connector, operator, arguments.application_id)
    return calls.ConnectorShown(**_connector_fields(written.result))


async def person_add(house: House, arguments: calls.PersonAdd) -> calls.PersonShown:
    draft = NewPerson(
        read_mobile_number(arguments.mobile_number, "number"), arguments.name.strip(), _read_role(arguments.role)
    )
    written = await house.store.write(add_person, await _operator(house, arguments.tenant), draft)
    return _shown_person(written.result)


async def person_list(house: House, arguments: calls.PersonList) -> calls.People:
    rows = await house.store.read(list_people, await _operator(house, arguments.tenant), arguments.after)
    is_full = len(rows) == _PEOPLE_PER_PAGE
    return calls.People(people=[_shown_person(row) for row in rows], next=rows[-1].user_id if is_full else "")


async def person_change(house: House, arguments: calls.PersonChange) -> calls.PersonShown:
    change = PersonChange(
        read_mobile_number(arguments.mobile_number, "number"),
        name=None if arguments.name is None else arguments.name.strip(),
        role=None if arguments.role is None else _read_role(arguments.role),
    )
    written = await house.store.write(change_person, await _operator(house, arguments.tenant), change)
    return _shown_person(written.result)


async def token_create(house: House, arguments: calls.TokenCreate) -> calls.TokenCreated:
    from chaupal.kept_ids.rules import as_kept

    operator = await _operator(house, arguments.tenant)
    draft = NewToken(
        application_id=arguments.application_id,
        mobile_number=read_mobile_number(arguments.user, "user"),
        settings=house.settings,
        secret_key=await house.key_of(operator.tenant_id),
        group_id=await house.store.read(as_kept, operator, read_id(arguments.group_id.strip())),
        refresh_token=arguments.refresh_token,
    )
    granted = (await house.store.write(create_token, operator, draft)).result
    return calls.TokenCreated(
        grant_id=granted.grant.grant_id,
        application_id=arguments.application_id.strip(),
        kind=granted.grant.kind,
        mobile_number=draft.mobile_number,
        group_id=granted.grant.group_id,
        refresh_token=granted.refresh_token,
        expires_at=instant_of(granted.grant.expires_at_ms),
    )


async def token_list(house: House, arguments: calls.TokenList) -> calls.Tokens:
    number = read_mobile_number(arguments.user, "user") if arguments.user else ""
    page = TokenPage(arguments.application_id, number, arguments.after)
    return await house.store.read(page_tokens, await _operator(house, arguments.tenant), page)


async def token_revoke(house: House, arguments: calls.TokenRevoke) -> calls.TokenRevoked:
    which = (arguments.application_id, arguments.grant_id.strip().lower())
    grant = (await house.store.write(revoke_token, await _operator(house, arguments.tenant), which)).result
    return calls.TokenRevoked(
        grant_id=grant.grant_id,
        application_id=arguments.application_id.strip(),
        kind=grant.kind,
        group_id=grant.group_id,
    )


async def pin_show(house: House, arguments: calls.PinShow) -> calls.PinShown:
    number = read_mobile_number(arguments.mobile_number, "number")
    operator = await _operator(house, arguments.tenant)
    return await house.store.read(show_pin, operator, (number, await house.key_of(operator.tenant_id)))


async def records_import(house: House, arguments: calls.RecordsImport) -> calls.RecordsImported:
    # Most servers never import anything: what it needs is no part of their start.
    from chaupal.importing.files import FileRoom, prepare_files
    from chaupal.importing.rules import Batch, Rehearsed, import_records, rehearse_records
    from chaupal.responses.bodies.reading import read_answer

    operator = await _operator(house, arguments.tenant)
    if arguments.is_rehearsal:
        try:
            await house.store.write(rehearse_records, operator, Batch(arguments.records, read_answer=read_answer))
        except Rehearsed as rehearsed:
            return _shown_taken(rehearsed.taken)
    room = FileRoom(house.store, house.media_store, house.settings.media_max_bytes)
    prepared = await prepare_files(room, operator, arguments.records)
    taken = (await house.store.write(import_records, operator, Batch(arguments.records, prepared, read_answer))).result
    return _shown_taken(taken)


def _shown_taken(taken: Taken) -> calls.RecordsImported:
    return calls.RecordsImported(
        taken=taken.taken,
        known=taken.known,
        refused=[calls.RecordRefused(index=each.index, reason=each.reason) for each in taken.refused],
        mended=[calls.RecordRefused(index=each.index, reason=each.reason) for each in taken.mended],
        made_groups=taken.made_groups,
        made_people=taken.made_people,
    )


async def status(house: House, _arguments: calls.Nothing) -> calls.Status:
    return calls.Status(
        version=__version__,
        pid=os.getpid(),
        endpoint_url=house.settings.endpoint_url,
        waiting_writes=house.store.waiting_writes,
        is_stopping=house.is_stopping,
    )


OPERATIONS: dict[str, Operation] = {
    operation.__name__: operation
    for operation in (
        init,
        connector_create,
        connector_list,
        connector_change,
        connector_delete,
        person_add,
        person_list,
        person_change,
        token_create,
        token_list,
        token_revoke,
        pin_show,
        tenant_list,
        records_import,
        status,
        *CELL_OPERATIONS,
        *ARRIVAL_OPERATIONS,
    )
}
assert OPERATIONS.keys() == CALLS.keys()


async def _operator(house: House, tenant: str) -> Operator:
    return Operator(await house.store.read(choose_tenant, INSTALLATION, tenant))


_PERMISSIONS_BY_LETTERS = {
    "".join(filter(str.isalnum, permission.value.lower())): permission for permission in Permission
}


def _read_permissions(names: list[str]) -> tuple[Permission, ...]:
    """By their names in any letter case, with or without blanks and signs; all of them where none is named."""
    if not names:
        return tuple(Permission)
    found = set()
    for name in names:
        permission = _PERMISSIONS_BY_LETTERS.get("".join(filter(str.isalnum, name.lower())))
        if permission is None:
            known = ", ".join(f"'{permission.value}'" for permission in Permission)
            raise InvalidParameters(field="permission", value=name, rule=f"must be one of {known}")
        found.add(permission)
    return tuple(permission for permission in Permission if permission in found)


def _stripped(urls: list[str] | None) -> tuple[str, ...] | None:
    return None if urls is None else tuple(url.strip() for url in urls)


def _read_role(role: str) -> str:
    """`admin` and `ADMIN` are `Admin`; the rule refuses what is no role."""
    return role.strip().capitalize()


def _connector_fields(connector: Connector) -> dict[str, Any]:
    return {
        "application_id": connector.shown_id,
        "name": connector.name,
        "permissions": [permission.value for permission in permissions_of(connector)],
        "redirect_urls": redirect_urls_of(connector),
        "created_at": instant_of(connector.created_at_ms),
    }


def _shown_person(person: Person) -> calls.PersonShown:
    return calls.PersonShown(
        id=person.user_id,
        name=person.name,
        mobile_number=person.mobile_number,
        role=person.role,
        has_signed_in=person.is_provisioned,
        is_bot=person.is_bot,
    )
