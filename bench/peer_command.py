"""The command behind bench/peers.py: sends messages to Synapse and to the product in turn and prints ours as a
multiple of theirs. Reported, not like for like: the two do different work for a message (bench/README.md, "The
peer").
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.case import Result
from bench.command import CACHE, RUN_FAILED, print_progress, run_folder, stop_on_signal
from bench.load import RunRefused, choose_generator
from bench.machine import describe_machine
from bench.measure import FULL, QUICK, Bench, Measurement
from bench.processes import ServerNotReady
from bench.product import ProductRefused
from bench.report import build_json, build_markdown
from bench.stage import Stage, free_port, open_stage
from bench.statistics import Limits, Side, compare, judge_ratio
from bench.synapse import VERSION, PeerRefused, Synapse

CONNECTIONS = (1, 16)
LIMITS = Limits(bar=20, goal=60, is_lower_bound=True)


def main(arguments: Sequence[str] | None = None) -> int:
    flags = _read_flags(arguments)
    stop_on_signal()
    try:
        results, facts = _run(flags.quick)
    except (RunRefused, ServerNotReady, ProductRefused, PeerRefused) as error:
        print(f"refused: {error}", file=sys.stderr)
        return RUN_FAILED
    table = build_markdown(results, facts)
    print(table, end="")
    if flags.markdown is not None:
        flags.markdown.write_text(table)
    if flags.json is not None:
        flags.json.write_text(build_json(results, facts))
    return 0


def _read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/peers.py", description="Measures Chaupal beside a Synapse.")
    parser.add_argument("--quick", action="store_true", help="3 short pairs: for development, not for a result")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table there")
    return parser.parse_args(arguments)


def _run(is_quick: bool) -> tuple[list[Result], dict[str, str]]:
    bench = Bench(
        plan=QUICK if is_quick else FULL,
        generator=choose_generator(CACHE),
        database_cpu_s=None,
        progress=print_progress,
    )
    with run_folder() as folder:
        facts = describe_machine(folder)
        facts["load generator"] = bench.generator.name
        facts["Synapse"] = f"{VERSION}, SQLite, rate limits off, no line logged per request"
        peer = Synapse(environment=CACHE / "synapse-venv", folder=folder / "synapse", port=free_port())
        bench.progress("preparing the peer")
        peer.prepare()
        with open_stage(Stage(bench=bench, folder=folder, database="SQLite")) as stage, peer.server:
            return _compare(bench, stage, peer), facts


def _compare(bench: Bench, stage: Stage, peer: Synapse) -> list[Result]:
    product = stage.running_product()
    target = product.post_target(stage.group_id)
    product.check_target(target)
    sides = {Side.BASELINE: (peer.server, peer.message_target()), Side.SUBJECT: (product.server, target)}
    results: list[Result] = []
    for connections in CONNECTIONS:
        bench.progress(f"messages at {connections} connections")
        taken = bench.compare_loads(sides, connections)
        results.append(_build_result(connections, taken[Side.BASELINE], taken[Side.SUBJECT]))
    return results


def _build_result(connections: int, theirs: Sequence[Measurement], ours: Sequence[Measurement]) -> Result:
    comparison = compare(
        [measurement.load.requests_per_s for measurement in theirs],
        [measurement.load.requests_per_s for measurement in ours],
    )
    notes = [
        f"{name}: p50 {statistics.median(measurement.load.p50_ms for measurement in taken):.2f} ms, "
        f"CPU {statistics.median(measurement.cpu_us for measurement in taken):.0f} us/request"
        for name, taken in (("Synapse", theirs), ("Chaupal", ours))
    ]
    return Result(
        case=f"peer-{connections}",
        database="SQLite",
        title=f"messages, {connections} {'connection' if connections == 1 else 'connections'}",
        baseline_name="Synapse",
        unit="requests/s",
        comparison=comparison,
        limits=LIMITS,
        verdict=judge_ratio(comparison, LIMITS),
        judged="ratio",
        notes=tuple(notes),
    )


if __name__ == "__main__":
    sys.exit(main())
