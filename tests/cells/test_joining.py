"""An installation joins another, which is the API root from then on; the root hears of it and of its tenants."""

from __future__ import annotations

import base64
import json

import pytest

from tests.cells.conftest import COMMANDS, MakeCell, filled_in, join, url_of
from tests.crash.test_media_uploads import wait_until
from tests.installations import Installation


def shown(installation: Installation, name: str) -> dict[str, object]:
    cells = installation.result("cell", "list")["cells"]
    return next(cell for cell in cells if cell["name"] == name)


class TestJoining:
    def test_root_and_cell_know_each_other(self, joined: tuple[Installation, Installation]) -> None:
        root, cell = joined
        at_root, at_cell = shown(root, "north"), shown(cell, "root")
        assert (at_root["state"], at_root["url"], at_root["isSelf"]) == ("joined", url_of(cell), False)
        assert at_root["version"] == shown(cell, "north")["version"]
        assert at_root["seenAt"] is not None
        assert (at_cell["url"], at_cell["isRoot"], at_cell["failure"]) == (url_of(root), True, "")

    def test_a_cell_that_does_not_run_joins_as_well(self, make_cell: MakeCell) -> None:
        root, cell = make_cell(), make_cell("postgresql")
        root.start()
        join(root, cell, "north")
        assert shown(cell, "north")["isSelf"] is True
        assert shown(root, "north")["state"] == "joined"

    def test_a_code_can_be_repeated_by_its_cell_and_used_by_no_other(self, make_cell: MakeCell) -> None:
        root, cell, other = make_cell(), make_cell(), make_cell()
        root.start()
        code = root.result("cell", "add", "north", "--url", url_of(cell))["joinCode"]
        cell.result("cell", "join", code)
        cell.result("cell", "join", code)
        assert "wrong, used or too old" in other.refusal("cell", "join", code)
        assert other.result("cell", "list")["cells"] == []

    def test_a_code_with_another_secret_is_refused(self, make_cell: MakeCell) -> None:
        root, cell = make_cell(), make_cell()
        root.start()
        code = root.result("cell", "add", "north", "--url", url_of(cell))["joinCode"]
        url, name, _ = json.loads(base64.urlsafe_b64decode(code + "==="))
        forged = base64.urlsafe_b64encode(json.dumps([url, name, "x" * 43]).encode()).decode()
        assert "wrong, used or too old" in cell.refusal("cell", "join", forged)
        assert shown(root, "north")["state"] == "invited"

    def test_a_code_that_is_cut_short_says_so(self, make_cell: MakeCell) -> None:
        assert "must be the whole code" in make_cell().refusal("cell", "join", "abc")

    def test_a_root_that_does_not_answer_leaves_nothing(self, make_cell: MakeCell) -> None:
        root, cell = make_cell(), make_cell()
        code = root.result("cell", "add", "north", "--url", url_of(cell))["joinCode"]
        assert "cannot be reached" in cell.refusal("cell", "join", code)
        assert cell.result("cell", "list")["cells"] == []

    @pytest.mark.parametrize(
        "url", ["http://chat.example.org", "ftp://chat.example.org", "https://me@chat.example.org"]
    )
    def test_an_address_where_others_can_listen_is_refused(self, make_cell: MakeCell, url: str) -> None:
        assert "must be an https:// address" in make_cell().refusal("cell", "add", "north", "--url", url)

    def test_a_cell_adds_no_cells(self, joined: tuple[Installation, Installation]) -> None:
        root, cell = joined
        refused = cell.refusal("cell", "add", "south", "--url", "https://south.example.org")
        assert refused == f"This installation is a cell of the root at {url_of(root)}; cells are looked after there."

    def test_a_name_is_given_once(self, joined: tuple[Installation, Installation]) -> None:
        refused = joined[0].refusal("cell", "add", "North", "--url", "https://south.example.org")
        assert refused == "There is a cell called 'north' already."


class TestDraining:
    def test_the_root_hears_of_the_tenants_that_are_there_and_says_which_are_left_in_a_drained_cell(
        self, make_cell: MakeCell
    ) -> None:
        root, cell = make_cell(), make_cell()
        root.start()
        installed = cell.init("Elsewhere")
        join(root, cell, "north")
        assert shown(root, "north")["tenantCount"] == 1
        assert root.result("cell", "drain", "north") == {
            "name": "north",
            "tenantCount": 1,
            "tenantIds": [installed["tenantId"]],
            "begun": 0,
            "kept": [],
        }
        assert shown(root, "north")["state"] == "draining"

    def test_it_moves_all_away_and_the_empty_cell_can_be_removed(self, make_cell: MakeCell) -> None:
        root, cell = make_cell(), make_cell()
        root.start()
        cell.start()
        tenants = [cell.init(name)["tenantId"] for name in ("One", "Two")]
        join(root, cell, "north")
        assert root.refusal("cell", "drain", "north", "--to", "south") == "No such cell."
        assert "Organizations live in the cell 'north': 2" in root.refusal("cell", "remove", "north")
        begun = root.result(*filled_in(COMMANDS[2], south="root"))
        assert (begun["begun"], begun["kept"]) == (2, [])
        wait_until(lambda: len(root.result("tenant", "list")["tenants"]) == 2)
        assert sorted(each["tenantId"] for each in root.result("tenant", "list")["tenants"]) == sorted(tenants)
        wait_until(lambda: not cell.result("tenant", "list")["tenants"])
        at_cell = cell.result("tenant", "list", "--counts")
        assert {(each["tenantId"], each["cell"], each["url"]) for each in at_cell["elsewhere"]} == {
            (tenant_id, "root", url_of(root)) for tenant_id in tenants
        }
        wait_until(lambda: shown(root, "north")["tenantCount"] == 0)
        assert root.result("cell", "remove", "north") == {"name": "north", "tenantsGivenUp": 0}
        assert [each["name"] for each in root.result("cell", "list")["cells"]] == ["root"]


class TestDoctor:
    def test_it_says_whether_the_others_answer(self, joined: tuple[Installation, Installation]) -> None:
        root, cell = joined
        checks = {check["name"]: check for check in json.loads(root.command("doctor", "--json").out)["checks"]}
        assert (checks["cell north"]["state"], checks["cell north"]["message"]) == ("ok", f"{url_of(cell)} answers.")
        root.stop()
        checks = {check["name"]: check for check in json.loads(cell.command("doctor", "--json").out)["checks"]}
        root.start()
        assert checks["cell root"]["state"] == "warning"
        assert "gives no answer" in checks["cell root"]["message"]


class TestTheDoor:
    def test_nobody_comes_in_with_a_users_token_or_none(self, joined: tuple[Installation, Installation]) -> None:
        root, _ = joined
        token = root.access_token(root.init())
        for path in ("/cells/v1/health", "/cells/v1/directory"):
            for headers in ({}, {"accessToken": token}, {"x-chaupal-cell": token}, {"x-chaupal-cell": "a.b.c"}):
                status, answer = root.call("POST", path, headers, {})
                assert (status, answer["errorCode"]) == (401, "Unauthenticated")

    def test_what_is_no_call_of_cells_is_not_there(self, joined: tuple[Installation, Installation]) -> None:
        root, _ = joined
        assert root.call("GET", "/cells/v1/other")[0] == 404
        assert root.call("GET", "/cells/v1/health")[0] == 405
