"""Runs commands of this project in forks of one process that has loaded the project already.

A new Python needs most of a second to load what a command needs, and the tests run hundreds of commands. Each fork has
the order's environment, folder and files, and ends as the command ends. Run as a script it is the process itself: one
JSON order a line on its input, one exit code a line on its output; it ends with its input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class WarmCommands:
    """One warm process. Thread-safe; runs one command at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        # -P: the files beside this one are named like what they start, and must not be taken for it.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, arguments: Sequence[str], *, environment: Mapping[str, str], cwd: Path) -> tuple[int, str, str]:
        """(exit code, stdout, stderr) of `chaupal` with these arguments, with nothing to read on its stdin."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn, tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            order = {
                "arguments": list(arguments),
                "environment": dict(environment),
                "cwd": str(cwd),
                "out": str(out),
                "err": str(err),
            }
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return code, out.read_text(), err.read_text()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve_orders() -> None:
    """The warm process."""
    load()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            become(order)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def load() -> None:
    """Everything that a command may need; none of it starts a thread."""
    import phonenumbers  # noqa: F401

    import chaupal.app
    import chaupal.cli.commands
    import chaupal.cli.main
    import chaupal.control.operations
    import chaupal.store.postgres
    import chaupal.store.sqlite  # noqa: F401
    import chaupal_client.models  # noqa: F401


def become(order: dict[str, Any]) -> None:
    """Run one command in this fork, which ends with it."""
    from chaupal.cli.main import main

    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for fd, path, mode in ((0, os.devnull, os.O_RDONLY), (1, order["out"], flags), (2, order["err"], flags)):
        os.dup2(os.open(path, mode, 0o600), fd)
    # The old ones may hold what was read ahead of the next order.
    sys.stdin, sys.stdout, sys.stderr = (
        open(fd, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - open file descriptors
        for fd, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    sys.argv = [str(Path(sys.executable).with_name("chaupal")), *order["arguments"]]
    code: object = 1
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter itself does at the end of a program
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(bool(code)))


if __name__ == "__main__":
    serve_orders()
