"""The loop that runs jobs: what it does with a handler's answer, with a stop, and with what a dead server left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SecretKey
from chaupal.cells.roster import Roster
from chaupal.jobs import runner as runner_module
from chaupal.jobs.rules import JobClaim, JobFailed, JobRefused, NewJob, claim_jobs, queue_job
from chaupal.jobs.runner import JobRunner, Outcome
from chaupal.serving.metrics import Metrics
from chaupal.store.connection import DatabaseGone
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from tests.store.houses import SECRET_KEY, FakeClock, Ledger, key_of, make_house
from tests.store.rules import WAIT_S
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio

PAYLOAD = {"number": "+919876543210", "text": "secret 123456"}


class Bench:
    """A store, a runner on it, and what the runner has recorded."""

    def __init__(self, database: Database, store: Store) -> None:
        self.database = database
        self.store = store
        self.metrics = Metrics()
        self.ledger = Ledger()
        self.runners: list[JobRunner] = []

    def run(self, *, secret_key: SecretKey = SECRET_KEY, **options: Any) -> JobRunner:
        handlers = {"sms": options.pop("handler")}
        house = make_house(self.database, self.store, secret_key)
        house.roster = options.pop("roster", house.roster)
        options.setdefault("poll_s", WAIT_S)
        runner = JobRunner(house, handlers, metrics=self.metrics, recorded=self.ledger, **options)
        runner.start()
        self.runners.append(runner)
        return runner

    async def queue(self, *, kind: str = "sms", life_ms: int = 600_000, caller: Operator | None = None) -> str:
        caller = caller or await add_tenant(self.store)

        def rule(tx: Transaction, _caller: Operator, _request: None) -> str:
            return queue_job(tx, NewJob(kind, PAYLOAD, tx.now_ms + life_ms), key_of(tx.tenant_id))

        return (await self.store.write(rule, caller, None)).result

    def rows(self) -> list[tuple[Any, ...]]:
        return self.database.ask("SELECT state, try_count, last_error FROM jobs ORDER BY job_id")

    def failure_count(self) -> float:
        found = self.metrics.registry.get_sample_value("chaupal_background_errors_total", {"loop": "jobs"})
        assert found is not None
        return found


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def bench(database: Database, store_on: OpenStore, clock: FakeClock) -> Any:
    made = Bench(database, store_on(database, clock=clock))
    yield made
    for runner in made.runners:
        await runner.stop(grace_s=0.05)


def handler_that(*answers: BaseException | None) -> tuple[Callable[[dict[str, str]], Awaitable[None]], list[Any]]:
    """A handler that raises, or not, in turn; and the payloads that it got."""
    payloads: list[Any] = []

    async def handle(payload: dict[str, str]) -> None:
        payloads.append(payload)
        answer = answers[min(len(payloads), len(answers)) - 1]
        if answer is not None:
            raise answer

    return handle, payloads


class TestRun:
    async def test_a_job_waiting_at_the_start_is_run_and_gone(self, bench: Bench) -> None:
        await bench.queue()
        handler, payloads = handler_that(None)
        bench.run(handler=handler)
        assert (await bench.ledger.next()).outcome is Outcome.FINISHED
        assert payloads == [PAYLOAD]
        assert bench.rows() == []

    async def test_a_job_queued_later_is_run_when_the_runner_is_woken(self, bench: Bench) -> None:
        handler, _ = handler_that(None)
        runner = bench.run(handler=handler)
        await bench.queue()
        runner.wake()
        assert (await bench.ledger.next()).outcome is Outcome.FINISHED

    async def test_a_job_is_found_by_polling_where_nobody_wakes_the_runner(self, bench: Bench) -> None:
        handler, _ = handler_that(None)
        bench.run(handler=handler, poll_s=0.01)
        await bench.queue()
        assert (await bench.ledger.next()).outcome is Outcome.FINISHED

    async def test_jobs_of_several_tenants_are_all_run(self, bench: Bench) -> None:
        job_ids = {await bench.queue() for _ in range(5)}
        handler, _ = handler_that(None)
        bench.run(handler=handler, at_once=2)
        assert {(await bench.ledger.next()).job_id for _ in range(5)} == job_ids

    async def test_no_more_are_run_at_once_than_allowed(self, bench: Bench) -> None:
        for _ in range(4):
            await bench.queue()
        running: list[int] = []
        open_door = asyncio.Event()
        both_in = asyncio.Event()
        inside = 0

        async def handle(_payload: dict[str, str]) -> None:
            nonlocal inside
            inside += 1
            running.append(inside)
            if inside == 2:
                both_in.set()
            await open_door.wait()
            inside -= 1

        runner = bench.run(handler=handle, at_once=2)
        async with asyncio.timeout(WAIT_S):
            await both_in.wait()
        runner.wake()
        await bench.store.read(lambda _tx, _caller, _request: None, Operator(""), None)
        open_door.set()
        for _ in range(4):
            await bench.ledger.next()
        assert max(running) == 2


class TestFailures:
    async def test_a_failed_try_is_repeated_after_its_delay(self, bench: Bench, clock: FakeClock) -> None:
        await bench.queue()
        handler, payloads = handler_that(JobFailed("the provider is busy"), None)
        runner = bench.run(handler=handler)
        first = await bench.ledger.next()
        assert (first.outcome, first.error) == (Outcome.RETRIED, "the provider is busy")
        assert bench.rows() == [("waiting", 1, "the provider is busy")]
        clock.move_ms(5_000)
        runner.wake()
        assert (await bench.ledger.next()).outcome is Outcome.FINISHED
        assert payloads == [PAYLOAD, PAYLOAD]

    async def test_a_refused_job_fails_at_once(self, bench: Bench) -> None:
        await bench.queue()
        bench.run(handler=handler_that(JobRefused("no such number"))[0])
        assert (await bench.ledger.next()).outcome is Outcome.FAILED
        assert bench.rows() == [("failed", 1, "no such number")]

    async def test_a_job_that_expires_before_the_next_try_fails(self, bench: Bench) -> None:
        await bench.queue(life_ms=4_000)
        bench.run(handler=handler_that(JobFailed("busy"))[0])
        assert (await bench.ledger.next()).outcome is Outcome.FAILED

    async def test_a_handler_that_takes_too_long_is_cut_off(self, bench: Bench) -> None:
        await bench.queue()

        async def hang(_payload: dict[str, str]) -> None:
            await asyncio.Event().wait()

        bench.run(handler=hang, timeout_s=0.05)
        recorded = await bench.ledger.next()
        assert (recorded.outcome, recorded.error) == (Outcome.RETRIED, "took longer than 0.05 s")

    async def test_an_unknown_kind_fails(self, bench: Bench) -> None:
        await bench.queue(kind="fax")
        bench.run(handler=handler_that(None)[0])
        assert (await bench.ledger.next()).outcome is Outcome.FAILED
        assert bench.rows() == [("failed", 1, "this server knows no jobs of the kind 'fax'")]

    async def test_a_payload_sealed_with_another_key_fails(self, bench: Bench) -> None:
        await bench.queue()
        bench.run(handler=handler_that(None)[0], secret_key=SecretKey(bytes(32)))
        assert (await bench.ledger.next()).outcome is Outcome.FAILED
        assert bench.rows() == [("failed", 1, "its payload cannot be read with this secret key")]

    async def test_an_unexpected_error_is_counted_and_its_text_shown_nowhere(self, bench: Bench) -> None:
        await bench.queue()
        with structlog.testing.capture_logs() as lines:
            bench.run(handler=handler_that(RuntimeError("secret 123456"))[0])
            recorded = await bench.ledger.next()
        assert (recorded.outcome, recorded.error) == (Outcome.RETRIED, "an unexpected RuntimeError")
        assert bench.failure_count() == 1
        assert "123456" not in repr(lines)
        assert "123456" not in repr(bench.rows())
        assert any(line.get("cause") == "RuntimeError" for line in lines)

    async def test_no_log_line_holds_the_payload(self, bench: Bench) -> None:
        await bench.queue()
        with structlog.testing.capture_logs() as lines:
            bench.run(handler=handler_that(None)[0])
            await bench.ledger.next()
        assert lines
        assert "123456" not in repr(lines)
        assert "9876543210" not in repr(lines)


class TestTakenOut:
    async def test_a_cell_that_the_root_has_taken_out_runs_none(self, bench: Bench) -> None:
        looked = asyncio.Event()

        class Watched(Roster):
            @property
            def taken_out_by(self) -> str:  # type: ignore[override]
                looked.set()
                return "https://root.example.org/"

        await bench.queue()
        handler, payloads = handler_that(None)
        runner = bench.run(handler=handler, roster=Watched())
        async with asyncio.timeout(WAIT_S):
            await looked.wait()
        await runner.stop()
        assert payloads == []
        assert bench.rows() == [("waiting", 0, "")]


class TestDatabaseAway:
    async def test_an_outcome_is_recorded_once_the_database_is_back(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner_module, "_RECORD_PAUSES_S", (0.0, 0.0, 0.0))
        await bench.queue()
        asked = 0
        finish = runner_module.finish_job

        def finish_late(tx: Transaction, caller: Operator, job: Any) -> bool:
            nonlocal asked
            asked += 1
            if asked < 3:
                raise DatabaseGone("away")
            return finish(tx, caller, job)

        monkeypatch.setattr(runner_module, "finish_job", finish_late)
        handler, payloads = handler_that(None)
        bench.run(handler=handler)
        assert (await bench.ledger.next()).outcome is Outcome.FINISHED
        assert asked == 3
        assert len(payloads) == 1
        assert bench.rows() == []

    async def test_the_loop_lives_on_after_an_error(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = 0
        find = runner_module.find_work

        def find_late(tx: Transaction, caller: Operator, limit: int) -> Any:
            nonlocal asked
            asked += 1
            if asked == 1:
                raise DatabaseGone("away")
            return find(tx, caller, limit)

        monkeypatch.setattr(runner_module, "find_work", find_late)
        await bench.queue()
        bench.run(handler=handler_that(None)[0], poll_s=0.01)
        assert (await bench.ledger.next()).outcome is Outcome.FINISHED
        assert bench.failure_count() == 1


class TestStop:
    async def test_waits_for_a_handler_that_is_nearly_done(self, bench: Bench) -> None:
        await bench.queue()
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def handle(_payload: dict[str, str]) -> None:
            begun.set()
            await may_end.wait()

        runner = bench.run(handler=handle)
        await begun.wait()
        stopping = asyncio.create_task(runner.stop(grace_s=WAIT_S))
        await asyncio.sleep(0)
        may_end.set()
        await stopping
        assert (await bench.ledger.next()).outcome is Outcome.FINISHED
        assert bench.rows() == []

    async def test_a_handler_that_takes_longer_is_cut_off_and_its_job_given_back(self, bench: Bench) -> None:
        await bench.queue()
        begun = asyncio.Event()

        async def hang(_payload: dict[str, str]) -> None:
            begun.set()
            await asyncio.Event().wait()

        runner = bench.run(handler=hang)
        await begun.wait()
        await runner.stop(grace_s=0.1)
        assert (await bench.ledger.next()).outcome is Outcome.RELEASED
        assert bench.rows() == [("waiting", 1, "the server stopped while the job ran")]

    async def test_nothing_is_claimed_afterwards(self, bench: Bench) -> None:
        handler, payloads = handler_that(None)
        runner = bench.run(handler=handler, poll_s=0.01)
        await runner.stop()
        await runner.stop()
        await bench.queue()
        runner.wake()
        await bench.store.read(lambda _tx, _caller, _request: None, Operator(""), None)
        assert payloads == []


class TestRescue:
    async def test_a_job_of_a_server_that_died_is_run_again(self, database: Database, store_on: OpenStore) -> None:
        bench = Bench(database, store_on(database, clock=FakeClock(step_ms=1_000)))
        caller = await add_tenant(bench.store)
        job_id = await bench.queue(caller=caller)
        await bench.store.write(claim_jobs, caller, JobClaim([job_id], 3_000))  # and the server dies here
        handler, payloads = handler_that(None)
        runner = bench.run(handler=handler, poll_s=0.01)
        try:
            recorded = await bench.ledger.next()
        finally:
            await runner.stop()
        assert (recorded.job_id, recorded.outcome) == (job_id, Outcome.FINISHED)
        assert payloads == [PAYLOAD]

    async def test_two_nodes_run_each_job_once(self, postgres_database: Database, store_on: OpenStore) -> None:
        benches = [Bench(postgres_database, store_on(postgres_database)) for _ in range(2)]
        ledger = benches[0].ledger
        benches[1].ledger = ledger
        job_ids = [await benches[0].queue() for _ in range(12)]
        handler, payloads = handler_that(None)
        runners = [bench.run(handler=handler, poll_s=0.01, at_once=3) for bench in benches]
        finished = [(await ledger.next()).job_id for _ in job_ids]
        for runner in runners:
            await runner.stop()
        assert sorted(finished) == sorted(job_ids)
        assert len(payloads) == len(job_ids)
