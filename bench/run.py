"""`python bench/run.py`: runs the benchmarks from any folder. The command itself is bench/command.py."""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of bench/ itself, whose statistics.py would stand before Python's own.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    runpy.run_module("bench.command", run_name="__main__")
