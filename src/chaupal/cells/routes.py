"""The calls that cells make to each other's doors.

What answers them is loaded by the first of them: most installations are alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaupal.cells.door import CellRequest, CellRoute

if TYPE_CHECKING:
    from chaupal.cells.shapes import DirectoryNoted, Roster

JOIN_PATH = "/cells/v1/join"
HEALTH_PATH = "/cells/v1/health"
DIRECTORY_PATH = "/cells/v1/directory"
EMPTY_PATH = "/cells/v1/empty"


async def post_join(request: CellRequest) -> Roster:
    """An installation comes with a join code."""
    from chaupal.cells.joining import take_join

    return await take_join(request)


async def post_health(request: CellRequest) -> Roster:
    """A cell lives."""
    from chaupal.cells.root_link import take_health

    return await take_health(request)


async def post_directory(request: CellRequest) -> DirectoryNoted:
    """A cell tells which tenants live in it."""
    from chaupal.cells.root_link import take_directory

    return await take_directory(request)


CELL_ROUTES = [
    CellRoute("POST", JOIN_PATH, post_join, needs_proof=False),
    CellRoute("POST", HEALTH_PATH, post_health),
    CellRoute("POST", DIRECTORY_PATH, post_directory),
]
