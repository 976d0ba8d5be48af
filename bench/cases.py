"""The cases: what is measured, against which baseline, with which bar and goal. Each takes a stage and gives one
result; how runs are made and compared is not their business. The table of them is in bench/README.md.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench import client, growth, moved, moving, nodes, streams, webhook_load, webhooks
from bench.baseline import build_floor, floor_target
from bench.case import Case, Result, result_of_cpu, result_of_p50
from bench.fanout import STREAMS
from bench.growth import CONNECTIONS
from bench.measure import Bench, Measurement
from bench.processes import Memory, Server
from bench.stage import Stage, free_port
from bench.statistics import Limits, Side, judge_value
from bench.stored import all_stored
from bench.upload import UPLOAD_MB, upload, write_plainly

# Memory hardly differs from start to start, so it does not need as many pairs as a time.
MEMORY_PAIR_COUNT = 3


def run_start(case: Case, stage: Stage) -> Result:
    """With the data folder already there: a first start also migrates, which the floor has nothing like."""
    product = stage.running_product()
    stage.stop()
    starts = {Side.BASELINE: stage.floor, Side.SUBJECT: product.server}
    taken = stage.bench.compare_values({side: _starter(server) for side, server in starts.items()})
    return case.result(stage, taken[Side.BASELINE], taken[Side.SUBJECT])


def _starter(server: Server) -> Callable[[], float]:
    def start() -> float:
        try:
            return server.start()
        finally:
            server.stop()

    return start


def run_memory(case: Case, stage: Stage) -> Result:
    product = stage.running_product()
    stage.stop()
    memories: dict[str, Memory] = {}

    def take(server: Server) -> float:
        with server:
            time.sleep(stage.bench.plan.idle_s)
            memories[server.name] = server.memory()
        return memories[server.name].rss_mb

    bench = replace(stage.bench, plan=replace(stage.bench.plan, pair_count=MEMORY_PAIR_COUNT))
    taken = bench.compare_values({Side.BASELINE: lambda: take(stage.floor), Side.SUBJECT: lambda: take(product.server)})
    pss = (
        f"PSS: floor {memories[stage.floor.name].pss_mb:.0f} MB, product {memories[product.server.name].pss_mb:.0f} MB"
    )
    result = case.result(stage, taken[Side.BASELINE], taken[Side.SUBJECT], pss)
    assert case.limits is not None
    return replace(result, verdict=judge_value(result.comparison.subject, case.limits), judged="MB of RSS")


def run_floor(case: Case, stage: Stage) -> Result:
    """What the database adds to the floor, for orientation."""
    return _compare_floors(case, stage, "none")


def run_noise(case: Case, stage: Stage) -> Result:
    """Two floors that differ in nothing: what the harness itself gets wrong on this machine."""
    return _compare_floors(case, stage, stage.floor_database)


def _compare_floors(case: Case, stage: Stage, database: str) -> Result:
    floor = stage.running_floor()
    with build_floor(stage.folder / "other-floor", port=free_port(), database=database) as other:
        sides = {Side.BASELINE: (other, floor_target(other)), Side.SUBJECT: (floor, floor_target(floor))}
        taken = stage.bench.compare_loads(sides, CONNECTIONS)
    return result_of_cpu(case, stage, taken)


def run_post_cpu(case: Case, stage: Stage) -> Result:
    result = result_of_cpu(case, stage, _compare_posts(stage, CONNECTIONS))
    rss_after_mb = stage.product.server.memory().rss_mb
    return replace(result, notes=(*result.notes, f"RSS after the load: product {rss_after_mb:.0f} MB"))


def run_post_p50(case: Case, stage: Stage) -> Result:
    return result_of_p50(case, stage, _compare_posts(stage, 1))


def run_upload(case: Case, stage: Stage) -> Result:
    """The client, which sends, shares the machine with the server; the baseline has neither."""
    product = stage.running_product()
    cpu_before_s, started_s = product.server.cpu_s(), time.perf_counter()
    count = 0

    def send() -> float:
        nonlocal count
        count += 1
        return upload(product)

    takes = {Side.BASELINE: lambda: write_plainly(product.folder), Side.SUBJECT: send}
    taken = stage.bench.compare_values(takes)
    cpu_ms = (product.server.cpu_s() - cpu_before_s) / count * 1e3
    stage.bench.progress(f"{count} uploads in {time.perf_counter() - started_s:.0f} s")
    cpu = f"server CPU {cpu_ms:.0f} ms for {UPLOAD_MB} MB"
    return case.result(stage, taken[Side.BASELINE], taken[Side.SUBJECT], cpu)


def _compare_posts(stage: Stage, connections: int) -> dict[Side, list[Measurement]]:
    floor = stage.running_floor()
    group_id = stage.group_id
    product = stage.running_product()
    target = product.post_target(group_id)
    product.check_target(target)
    sides = {Side.BASELINE: (floor, floor_target(floor)), Side.SUBJECT: (product.server, target)}
    taken: dict[Side, list[Measurement]] = {side: [] for side in Side}
    with (
        all_stored(floor.environment["FLOOR_DATABASE"], "message", taken[Side.BASELINE]),
        all_stored(product.store_address, "messages", taken[Side.SUBJECT]),
    ):
        for side, measurements in stage.bench.compare_loads(sides, connections).items():
            taken[side] += measurements
    return taken


CASES = (
    Case("start", "start to ready", "floor", "s", Limits(bar=4, goal=2.5), run_start),
    Case("memory", "idle memory (RSS)", "floor", "MB", Limits(bar=90, goal=70), run_memory),
    Case(
        "post-cpu",
        f"POST message, {CONNECTIONS} connections, server CPU per request",
        "floor",
        "us",
        Limits(bar=2, goal=1.3),
        run_post_cpu,
    ),
    Case("post-p50", "POST message, 1 connection, p50", "floor", "ms", Limits(bar=2, goal=1.3), run_post_p50),
    Case(
        "post-survey",
        f"POST survey of 20 questions, {CONNECTIONS} connections, server CPU per request",
        "POST message",
        "us",
        Limits(bar=2, goal=1.3),
        growth.run_post_survey,
    ),
    Case(
        "throttling",
        f"POST message with limits on, {CONNECTIONS} connections, server CPU per request",
        "limits off",
        "us",
        Limits(bar=1.2, goal=1.05),
        nodes.run_throttling,
    ),
    Case(
        "redirect",
        f"308 of an organization that has moved, GET at {CONNECTIONS} connections, requests/s",
        "a normal GET",
        "requests/s",
        Limits(bar=1.0, goal=2, is_lower_bound=True),
        moved.run_redirect,
    ),
    Case(
        "two-nodes",
        f"POST message to two nodes on one database, {CONNECTIONS} connections, CPU per request",
        "one node",
        "us",
        Limits(bar=1.2, goal=1.05),
        nodes.run_two_nodes,
        only_on="PostgreSQL",
    ),
    Case(
        "move",
        f"an organization with {moving.MESSAGES:,} messages moved to another cell, rows/s",
        "pg_dump into psql",
        "rows/s",
        Limits(bar=0.3, goal=0.6, is_lower_bound=True),
        moving.run_move,
        only_on="PostgreSQL",
    ),
    Case(
        "move-wait",
        "the longest wait of a write while its organization moves to another cell",
        "no move",
        "ms",
        Limits(bar=2_000, goal=200),
        moving.run_longest_wait,
        only_on="PostgreSQL",
    ),
    Case(
        "stream-fanout",
        f"POST message, until the last of {STREAMS:,} live streams has it",
        "bare fan-out",
        "ms",
        Limits(bar=2, goal=1.2),
        streams.run_stream_fanout,
    ),
    Case(
        "stream-memory",
        f"memory (RSS) per idle live stream, {STREAMS:,} of them",
        "bare fan-out",
        "kB",
        Limits(bar=30, goal=15),
        streams.run_stream_memory,
    ),
    Case(
        "webhook-rate",
        f"deliveries to {webhooks.WEBHOOKS} webhooks with healthy receivers",
        "bare loop of aiohttp",
        "a second",
        Limits(bar=0.4, goal=0.7, is_lower_bound=True),
        webhooks.run_deliveries,
    ),
    Case(
        "webhook-delay",
        "from the answer to a message to its arrival at a webhook, idle server",
        "bare POST",
        "ms",
        Limits(bar=10, goal=4),
        webhooks.run_delay,
    ),
    Case(
        "webhook-p95",
        f"POST message at half the highest rate with {webhook_load.HOOKS} webhooks on the group, p95",
        "no webhooks",
        "ms",
        Limits(bar=1.3, goal=1.1),
        webhook_load.run_post_p95,
    ),
    Case(
        "webhook-dead",
        f"from sending a message to its arrival, p99 of {webhook_load.RECEIVERS} webhooks, a tenth of them dead",
        "none dead",
        "ms",
        Limits(bar=1.5, goal=1.1),
        webhook_load.run_dead,
    ),
    Case(
        "upload-100mb",
        f"POST media of {UPLOAD_MB} MB, until it is answered",
        "writing, hashing, fsync",
        "s",
        Limits(bar=2, goal=1.3),
        run_upload,
    ),
    Case(
        "sdk-post",
        "POST message by the Python client, 64 at a time, its CPU per request",
        "bare httpx",
        "us",
        Limits(bar=1.3, goal=1.1),
        client.run_sdk_post,
    ),
    Case(
        "sdk-import", "import chaupal_client, CPU", "import httpx", "ms", Limits(bar=2, goal=1.5), client.run_sdk_import
    ),
    Case(
        "post-large",
        "POST message into a group of 100,000 members, p50",
        "10 members",
        "ms",
        Limits(bar=1.2, goal=1),
        growth.run_post_large,
    ),
    Case(
        "get-large",
        "GET 50 newest of 1,000,000 messages, p50",
        "100 messages",
        "ms",
        Limits(bar=1.3, goal=1),
        growth.run_get_large,
    ),
    Case(
        "timeline-deep",
        "GET 50 newest of a group below 10 others with 1,000,000 messages in all, p50",
        "a flat group",
        "ms",
        Limits(bar=2, goal=1.3),
        growth.run_timeline_deep,
    ),
    Case(
        "groups-list",
        "GET groups with details by a person in 1,000, server CPU per group",
        "10 groups",
        "us",
        Limits(bar=1.3, goal=0.5),
        growth.run_groups_list,
    ),
    Case(
        "post-root",
        "POST message to the root of 1,000 groups with 100,000 people, p50",
        "10 members",
        "ms",
        Limits(bar=1.3, goal=1),
        growth.run_post_root,
    ),
    Case(
        "responses-large",
        "GET a survey's sums and 100 of 100,000 responses, p50",
        "100 responses",
        "ms",
        Limits(bar=1.3, goal=1),
        growth.run_responses_large,
    ),
    Case(
        "reactions-large",
        "GET the summary of a message with 100,000 likes, p50",
        "10 likes",
        "ms",
        Limits(bar=1.3, goal=1),
        growth.run_reactions_large,
    ),
)
"""In the order in which they run: the large data comes last, because it changes the database that the others use."""

EXTRA_CASES = (
    Case(
        "noise",
        "the floor, 64 connections, server CPU per request",
        "the same",
        "us",
        Limits(bar=1.1, goal=1.05),
        run_noise,
    ),
    Case("floor", "the floor, 64 connections, server CPU per request", "no database", "us", None, run_floor),
)
"""Run only when named; they need no product."""


def find_cases(names: Sequence[str]) -> list[Case]:
    """None named = all; raises KeyError for an unknown name."""
    known = [*EXTRA_CASES, *CASES]
    unknown = set(names) - {case.name for case in known}
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    return [case for case in known if case.name in names] if names else list(CASES)


def run_case(case: Case, stage: Stage) -> Result:
    bench: Bench = stage.bench
    bench.progress(f"{stage.database}: {case.title}")
    return case.run(case, stage)
