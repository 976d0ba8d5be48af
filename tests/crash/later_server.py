"""The server at a later time: its clock is ahead, and its sweep comes at once and again and again.

Run as a script; the first argument names a file that says how many days it is ahead.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from chaupal import app, background
from chaupal.cli.main import main
from chaupal.jobs.sweeps import Sweeper
from chaupal.store.clock import wall_clock

DAY_US = 86_400_000_000


def serve_later() -> None:
    """What `chaupal` does, with the arguments after the first."""
    ahead_us = int(Path(sys.argv.pop(1)).read_text()) * DAY_US
    app.open_house = partial(app.open_house, clock=lambda: wall_clock() + ahead_us)
    background.Sweeper = partial(Sweeper, first_after_s=0.05, every_s=0.05)  # type: ignore[misc,assignment]
    main()


if __name__ == "__main__":
    serve_later()
