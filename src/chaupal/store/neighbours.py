"""How the processes on one PostgreSQL database wake each other after a commit, by LISTEN and NOTIFY.

A signal says no more than "look into the log of these tenants"; losing one costs whoever waits for it a poll. Nothing
is sent while nobody else listens, and what is sent is gathered (`store.telling.Teller`) and sent beside the commits, on
a connection of its own, so that no commit waits for it: NOTIFY takes a lock of the whole server until its transaction
ends.

Whoever listens holds an advisory lock, shared, by which the others find out that there is somebody.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence, Set
from contextlib import suppress

import psycopg
import structlog

from chaupal.store.clock import new_id
from chaupal.store.telling import Teller

LOOK_S = 5.0
"""How often each process looks whether others listen."""

_WAIT_S = 0.5
"""How long a stop may take to be noticed."""
_AGAIN_AFTER_S = 5.0
_CONNECT_TIMEOUT_S = 5
_CHANNEL = "chaupal_events"
_LOCK = (0x63686175, 0x70616C01)
"""The key of the advisory lock: two numbers that nobody else will think of."""
_TENANTS_AT_ONCE = 100
"""A payload is at most 8,000 bytes."""

log = structlog.get_logger("store.neighbours")


class Neighbours:
    """The other processes on the database at `url`. `on_signal` is called in a thread of its own, with tenants' ids."""

    def __init__(self, url: str, on_signal: Callable[[Set[str]], None]) -> None:
        self._url = url
        self._on_signal = on_signal
        self._name = new_id()
        self._has_listeners = False
        self._is_listening = False
        self._teller = Teller(self._tell)
        self._telling: psycopg.Connection | None = None
        self._stopping = threading.Event()
        self._listener = threading.Thread(target=self._listen_on, name="store-listener", daemon=True)

    def start(self) -> None:
        """Listen, and look who else does. Returns at once: the database need not be there yet."""
        self._listener.start()
        self._teller.start()

    def stop(self) -> None:
        """End; within a second, if the database answers. Harmless when repeated."""
        self._stopping.set()
        patience_s = 2 * _WAIT_S + _CONNECT_TIMEOUT_S
        self._teller.stop(timeout_s=patience_s)
        _close(self._telling)
        if self._listener.is_alive():
            self._listener.join(timeout=patience_s)

    @property
    def has_listeners(self) -> bool:
        """Whether another process listened when this one last looked."""
        return self._has_listeners

    @property
    def is_connected(self) -> bool:
        """Whether this process can be woken by the others now."""
        return self._is_listening

    def tell(self, tenant_ids: Set[str]) -> None:
        """Something has happened in these tenants. Costs nothing while nobody else listens."""
        if self._has_listeners:
            self._teller.tell(tenant_ids)

    def _listen_on(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._connect() as connection:
                    self._listen(connection)
            except psycopg.Error as error:
                self._is_listening = False
                log.warning("cannot listen to other servers", cause=str(error))
                self._stopping.wait(_AGAIN_AFTER_S)

    def _listen(self, connection: psycopg.Connection) -> None:
        connection.execute(f"LISTEN {_CHANNEL}")
        connection.execute("SELECT pg_advisory_lock_shared(%s, %s)", _LOCK)
        self._is_listening = True
        rounds = round(LOOK_S / _WAIT_S)
        while not self._stopping.is_set():
            self._has_listeners = _others_listen(connection)
            for _ in range(rounds):
                for signal in connection.notifies(timeout=_WAIT_S):
                    self._hear(signal.payload)
                if self._stopping.is_set():
                    return

    def _hear(self, payload: str) -> None:
        sender, *tenant_ids = json.loads(payload)
        if sender != self._name:
            self._on_signal(frozenset(tenant_ids))

    def _tell(self, tenant_ids: Sequence[str]) -> None:
        try:
            self._telling = self._telling or self._connect()
            for start in range(0, len(tenant_ids), _TENANTS_AT_ONCE):
                payload = json.dumps([self._name, *tenant_ids[start : start + _TENANTS_AT_ONCE]])
                self._telling.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, payload))
        except psycopg.Error as error:
            log.warning("cannot wake other servers", cause=str(error))
            _close(self._telling)
            self._telling = None

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            self._url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, application_name="chaupal"
        )


def _others_listen(connection: psycopg.Connection) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s AND objid::bigint = %s"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND granted AND pid <> pg_backend_pid() LIMIT 1",
        _LOCK,
    ).fetchone()
    return found is not None


def _close(connection: psycopg.Connection | None) -> None:
    if connection is not None:
        with suppress(psycopg.Error):
            connection.close()
