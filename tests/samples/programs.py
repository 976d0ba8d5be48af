"""The samples' programs as processes, and a page of the tests' own that they fetch."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.outbound.receivers import HttpReceiver
from tests.samples.conftest import SAMPLES, Office

PATIENCE_S = 120


def begin(office: Office, name: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """A program that is running; its stdout and stderr in one."""
    return subprocess.Popen(
        [sys.executable, str(SAMPLES / "programs" / f"{name}.py"), *arguments],
        env=office.environment | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def running(office: Office, name: str, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The same, killed at the end of the block as by a machine that loses its power."""
    process = begin(office, name, *arguments, **variables)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """(exit code, what it printed) once it has ended."""
    with process:
        try:
            printed, _ = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, printed


def read_until(process: subprocess.Popen[str], part: str) -> str:
    """The line that has the part, when it is printed."""
    assert process.stdout is not None
    before = []
    for line in process.stdout:
        if part in line:
            return line
        before.append(line)
    raise AssertionError(f"it ended without {part!r}: {before}")


class Page(HttpReceiver):
    """Answers GET with `body`, `status` (or the next of `statuses`), and an ETag that is honoured."""

    etag = ""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []
        self._asked = 0
        self._change = threading.Condition()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        is_known = self.etag and request.headers.get("If-None-Match") == self.etag
        status = 304 if is_known else self.statuses.pop(0) if self.statuses else self.status
        body = b"" if is_known else self.body
        request.send_response(status)
        if self.etag:
            request.send_header("ETag", self.etag)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
        with self._change:
            self._asked += 1
            self._change.notify_all()

    def wait_until_asked(self, times: int) -> None:
        """So often from now on."""
        with self._change:
            wanted = self._asked + times
            assert self._change.wait_for(lambda: self._asked >= wanted, PATIENCE_S)
