"""Callers through a proxy, and a webhook, which go on while the servers behind them are replaced one after another."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.api.hooks import HookReceiver
from tests.crash.posting import Place
from tests.crash.test_media_uploads import wait_until
from tests.crash.test_webhooks_killed import register
from tests.installations import Installation
from tests.parts.balancing_proxy import BalancingProxy

DRAIN_S = 300
"""Longer than any test waits for it: a second signal ends it, when every caller has left."""


@dataclass
class Caller:
    """Posts and reads through the proxy, with no key that would make trying again harmless, until it is told to end."""

    proxy_port: int
    place: Place
    keeps_alive: bool
    """On one connection for as long as the server lets it, or on a connection for each call."""
    posted: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    call_count: int = 0
    sent_away_count: int = 0
    """How often a server has ended a connection that would have been kept."""

    def run(self, is_over: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy_port, timeout=60)
        while not is_over.is_set():
            text = str(uuid.uuid4())
            if self._call(connection, "POST", self.place.path, f'{{"message": "{text}"}}'):
                self.posted.append(text)
            self._call(connection, "GET", f"{self.place.path}?count=5", None)
        connection.close()

    def _call(self, connection: http.client.HTTPConnection, method: str, path: str, body: str | None) -> bool:
        headers = self.place.headers | ({} if self.keeps_alive else {"Connection": "close"})
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"{method}: {error!r}")
            connection.close()
            return False
        self.call_count += 1
        self.sent_away_count += self.keeps_alive and answer.getheader("connection") == "close"
        if answer.status != 200:
            self.failures.append(f"{method}: {answer.status} {said!r}")
        return answer.status == 200


@dataclass
class Told:
    """A webhook on a group of its own, in which the test says something now and then."""

    place: Place
    receiver: HookReceiver
    said: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        status, answer = self.place.post(text)
        assert status == 200, answer
        self.said.append(text)

    def wait_for_all(self) -> None:
        """Return when all that was said has been told, each at least once."""
        with self.receiver.came:
            assert self.receiver.came.wait_for(lambda: self._heard >= set(self.said), timeout=120), self._heard
        assert self._heard == set(self.said)

    @property
    def _heard(self) -> set[str]:
        return {body["data"]["text"] for body in self.receiver.bodies}


@dataclass
class Life:
    """What goes on while servers are replaced."""

    proxy: BalancingProxy
    callers: list[Caller]
    told: Told

    def replace_each(self, servers: Sequence[Installation], start_again: Callable[[Installation], None]) -> None:
        """Stop each and start it again, one after another, while the others answer every caller."""
        for server in servers:
            is_worker = server.settings.get("CHAUPAL_ROLE") == "worker"
            if not is_worker:
                self._send_away(server)
            server.stop()
            self.told.say(f"while {server.port} is away")
            self.wait_for_calls()
            start_again(server)
            if not is_worker:
                self.proxy.wait_until_ready(server.port)
            self.told.say(f"when {server.port} is back")

    def wait_for_calls(self) -> None:
        """Return when every caller has made three more calls: one that had begun before, one that could be the last
        on a connection, and one on a connection that has been made since."""
        before = [caller.call_count for caller in self.callers]
        wait_until(lambda: all(caller.call_count >= was + 3 for caller, was in zip(self.callers, before, strict=True)))

    def check(self) -> None:
        """Every call has succeeded, what was posted is there, once, and all was told."""
        assert [failure for caller in self.callers for failure in caller.failures] == []
        # Whoever was not with the first server that was stopped was with the last.
        assert all(caller.sent_away_count for caller in self.callers if caller.keeps_alive)
        self.told.wait_for_all()
        place = self.callers[0].place
        posted = {text for caller in self.callers for text in caller.posted}
        assert len(posted) > 20
        assert Counter(text for text in place.texts() if text in posted) == Counter(posted)

    def _send_away(self, server: Installation) -> None:
        """The signal to stop, after which the server ends each connection with its next answer."""
        assert server.server is not None
        os.kill(server.server.pid, signal.SIGTERM)
        self.proxy.wait_until_ready(server.port, is_ready=False)
        self.wait_for_calls()


@contextmanager
def going_on(servers: Sequence[Installation], place: Place) -> Iterator[Life]:
    """Three callers through a proxy before the servers that answer calls, and a webhook, until the block ends; then all
    is checked. `place` is where they call; the servers are gone afterwards."""
    status, other = place.installation.call("POST", "/v1/groups", place.headers, {"name": "Told"})
    assert status == 200, other
    ports = [server.port for server in servers if server.settings.get("CHAUPAL_ROLE") != "worker"]
    try:
        with HookReceiver() as receiver, BalancingProxy(ports) as proxy:
            by_proxy = replace(place, installation=replace(place.installation, port=proxy.port))
            told = Told(replace(by_proxy, group_id=other["groupId"]), receiver)
            register(told.place, receiver, told.place.group_id)
            callers = [Caller(proxy.port, by_proxy, keeps_alive=keeps_alive) for keeps_alive in (True, True, False)]
            life = Life(proxy, callers, told)
            with calling(callers):
                yield life
            life.check()
    finally:
        for server in servers:
            if server.is_ready():
                server.kill()  # a stop would wait for the end of its draining


@contextmanager
def calling(callers: Sequence[Caller]) -> Iterator[None]:
    """They call until the block ends."""
    is_over = threading.Event()
    threads = [threading.Thread(target=caller.run, args=(is_over,)) for caller in callers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
