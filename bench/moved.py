"""The case of an organization that lives in another cell: what a 308 costs, against the answer itself."""

import asyncio
import http.client
import os
from pathlib import Path
from unittest import mock

from bench.case import Case, Result
from bench.growth import CONNECTIONS
from bench.load import RunRefused, Target
from bench.product import Product
from bench.stage import Stage, free_port
from bench.statistics import Side

NEW_ENDPOINT = "https://north.example.org/"


def run_redirect(case: Case, stage: Stage) -> Result:
    """Two servers, whose organizations differ in nothing but that one has left. wrk counts a 308 as an answer."""
    here = stage.running_product()
    gone = _departed(stage.folder / "departed")
    sides: dict[Side, tuple[Product, Target]] = {
        Side.BASELINE: (here, here.read_target("/v1/users/me")),
        Side.SUBJECT: (gone, gone.read_target("/v1/users/me")),
    }
    with gone.server:
        _check(sides[Side.BASELINE][1], 200)
        _check(sides[Side.SUBJECT][1], 308)
        taken = stage.bench.compare_loads(
            {side: (product.server, target) for side, (product, target) in sides.items()}, CONNECTIONS
        )
    rates = {side: [measurement.load.requests_per_s for measurement in runs] for side, runs in taken.items()}
    return case.result(stage, rates[Side.BASELINE], rates[Side.SUBJECT])


def _departed(folder: Path) -> Product:
    """On SQLite, whatever the stage is on: a 308 asks no database."""
    product = Product(folder=folder, port=free_port(), database="sqlite")
    product.prepare()
    with product.server:
        product.sign_in()
    with mock.patch.dict(os.environ, product.environment):
        _depart(product.installation.tenant_id)
    return product


def _depart(tenant_id: str) -> None:
    """By the product's own rules, past its commands, because moving in earnest needs a second cell."""
    from chaupal.app import close_house, open_house
    from chaupal.auth.caller import INSTALLATION, Operator
    from chaupal.cells.rules import Invitation, invite_cell
    from chaupal.directory.places import Departure, leave
    from chaupal.settings import load_settings

    house = open_house(load_settings())
    try:
        invitation = Invitation("north", NEW_ENDPOINT, house.settings.endpoint_url, b"")
        asyncio.run(house.store.write(invite_cell, INSTALLATION, invitation))
        departure = Departure("north", NEW_ENDPOINT, house.now_s * 1000)
        asyncio.run(house.store.write(leave, Operator(tenant_id, passes_gate=True), departure))
    finally:
        close_house(house)


def _check(target: Target, expected: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
    try:
        connection.request(target.method, target.path, headers=dict(target.headers))
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != expected:
        raise RunRefused(f"{target.path} was answered {status} instead of {expected}")
