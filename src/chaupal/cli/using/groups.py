"""`chaupal groups`: the groups of whoever is signed in."""

from __future__ import annotations

from typing import Annotated

import typer

from chaupal.cli.options import Json
from chaupal.cli.output import print_json, print_table
from chaupal.cli.using.connecting import connected
from chaupal.cli.using.options import ProfileName


def groups(
    every: Annotated[bool, typer.Option("--all", help="Also those above and below yours.")] = False,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """List your groups."""
    with connected(profile) as client:
        answer = client.groups.list(fetch_all_groups=every or None)
    if as_json:
        print_json(answer)
        return
    print_table(
        ("name", "role", "people", "kind", "id"),
        [
            (group.group_name, group.caller_role, group.unique_user_count, group.group_type, group.group_id)
            for group in answer.groups
        ],
        empty="You are in no group yet.",
    )
