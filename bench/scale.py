"""`python bench/scale.py`: computes docs/operate/scale.md from measured costs.

python bench/scale.py            # writes the page from bench/results
python bench/scale.py --check    # ends with 1 if the page is not what the results say
python bench/scale.py --measure  # fills both databases, and writes bench/results/sizes.json first: some 5 minutes
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of bench/ itself, whose statistics.py would stand before Python's own.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    runpy.run_module("bench.scale_command", run_name="__main__")
