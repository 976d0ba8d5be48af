"""Writes, checks and measures for docs/operate/scale.md. The arithmetic is in scaling.py, the text in scale_page.py."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench.command import CACHE, print_progress, run_folder
from bench.load import choose_generator
from bench.machine import describe_machine
from bench.measure import QUICK, Bench
from bench.postgresql import open_postgresql
from bench.scale_page import build_page
from bench.scaling import read_costs
from bench.stage import Stage, open_stage

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "bench" / "results"
SIZES = RESULTS / "sizes.json"
PAGE = PROJECT / "docs" / "operate" / "scale.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/scale.py", description="Computes docs/operate/scale.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if the page is out of date")
    parser.add_argument("--measure", action="store_true", help="measure rows and calls first")
    flags = parser.parse_args()
    if flags.measure:
        SIZES.write_text(json.dumps(_measure(), indent=1, sort_keys=True) + "\n")
    page = build_page(read_costs(RESULTS, SIZES))
    if flags.check:
        if PAGE.read_text() == page:
            return 0
        print(f"{PAGE} is not what bench/results say; run bench/scale.py", file=sys.stderr)
        return 1
    PAGE.write_text(page)
    return 0


def _measure() -> dict[str, Any]:
    # Here, because it imports the product.
    from bench.row_sizes import measure_rows, measure_wire

    generator = choose_generator(CACHE)
    measured: dict[str, Any] = {}
    with run_folder() as folder, open_postgresql(folder / "postgresql-data") as server:
        measured["machine"] = describe_machine(folder) | {"PostgreSQL": server.version}
        bench = Bench(plan=QUICK, generator=generator, database_cpu_s=None, progress=print_progress)
        for name, database in (("SQLite", "sqlite"), ("PostgreSQL", server.create_database("chaupal_scale"))):
            stage = Stage(bench=bench, folder=folder / name, database=name, product_database=database)
            with open_stage(stage):
                measured["wire"] = measure_wire(stage)
                measured[name] = measure_rows(stage)
    return measured


if __name__ == "__main__":
    sys.exit(main())
