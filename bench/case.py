"""What a case is and what it gives: a title, a baseline, limits, and the figures of both sides made into one result."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.measure import Measurement
from bench.stage import Stage
from bench.statistics import Comparison, Limits, Side, Verdict, compare, judge_ratio


@dataclass(frozen=True)
class Result:
    """`comparison.ratio` is judged, unless the limits are absolute (then `judged` says in what)."""

    case: str
    database: str
    title: str
    baseline_name: str
    unit: str
    comparison: Comparison
    limits: Limits | None
    verdict: Verdict
    judged: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    baseline_name: str
    unit: str
    limits: Limits | None
    run: Callable[["Case", Stage], Result]
    only_on: str = ""
    """The one database that it can be measured on; "": on both."""

    def result(self, stage: Stage, baseline: Sequence[float], subject: Sequence[float], *notes: str) -> Result:
        comparison = compare(baseline, subject)
        return Result(
            case=self.name,
            database=stage.database,
            title=self.title,
            baseline_name=self.baseline_name,
            unit=self.unit,
            comparison=comparison,
            limits=self.limits,
            verdict=judge_ratio(comparison, self.limits),
            judged="ratio",
            notes=notes,
        )


def result_of_cpu(case: Case, stage: Stage, taken: dict[Side, list[Measurement]]) -> Result:
    return case.result(
        stage,
        [measurement.cpu_us for measurement in taken[Side.BASELINE]],
        [measurement.cpu_us for measurement in taken[Side.SUBJECT]],
        *describe_loads(taken),
    )


def result_of_p50(case: Case, stage: Stage, taken: dict[Side, list[Measurement]]) -> Result:
    return case.result(
        stage,
        [measurement.load.p50_ms for measurement in taken[Side.BASELINE]],
        [measurement.load.p50_ms for measurement in taken[Side.SUBJECT]],
        *describe_loads(taken),
    )


def describe_loads(taken: dict[Side, list[Measurement]]) -> list[str]:
    return [f"{side}: {_describe_load(measurements)}" for side, measurements in taken.items()]


def _describe_load(taken: Sequence[Measurement]) -> str:
    rate = statistics.median(measurement.load.requests_per_s for measurement in taken)
    p50_ms = statistics.median(measurement.load.p50_ms for measurement in taken)
    p99_ms = statistics.median(measurement.load.p99_ms for measurement in taken)
    cpu_us = statistics.median(measurement.cpu_us for measurement in taken)
    described = f"{rate:.0f} requests/s, p50 {p50_ms:.2f} ms, p99 {p99_ms:.2f} ms, CPU {cpu_us:.0f} us/request"
    database = [measurement.database_cpu_us for measurement in taken if measurement.database_cpu_us is not None]
    if database:
        described += f", PostgreSQL's own CPU {statistics.median(database):.0f} us/request"
    return described
