"""Finding what a person names: a group by its id or its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chaupal.control.protocol import OperationFailed

if TYPE_CHECKING:
    from chaupal_client import Chaupal

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(@\d+)?", re.IGNORECASE)


def find_group(client: Chaupal, named: str) -> str:
    """The id of a group. One that looks like an id is taken as it is.

    Raises:
        OperationFailed: no group has the name, or several have.
        chaupal_client.ChaupalError.
    """
    if _ID.fullmatch(named.strip()):
        return named.strip()
    wanted = _folded(named)
    found = [group for group in client.groups.list().groups if _folded(group.group_name) == wanted]
    if len(found) == 1:
        return found[0].group_id
    if found:
        ids = ", ".join(group.group_id for group in found)
        raise OperationFailed(
            f"{len(found)} groups are called {named}: name one by its id: {ids}.",
            error_code="InvalidParameters",
            category="ValidationException",
        )
    raise OperationFailed(
        f"You are in no group that is called {named}. `chaupal groups` lists yours.",
        error_code="NotFound",
        category="ResourceException",
    )


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
