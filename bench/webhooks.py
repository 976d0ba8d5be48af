"""The cases of webhooks: how many deliveries a second, and how long one takes. The receiver is the same for both sides
(bench/receiving.py), a process that does as little as possible.
"""

import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.bare_sending import BODY
from bench.case import Case, Result
from bench.load import RunRefused
from bench.processes import Server, build_environment
from bench.product import Product
from bench.stage import Stage, free_port
from bench.statistics import Side

WEBHOOKS = 8
"""Each has one delivery on its way at a time, so this is the concurrency of both sides."""
EVENTS = 500
DELIVERIES = WEBHOOKS * EVENTS
MESSAGES_A_RUN = 15

_TIMEOUT_S = 120.0
_POLL_S = 0.01
_REST_S = 0.3
"""Between two messages whose delay is measured, so that nothing of the one before is still going on."""


@dataclass(frozen=True)
class Counting:
    """The receiver, asked what has come."""

    port: int
    addresses: int = 1

    def ask(self) -> tuple[int, float]:
        """(deliveries so far, when the last came)."""
        count, last_s = self._get("/count")
        return int(count), float(last_s)

    def _get(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read() or "null")
        finally:
            connection.close()

    def wait_for(self, count: int, *, patience_s: float = _TIMEOUT_S) -> float:
        """When the last of so many came."""
        give_up_s = time.monotonic() + patience_s
        while (asked := self.ask())[0] < count:
            if time.monotonic() > give_up_s:
                raise RunRefused(f"{asked[0]} of {count} deliveries after {patience_s:.0f} s")
            time.sleep(_POLL_S)
        return asked[1]

    def forget_delays(self) -> None:
        """What came until now is not asked for."""
        self._get("/delays")

    def take_delays(self, count: int) -> list[float]:
        """How long each of so many messages took that said when they were sent, seconds."""
        give_up_s = time.monotonic() + _TIMEOUT_S
        taken: list[float] = []
        while len(taken) < count:
            if time.monotonic() > give_up_s:
                raise RunRefused(f"{len(taken)} of {count} deliveries after {_TIMEOUT_S:.0f} s")
            taken += self._get("/delays")
            time.sleep(_POLL_S)
        return taken

    def let_die(self, count: int) -> None:
        """The first so many addresses never answer from now on."""
        self._get(f"/dead/{count}")


@contextmanager
def open_receiver(stage: Stage, *, addresses: int = 1) -> Iterator[Counting]:
    """A receiver that runs, on so many addresses of this machine."""
    port = free_port()
    server = Server(
        name="receiver",
        command=[sys.executable, "-m", "bench.receiving", str(port), str(addresses)],
        environment={"PYTHONPATH": "."},
        port=port,
        log_path=stage.folder / "receiver.log",
        ready_path="/count",
    )
    with server:
        yield Counting(port, addresses)


def register(product: Product, group_ids: Sequence[str], port: int, count: int, *, addresses: int = 1) -> list[str]:
    """So many webhooks on groups in turn, at the receiver's addresses in turn; their ids."""
    ids = []
    for number in range(count):
        body = {
            "objectId": group_ids[number % len(group_ids)],
            "objectType": "Group",
            "eventTypes": ["TextMessageCreated"],
            "callBackUrl": f"http://127.0.0.{1 + number % addresses}:{port}/{number}",
        }
        ids.append(str(product.call("POST", "/v1/webhook", json.dumps(body))["webhookId"]))
    return ids


def run_deliveries(case: Case, stage: Stage) -> Result:
    """What was delivered once is delivered again and again, by a replay of all of it to each webhook."""
    product = stage.running_product()
    group_id = product.create_group("Webhooks")
    with open_receiver(stage) as receiver:
        ids = register(product, [group_id], receiver.port, WEBHOOKS)
        target = product.post_target(group_id)
        events = [product.send(target) for _ in range(EVENTS)]
        receiver.wait_for(DELIVERIES)

        def deliver() -> float:
            before, _ = receiver.ask()
            began_s = time.monotonic()
            for webhook_id in ids:
                product.call("POST", f"/v1/webhook/{webhook_id}/replay", json.dumps({"eventIds": events}))
            return DELIVERIES / (receiver.wait_for(before + DELIVERIES) - began_s)

        def send_plainly() -> float:
            command = [sys.executable, "-m", "bench.bare_sending", *map(str, (receiver.port, DELIVERIES, WEBHOOKS))]
            environment = build_environment({"PYTHONPATH": "."})
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=120)
            return DELIVERIES / float(done.stdout)

        taken = stage.bench.compare_values({Side.BASELINE: send_plainly, Side.SUBJECT: deliver})
        for webhook_id in ids:
            product.call("DELETE", f"/v1/webhook/{webhook_id}")
    return case.result(stage, taken[Side.BASELINE], taken[Side.SUBJECT])


def run_delay(case: Case, stage: Stage) -> Result:
    """From the answer to a message to its arrival, against a POST to the receiver on an open connection."""
    product = stage.running_product()
    group_id = product.create_group("Webhook")
    with open_receiver(stage) as receiver:
        (webhook_id,) = register(product, [group_id], receiver.port, 1)
        target = product.post_target(group_id)

        def deliver() -> float:
            delays = []
            for _ in range(MESSAGES_A_RUN):
                time.sleep(_REST_S)
                before, _ = receiver.ask()
                product.send(target)
                answered_s = time.monotonic()
                delays.append(max(0.0, receiver.wait_for(before + 1) - answered_s) * 1e3)
            return statistics.median(delays)

        taken = stage.bench.compare_values({Side.BASELINE: lambda: _round_trip_ms(receiver), Side.SUBJECT: deliver})
        product.call("DELETE", f"/v1/webhook/{webhook_id}")
    return case.result(stage, taken[Side.BASELINE], taken[Side.SUBJECT])


def _round_trip_ms(receiver: Counting) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=30)
    times = []
    for _ in range(MESSAGES_A_RUN):
        time.sleep(_REST_S)
        began_s = time.monotonic()
        connection.request("POST", "/", BODY)
        connection.getresponse().read()
        times.append((time.monotonic() - began_s) * 1e3)
    connection.close()
    return statistics.median(times)
