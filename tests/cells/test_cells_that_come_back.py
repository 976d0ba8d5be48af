"""A cell that the root has taken out, and whose server runs again: it learns so, serves nobody, and may join again."""

from __future__ import annotations

import jwt
import pytest
import structlog

from chaupal.auth.caller import INSTALLATION
from chaupal.auth.signing import SigningKey, TokenSigner, make_signing_key
from chaupal.cells.calls import CellAnswer
from chaupal.cells.joining import JoinRefused, invite, join
from chaupal.cells.proofs import CellRemoved, CellUnknown, check_proof, write_proof
from chaupal.cells.renewing import shared_keys
from chaupal.cells.root_link import says_removed
from chaupal.cells.routes import HEALTH_PATH
from chaupal.cells.rules import Health, note_health
from chaupal.cells.watching import ADVICE_TAKEN_OUT
from chaupal.cli.checks.cells import check_cells
from chaupal.cli.checks.check import fault
from chaupal.control.call import Nothing
from chaupal.control.cell_calls import CellRemove
from chaupal.control.cell_operations import cell_list, cell_remove
from tests.cells.conftest import MakeCell, url_of
from tests.cells.conftest import join as join_by_command
from tests.cells.neighbours import Neighbour, join_root
from tests.cells.test_renewed_keys import LIFE_S, MakeThree, clock, three
from tests.crash.test_bad_ends import wait_until
from tests.crash.test_delivering_in_bad_times import log_of
from tests.installations import Installation
from tests.store.houses import FakeClock
from tests.stores import Database

__all__ = ["clock", "three"]

pytestmark = pytest.mark.anyio


async def remove(root: Neighbour, name: str) -> None:
    await cell_remove(root.house, CellRemove(name=name))
    await root.look()


async def own_state(cell: Neighbour) -> str:
    [state] = [each.state for each in (await cell_list(cell.house, Nothing())).cells if each.is_self]
    return state


async def join_again(root: Neighbour, cell: Neighbour, name: str) -> None:
    await join_root(root, cell, name)
    await root.look()


class TestLearning:
    async def test_it_hears_it_with_its_next_report_and_keeps_it(self, database: Database, three: MakeThree) -> None:
        root, north, south = await three(database)
        await remove(root, "north")
        assert north.house.roster.taken_out_by == ""
        with structlog.testing.capture_logs() as lines:
            await north.beat()
        assert north.house.roster.taken_out_by == root.url
        [said] = [line for line in lines if line["log_level"] == "error"]
        assert (said["event"], said["root"]) == ("taken out by the root: nobody is served", root.url)
        assert [line for line in lines if line["log_level"] == "warning"] == []
        assert await own_state(north) == "left"
        assert north.house.roster.peers == {}
        await south.beat()
        assert (south.house.roster.taken_out_by, south.house.roster.peers.keys()) == ("", {"root"})

    async def test_it_holds_while_the_root_is_away_and_when_that_has_forgotten_it(
        self, sqlite_database: Database, three: MakeThree
    ) -> None:
        root, north, _ = await three(sqlite_database)
        await remove(root, "north")
        await north.beat()
        root.is_reachable = False
        north.house.roster.taken_out_by = ""  # as a process that starts
        with structlog.testing.capture_logs() as lines:
            await north.beat()
        assert north.house.roster.taken_out_by == root.url
        assert [line["event"] for line in lines] == ["taken out by the root: nobody is served"]
        root.is_reachable = True
        root.ask("DELETE FROM removed_cell_keys RETURNING 1")
        await north.beat()
        assert north.house.roster.taken_out_by == root.url

    async def test_one_that_cannot_reach_the_root_goes_on_until_it_can(
        self, sqlite_database: Database, three: MakeThree
    ) -> None:
        root, north, _ = await three(sqlite_database)
        await remove(root, "north")
        root.is_reachable = False
        await north.beat()
        assert (north.house.roster.taken_out_by, await own_state(north)) == ("", "joined")
        assert north.house.roster.peers.keys() == {"root", "south"}
        root.is_reachable = True
        await north.beat()
        assert north.house.roster.taken_out_by == root.url

    async def test_one_that_was_put_back_from_an_old_backup_is_known_by_its_old_key(
        self, sqlite_database: Database, three: MakeThree, clock: FakeClock
    ) -> None:
        root, north, _ = await three(sqlite_database)
        [old] = shared_keys(north.house.signer)
        newer = [*shared_keys(TokenSigner([make_signing_key("newer")], issuer="")), old]
        await root.house.store.write(note_health, INSTALLATION, Health("north", north.url, "1", 0, newer, []))
        await remove(root, "north")
        assert root.house.roster.removed.keys() == {"newer", old.key_id}
        clock.move_ms(LIFE_S * 1000)
        await north.beat()
        assert north.house.roster.taken_out_by == root.url

    async def test_one_whose_keys_the_root_has_never_known_is_only_refused(
        self, sqlite_database: Database, three: MakeThree
    ) -> None:
        root, north, _ = await three(sqlite_database)
        for table in ("cells", "cell_keys"):
            root.ask(f"DELETE FROM {table} WHERE cell_name = 'north' RETURNING 1")  # noqa: S608 - our own names
        await root.look()
        await north.beat()
        assert north.refusals
        assert (north.house.roster.taken_out_by, await own_state(north)) == ("", "joined")


