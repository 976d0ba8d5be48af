"""The door for calls between cells: what is heard once, and what the root notes of tenants elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chaupal.auth.signing import TokenSigner, make_signing_key
from chaupal.cells import door
from chaupal.cells.proofs import write_proof
from chaupal.cells.roster import Peer, Roster
from chaupal.cells.watching import Found
from chaupal.serving.house import House
from chaupal.store.clock import new_id
from tests.api.client import assert_error
from tests.api.worlds import World

DIRECTORY = "/cells/v1/directory"
NORTH, SOUTH = make_signing_key("north-1"), make_signing_key("south-1")
KEY_OF = {"north": NORTH, "south": SOUTH}


@pytest.fixture
def root(world: World) -> Iterator[World]:
    house = world.client.house
    peers = {
        name: Peer(name, f"https://{name}.example.org/", False, "joined", {key.key_id: key.public_key})
        for name, key in KEY_OF.items()
    }
    house.roster = Roster("root", is_root=True, peers=peers)
    yield world
    house.roster = Roster()


def proof_of(world: World, body: bytes, *, cell: str = "north", path: str = DIRECTORY) -> str:
    signer = TokenSigner([KEY_OF[cell]], issuer="")
    now_s = world.clock.now_ms // 1000
    return write_proof(signer, own_name=cell, to="root", method="POST", path=path, body=body, now_s=now_s)


def tell(world: World, tenant_id: str, move_count: int, *application_ids: str, cell: str = "north") -> list[str]:
    """The tenants that the root knows better."""
    told = {"tenantId": tenant_id, "moveCount": move_count, "applicationIds": application_ids}
    body = json.dumps({"tenants": [told]}).encode()
    answer = send(world, body, proof_of(world, body, cell=cell))
    assert answer.status_code == 200, answer.text
    refused: list[str] = answer.json()["refused"]
    return refused


def send(world: World, body: bytes, proof: str, path: str = DIRECTORY) -> httpx.Response:
    return world.client.call("POST", path, content=body, headers={"x-chaupal-cell": proof})


def place_of(world: World, application_id: str) -> list[tuple[Any, ...]]:
    return world.database.ask(
        "SELECT tenant_places.tenant_id, cell_name, move_count FROM tenant_places JOIN application_places"
        " ON application_places.tenant_id = tenant_places.tenant_id WHERE application_id = %s",
        application_id,
    )


class TestTheDoor:
    def test_a_call_is_heard_once(self, root: World) -> None:
        body = b'{"tenants": []}'
        proof = proof_of(root, body)
        assert send(root, body, proof).status_code == 200
        assert "heard before" in assert_error(send(root, body, proof), code="Unauthenticated")["message"]

    def test_with_another_body_path_or_query_it_is_nobodys(self, root: World) -> None:
        body = b'{"tenants": []}'
        for path, sent in ((DIRECTORY, b"{}"), ("/cells/v1/health", body), (DIRECTORY + "?x=1", body)):
            assert_error(send(root, sent, proof_of(root, body), path), code="Unauthenticated")

    def test_a_cell_that_has_just_joined_is_looked_for_and_a_strange_one_not_each_time(
        self, root: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body, house, looks = b'{"tenants": []}', root.client.house, list[str]()
        known = house.roster

        def look(_house: House, _found: Found) -> None:
            looks.append("")
            house.roster = known

        monkeypatch.setattr(door, "take_over", look)
        root.clock.advance(seconds=1)
        house.roster = Roster("root", is_root=True)
        assert send(root, body, proof_of(root, body)).status_code == 200
        for _ in range(3):
            assert_error(send(root, body, "no proof"), code="Unauthenticated")
        assert looks == [""]

    def test_a_body_that_cannot_be_read_is_refused(self, root: World) -> None:
        body = b'{"tenants": [{}]}'
        assert_error(send(root, body, proof_of(root, body)), code="InvalidParameters")

    def test_a_body_beyond_the_limit_is_refused(self, root: World) -> None:
        body = b" " * (4 * 1_048_576 + 1)
        assert_error(send(root, body, proof_of(root, body)), code="PayloadTooLarge")


class TestNotePlace:
    def test_the_newest_move_counts_however_late_or_often_it_is_told(self, root: World) -> None:
        tenant_id, application_id = new_id(), new_id()
        assert tell(root, tenant_id, 0, application_id) == []
        assert place_of(root, application_id) == [(tenant_id, "north", 0)]
        assert tell(root, tenant_id, 1, application_id.upper(), cell="south") == []
        assert tell(root, tenant_id, 1, application_id, cell="south") == []
        assert tell(root, tenant_id, 0, application_id) == [tenant_id]
        assert place_of(root, application_id) == [(tenant_id, "south", 1)]

    def test_an_application_id_that_is_gone_leads_nowhere(self, root: World) -> None:
        tenant_id, gone, left = new_id(), new_id(), new_id()
        tell(root, tenant_id, 0, gone, left)
        tell(root, tenant_id, 0, left)
        assert place_of(root, gone) == []
        assert place_of(root, left) == [(tenant_id, "north", 0)]

    def test_nobody_takes_what_lives_here(self, root: World) -> None:
        assert tell(root, root.tenant_id, 99, root.application_id) == [root.tenant_id]
        assert root.exchange(root.grant("+919800000002").refresh_token).status_code == 200


class TestPasses:
    def test_limits_count_the_address_of_the_client_that_a_cell_has_passed_on(self, root: World) -> None:
        login = {"mobileNumber": "+919800000002", "applicationId": root.application_id, "pin": "123456"}
        signer = TokenSigner([NORTH], issuer="")
        passed = write_proof(
            signer,
            own_name="north",
            to="root",
            method="PASS",
            path="",
            body=None,
            now_s=root.clock.now_ms // 1000,
            further={"adr": "198.51.100.9", "cnt": 1},
        )
        for header in (passed, passed[:-8] + "AAAAAAAA", "nonsense"):
            answer = root.client.call(
                "POST", "/v1/loginWithPinAndApplicationId", body=login, headers={"x-chaupal-cell": header}
            )
            assert answer.status_code == 401
        question = "SELECT number_or_address, wrong_count FROM pin_tries WHERE tenant_id = %s AND kind = 'address'"
        tried = sorted(root.ask(question))
        # What only looks like a pass counts for whoever sends it.
        assert tried == [("198.51.100.9", 1), ("203.0.113.7", 2)]
