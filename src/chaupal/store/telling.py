"""When the other processes are told of commits: the one policy of every way that the word may take.

The first word goes at once, because somebody may be waiting for it; what is to be told while it is on its way, and a
little longer, goes together. So a busy process says as much as an idle one, and what hangs on the way holds up nobody:
whoever tells only adds to a set of tenants.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence, Set

TOLD_APART_S = 0.02
"""How long after one word the next one goes at the earliest."""


class Teller:
    """Tells by `send`, called with tenants' ids in a thread of its own. It may take its time, and must not raise."""

    def __init__(self, send: Callable[[Sequence[str]], None], *, apart_s: float = TOLD_APART_S) -> None:
        self._send = send
        self._apart_s = apart_s
        self._untold: set[str] = set()
        self._lock = threading.Lock()
        self._is_wanted = threading.Event()
        """There is something to tell, or the end has come."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-teller", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def tell(self, tenant_ids: Set[str]) -> None:
        """Something has happened in these tenants. Never waits."""
        with self._lock:
            is_first = not self._untold
            self._untold.update(tenant_ids)
        if is_first:
            self._is_wanted.set()

    def stop(self, *, timeout_s: float) -> None:
        """Tell what waits, and end. Harmless when repeated, or where it never began."""
        self._stopping.set()
        self._is_wanted.set()
        if self._thread.is_alive():
            self._thread.join(timeout=timeout_s)

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._is_wanted.wait()
            is_last = self._stopping.is_set()
            with self._lock:
                told, self._untold = self._untold, set()
                if not is_last:
                    self._is_wanted.clear()
            if told:
                self._send(sorted(told))
            self._stopping.wait(self._apart_s)