class TestWhoSaysIt:
    @pytest.mark.parametrize("body", [b"<html>Gone</html>", b"", b"[]", b'{"errorCode": "Gone"}', b"\xff"])
    def test_another_answer_of_this_status_says_nothing(self, body: bytes) -> None:
        assert not says_removed(CellAnswer(410, body))
        assert says_removed(CellAnswer(410, b'{"errorCode": "CellRemoved"}'))
        assert not says_removed(CellAnswer(200, b'{"errorCode": "CellRemoved"}'))

    async def test_the_root_says_it_to_nobody_but_the_cell(self, sqlite_database: Database, three: MakeThree) -> None:
        root, north, south = await three(sqlite_database)
        stranger = make_signing_key(north.signing_key_id)

        def proof_by(key: TokenSigner | SigningKey, to: str) -> str:
            return write_proof(
                key, own_name="north", to=to, method="POST", path=HEALTH_PATH, body=b"", now_s=north.house.now_s
            )

        own = proof_by(north.house.signer, "root")
        others = [
            proof_by(key, to)
            for key, to in ((stranger, "root"), (north.house.signer, "south"), (south.house.signer, "root"))
        ]
        assert jwt.get_unverified_header(own)["kid"] == north.signing_key_id
        await remove(root, "north")

        def said(proof: str) -> type[CellUnknown]:
            with pytest.raises(CellUnknown) as caught:
                check_proof(proof, root.house.roster, method="POST", path=HEALTH_PATH, now_s=root.house.now_s)
            return type(caught.value)

        assert said(own) is CellRemoved
        assert {said(proof) for proof in others} == {CellUnknown}


class TestJoiningAgain:
    @pytest.mark.parametrize("name", ["north", "west"])
    async def test_it_is_a_cell_like_any_other_then(self, database: Database, three: MakeThree, name: str) -> None:
        root, north, south = await three(database)
        await remove(root, "north")
        await north.beat()
        await join_again(root, north, name)
        assert (north.house.roster.own_name, north.house.roster.taken_out_by) == (name, "")
        assert north.house.roster.peers.keys() == {"root", "south"}
        assert root.house.roster.removed == {}
        assert root.knows(name) == {north.signing_key_id}
        await south.beat()
        assert south.knows(name) == {north.signing_key_id}
        await north.beat()
        assert (await own_state(north), north.refusals) == ("joined", 0)
        await remove(root, name)
        await north.beat()
        assert north.house.roster.taken_out_by == root.url

    async def test_it_needs_a_new_code(self, sqlite_database: Database, three: MakeThree) -> None:
        root, north, _ = await three(sqlite_database)
        _, code = await invite(root.house, "north", north.url)
        await remove(root, "north")
        await north.beat()
        with pytest.raises(JoinRefused, match="wrong, used or too old"):
            await join(north.house, code)
        await north.beat()
        assert north.house.roster.taken_out_by == root.url

    async def test_a_process_of_the_root_that_has_not_heard_of_it_looks_first(
        self, sqlite_database: Database, three: MakeThree
    ) -> None:
        root, north, _ = await three(sqlite_database)
        await remove(root, "north")
        await north.beat()
        before = root.house.roster
        await join_again(root, north, "north")
        root.house.roster = before
        assert await north.link.is_known()
        assert north.house.roster.taken_out_by == ""


async def test_doctor_says_so(database: Database, three: MakeThree, monkeypatch: pytest.MonkeyPatch) -> None:
    root, north, _ = await three(database)
    await remove(root, "north")
    await north.beat()
    message = "The root has taken this installation, the cell 'north', out; it serves nobody."
    assert check_cells(north.house.settings) == [fault("cells", message, ADVICE_TAKEN_OUT)]
    monkeypatch.setattr("chaupal.cli.checks.cells._version_at", lambda _url: (None, "nobody answers"))
    assert [check.name for check in check_cells(root.house.settings)] == ["cell south"]


def lives(installation: Installation) -> bool:
    try:
        return installation.call("GET", "/healthz")[0] == 200
    except OSError:
        return False


def test_a_real_one_learns_at_its_start_keeps_it_without_the_root_and_joins_again(make_cell: MakeCell) -> None:
    root, cell = make_cell(), make_cell()
    cell.is_ready = lambda: lives(cell)  # type: ignore[method-assign]
    root.start()
    installed = cell.init()
    join_by_command(root, cell, "north")
    cell.start()
    token = cell.access_token(installed)
    wait_until(lambda: root.result("tenant", "list").get("elsewhere", []) != [])
    cell.stop()
    root.result("cell", "remove", "north", "--with-tenants")
    cell.start()
    wait_until(lambda: cell.me(token)[0] == 401)
    root.stop()
    cell.kill()
    cell.start()
    assert cell.me(token)[1]["details"].endswith("Get a new token from the API root.")
    assert cell.call("GET", "/readyz")[1]["reason"] == f"taken out by the root {url_of(root)}"
    assert "taken out by the root: nobody is served" in log_of(cell)
    assert ADVICE_TAKEN_OUT in cell.command("doctor").out
    root.start()
    join_by_command(root, cell, "west")
    wait_until(lambda: cell.me(token)[0] == 200)
    assert cell.call("GET", "/readyz")[0] == 200
    assert root.access_token(installed), "the root leads there"
