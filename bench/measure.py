"""One measured run (a load on a server, with what it cost that server) and a series of them, interleaved. It knows
neither the floor nor the product. Described in bench/README.md, "The statistics".
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.load import Generator, LoadResult, Target
from bench.processes import Server
from bench.statistics import Side, interleave

# What a server still does for requests it has answered belongs to them, so its CPU is read this long after the load.
SETTLE_S = 0.3

CpuReader = Callable[[], float]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    pair_count: int
    run_s: float
    warm_s: float
    idle_s: float


FULL = Plan(pair_count=9, run_s=4, warm_s=2, idle_s=3)
QUICK = Plan(pair_count=3, run_s=2, warm_s=1, idle_s=1)


@dataclass(frozen=True)
class Measurement:
    """CPU is microseconds per request; the database server's own is None where there is none, or it is not ours to
    look at."""

    load: LoadResult
    cpu_us: float
    database_cpu_us: float | None


@dataclass(frozen=True)
class Bench:
    """What every case needs to run."""

    plan: Plan
    generator: Generator
    database_cpu_s: CpuReader | None
    progress: Progress

    def load(self, server: Server, target: Target, connections: int) -> Measurement:
        cpu_before_s = server.cpu_s()
        database_before_s = self.database_cpu_s() if self.database_cpu_s else 0.0
        result = self.generator.run(target, connections=connections, duration_s=self.plan.run_s)
        time.sleep(SETTLE_S)
        cpu_s = server.cpu_s() - cpu_before_s
        database_cpu_us = None
        if self.database_cpu_s:
            database_cpu_us = (self.database_cpu_s() - database_before_s) / result.requests * 1e6
        return Measurement(load=result, cpu_us=cpu_s / result.requests * 1e6, database_cpu_us=database_cpu_us)

    def compare_loads(
        self, sides: Mapping[Side, tuple[Server, Target]], connections: int
    ) -> dict[Side, list[Measurement]]:
        """Warms both sides, then runs them A B B A ...; each list is in the order of its runs."""
        for server, target in sides.values():
            assert server.is_running
            self.generator.run(target, connections=connections, duration_s=self.plan.warm_s)
        taken: dict[Side, list[Measurement]] = {side: [] for side in Side}
        for side in interleave(self.plan.pair_count):
            measurement = self.load(*sides[side], connections)
            taken[side].append(measurement)
            self.progress(
                f"{side}: {measurement.load.requests_per_s:.0f} requests/s, p50 {measurement.load.p50_ms:.3f} ms, "
                f"{measurement.cpu_us:.1f} us CPU/request"
            )
        return taken

    def compare_values(self, take: Mapping[Side, Callable[[], float]]) -> dict[Side, list[float]]:
        """The same order for a figure that is no load; the first of each side is taken twice and thrown away once, as
        the warm-up."""
        for take_value in take.values():
            take_value()
        taken: dict[Side, list[float]] = {side: [] for side in Side}
        for side in interleave(self.plan.pair_count):
            taken[side].append(take[side]())
            self.progress(f"{side}: {taken[side][-1]:.3f}")
        return taken
