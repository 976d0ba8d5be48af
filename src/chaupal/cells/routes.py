"""The calls that cells make to each other's doors."""

from __future__ import annotations

from chaupal.cells.beating import DIRECTORY_PATH, HEALTH_PATH, take_directory, take_health
from chaupal.cells.door import CellRoute
from chaupal.cells.joining import JOIN_PATH, take_join

CELL_ROUTES = [
    CellRoute("POST", JOIN_PATH, take_join, needs_proof=False),
    CellRoute("POST", HEALTH_PATH, take_health),
    CellRoute("POST", DIRECTORY_PATH, take_directory),
]
