"""The command behind bench/run.py: reads its flags, sets the stage for each database, runs the cases, prints the
table. Described in bench/README.md.
"""

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from bench.case import Case, Result
from bench.cases import CASES, EXTRA_CASES, find_cases, run_case
from bench.load import Generator, RunRefused, choose_generator
from bench.machine import describe_machine
from bench.measure import FULL, QUICK, Bench, Plan
from bench.postgresql import PostgreSQL, open_postgresql
from bench.processes import ServerNotReady
from bench.product import ProductRefused
from bench.report import build_json, build_markdown, describe_limits
from bench.stage import Stage, open_stage
from bench.statistics import Verdict

CACHE = Path(__file__).resolve().parent / ".cache"

BAR_MISSED = 1
RUN_FAILED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    flags = _read_flags(arguments)
    stop_on_signal()
    try:
        cases = find_cases(flags.only)
    except KeyError as error:
        print(f"no such case: {error.args[0]}; --list names them", file=sys.stderr)
        return RUN_FAILED
    if flags.list:
        for case in (*EXTRA_CASES, *CASES):
            print(f"{case.name:12} {case.title}, against {case.baseline_name}: {describe_limits(case.limits)}")
        return 0
    results: list[Result] = []
    facts: dict[str, str] = {}
    refusal = ""
    try:
        _run(cases, QUICK if flags.quick else FULL, flags.database, results, facts)
    except (RunRefused, ServerNotReady, ProductRefused) as error:
        refusal = str(error)
    if results:
        _write(results, facts, flags)
    if refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return RUN_FAILED
    return BAR_MISSED if any(result.verdict is Verdict.BAR_MISSED for result in results) else 0


def _read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.py", description="Measures Chaupal against its baseline.")
    parser.add_argument("--only", action="append", default=[], metavar="CASE", help="this case alone; may be repeated")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--quick", action="store_true", help="3 short pairs: for development, not for a result")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table there")
    return parser.parse_args(arguments)


def _run(cases: Sequence[Case], plan: Plan, database: str, results: list[Result], facts: dict[str, str]) -> None:
    """Adds to `results` and `facts` as it goes, so that a refused run does not take with it what came before."""
    generator = choose_generator(CACHE)
    with run_folder() as folder:
        facts |= describe_machine(folder)
        facts["load generator"] = generator.name
        facts["plan"] = (
            f"{plan.pair_count} pairs of runs, A B B A ..., {plan.run_s:g} s each after {plan.warm_s:g} s of warm-up"
        )
        if database != "postgresql":
            bench = Bench(plan=plan, generator=generator, database_cpu_s=None, progress=print_progress)
            with open_stage(Stage(bench=bench, folder=folder / "sqlite", database="SQLite")) as stage:
                _run_cases(cases, stage, results)
        if database != "sqlite":
            with open_postgresql(folder / "postgresql-data") as server:
                facts["PostgreSQL"] = server.version
                with open_stage(_postgresql_stage(server, plan, generator, folder)) as stage:
                    _run_cases(cases, stage, results)


def _run_cases(cases: Sequence[Case], stage: Stage, results: list[Result]) -> None:
    for case in cases:
        if case.only_on in ("", stage.database):
            results.append(run_case(case, stage))


def _postgresql_stage(server: PostgreSQL, plan: Plan, generator: Generator, folder: Path) -> Stage:
    cpu_s = server.cpu_s if server.process_id is not None else None
    return Stage(
        bench=Bench(plan=plan, generator=generator, database_cpu_s=cpu_s, progress=print_progress),
        folder=folder / "postgresql",
        database="PostgreSQL",
        floor_database=server.create_database("chaupal_bench_floor"),
        product_database=server.create_database("chaupal_bench"),
        create_database=server.create_database,
    )


def _write(results: Sequence[Result], facts: dict[str, str], flags: argparse.Namespace) -> None:
    table = build_markdown(results, facts)
    print(table, end="")
    if flags.markdown is not None:
        flags.markdown.write_text(table)
    if flags.json is not None:
        flags.json.write_text(build_json(results, facts))


@contextmanager
def run_folder() -> Iterator[Path]:
    """For the data of one run, gone afterwards. Beside the code, not in the system's temporary folder: that is often
    in memory."""
    CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)


def stop_on_signal() -> None:
    """A terminated benchmark still stops its servers: SIGTERM becomes an exception that passes through every
    `finally`."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)


def print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
