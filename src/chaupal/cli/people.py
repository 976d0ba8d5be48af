"""`chaupal person`: the people of a tenant."""

from __future__ import annotations

import typer

from chaupal.cli.asking import ask
from chaupal.cli.options import Json, Number, PersonName, PersonRole, Tenant, new_group
from chaupal.cli.output import print_facts, print_json, print_table
from chaupal.control import calls

app = new_group("People of a tenant.")


@app.command("add")
def add(
    number: Number, name: PersonName = None, role: PersonRole = None, tenant: Tenant = "", as_json: Json = False
) -> None:
    """Add a person, as Member unless --role says otherwise."""
    arguments = calls.PersonAdd(mobile_number=number, tenant=tenant, name=name or "", role=role or "Member")
    _print_person(ask(calls.PERSON_ADD, arguments), as_json=as_json)


@app.command("list")
def list_all(tenant: Tenant = "", as_json: Json = False) -> None:
    """List the people, and the bots apart from them."""
    people: list[calls.PersonShown] = []
    after = ""
    while True:
        page = ask(calls.PERSON_LIST, calls.PersonList(tenant=tenant, after=after))
        people += page.people
        after = page.next
        if not after:
            break
    bots = [row for row in people if row.is_bot]
    people = [row for row in people if not row.is_bot]
    if as_json:
        print_json({"people": people, "bots": bots})
        return
    print_table(
        ("number", "name", "role", "has signed in", "id"),
        [(row.mobile_number, row.name, row.role, row.has_signed_in, row.id) for row in people],
        empty="There is nobody yet; `chaupal person add NUMBER` adds someone.",
    )
    if bots:
        print()
        print_table(("bot", "id"), [(row.name, row.id) for row in bots], empty="")


@app.command("change")
def change(
    number: Number, name: PersonName = None, role: PersonRole = None, tenant: Tenant = "", as_json: Json = False
) -> None:
    """Change a person's name or role; what is not given stays."""
    if name is None and role is None:
        raise typer.BadParameter("there is nothing to change: give --name, --role or both")
    arguments = calls.PersonChange(mobile_number=number, tenant=tenant, name=name, role=role)
    _print_person(ask(calls.PERSON_CHANGE, arguments), as_json=as_json)


def _print_person(person: calls.PersonShown, *, as_json: bool) -> None:
    if as_json:
        print_json(person)
        return
    print_facts([("number", person.mobile_number), ("name", person.name), ("role", person.role), ("id", person.id)])
