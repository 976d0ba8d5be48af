"""`python bench/soak.py`: steady load for a long while, from any folder. The command is bench/soak_command.py."""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of bench/ itself, whose statistics.py would stand before Python's own.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    runpy.run_module("bench.soak_command", run_name="__main__")
