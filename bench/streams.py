"""The cases of live streams: a message to many of them, and the memory of those that have nothing to do."""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from bench.baseline import floor_target
from bench.case import Case, Result
from bench.fanout import STREAMS, Listeners, build_streaming_floor
from bench.load import Target
from bench.processes import Server
from bench.stage import Stage, free_port
from bench.statistics import Side, judge_value

MESSAGES_A_RUN = 15
MEMORY_PAIR_COUNT = 2


@contextmanager
def _both(stage: Stage) -> Iterator[dict[Side, tuple[Server, Target, Callable[[], Listeners]]]]:
    """Each side: the server, how a message is sent to it, and its streams, not yet open."""
    group_id = stage.group_id
    product = stage.running_product()
    target = product.post_target(group_id)
    with build_streaming_floor(
        stage.folder / "streaming-floor", port=free_port(), database=stage.floor_database
    ) as floor:
        headers = {"accessToken": product.access_token}
        yield {
            Side.BASELINE: (floor, floor_target(floor), lambda: Listeners(floor.port, "/events", {})),
            Side.SUBJECT: (
                product.server,
                target,
                lambda: Listeners(product.port, f"/v1/events?groupId={group_id}", headers),
            ),
        }


def run_stream_fanout(case: Case, stage: Stage) -> Result:
    """Both sides' streams stay open; one server has a message to send at a time."""
    numbers = itertools.count()
    with _both(stage) as sides:
        listeners = {side: make() for side, (_, _, make) in sides.items()}
        try:
            for each in listeners.values():
                each.open()

            def take(side: Side) -> float:
                target = sides[side][1]
                times = [listeners[side].time_message(target, next(numbers)) for _ in range(MESSAGES_A_RUN)]
                return statistics.median(times)

            taken = stage.bench.compare_values({side: partial(take, side) for side in sides})
        finally:
            for each in listeners.values():
                each.close()
    return case.result(stage, taken[Side.BASELINE], taken[Side.SUBJECT])


def run_stream_memory(case: Case, stage: Stage) -> Result:
    """What the process tree grows by, divided by the streams. Each take opens streams anew on servers that are warm."""
    bench = replace(stage.bench, plan=replace(stage.bench.plan, pair_count=MEMORY_PAIR_COUNT))
    taken: dict[Side, list[float]] = {side: [] for side in Side}
    for _ in range(MEMORY_PAIR_COUNT):
        stage.running_product().server.stop()
        with _both(stage) as sides:
            for side, (server, _, make) in sides.items():
                taken[side].append(_kilobytes_of_a_stream(server, make, bench.plan.idle_s))
                bench.progress(f"{side}: {taken[side][-1]:.1f} kB")
    result = case.result(stage, taken[Side.BASELINE], taken[Side.SUBJECT])
    assert case.limits is not None
    return replace(result, verdict=judge_value(result.comparison.subject, case.limits), judged="kB of RSS")


def _kilobytes_of_a_stream(server: Server, make: Callable[[], Listeners], idle_s: float) -> float:
    time.sleep(idle_s)
    before_mb = server.memory().rss_mb
    listeners = make()
    try:
        listeners.open()
        time.sleep(idle_s)
        return (server.memory().rss_mb - before_mb) * 1e3 / STREAMS
    finally:
        listeners.close()
