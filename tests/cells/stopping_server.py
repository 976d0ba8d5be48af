"""The server, which kills itself at named steps of a move, and is impatient otherwise.

Run as a script; the first argument names a file with the steps that are left, one a line: "before" or "after" and the
name of a rule that is written. At the first of them the process is gone, as by `kill -9`, and the step is crossed out.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

from chaupal import background
from chaupal.cells.beating import CellBeat
from chaupal.cli.main import main
from chaupal.moving import driving, runner
from chaupal.store.store import Store


def serve_to_the_next_stop() -> None:
    """What `chaupal` does, with the arguments after the first."""
    steps_left = Path(sys.argv.pop(1))
    write = Store.write

    def come_to(step: str) -> None:
        first, *others = steps_left.read_text().splitlines() or [""]
        if step == first:
            steps_left.write_text("\n".join(others))
            os.kill(os.getpid(), signal.SIGKILL)

    async def watched(store: Store, rule: Any, caller: Any, request: Any, **options: Any) -> Any:
        come_to(f"before {rule.__name__}")
        written = await write(store, rule, caller, request, **options)
        come_to(f"after {rule.__name__}")
        return written

    Store.write = watched  # type: ignore[method-assign]
    driving._PAUSE_S = driving.LOOK_EVERY_S = runner._POLL_S = 0.1
    driving.run_move = partial(driving.run_move, tries=sys.maxsize)  # however long the other one takes to start
    background.CellBeat = partial(CellBeat, every_s=0.2)  # type: ignore[misc,assignment]
    main()


if __name__ == "__main__":
    serve_to_the_next_stop()
