"""The cases of webhooks under load: what posting messages pays for them, and what the healthy pay for the dead."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from bench.case import Case, Result
from bench.load import RunRefused, Target
from bench.processes import build_environment
from bench.product import Product
from bench.stage import Stage
from bench.statistics import Side
from bench.webhooks import Counting, open_receiver, register

HOOKS = 10
"""On the group that is posted to."""

_FLOOD_PER_S = 2_000
_FLOOD_S = 0.5
_BACKLOG_S = 2.0
"""What is not delivered so long after the last message was answered is a backlog that grows."""

RECEIVERS = 200
DEAD = RECEIVERS // 10
_GROUPS = RECEIVERS // HOOKS
"""Of ten webhooks each, one of them dead: a message to all receivers at once would say how long two hundred deliveries
take one after another, and of few such messages the slowest alone would be the highest hundredth."""

_MESSAGES_PER_S = 20
"""To ten receivers each, so 200 deliveries a second: a tenth of what one machine takes, and less."""

_RUN_TIMES = 5
"""As long as other runs: 400 messages, of which the slowest four or so decide, not one of them."""


def run_post_p95(case: Case, stage: Stage) -> Result:
    """The highest rate is that at which a burst of messages reaches ten webhooks; half of it is posted at a steady
    pace, with and without them. A run whose backlog grows is refused."""
    product = stage.running_product()
    group_id = product.create_group("Posting")
    target = product.post_target(group_id)
    with open_receiver(stage) as receiver:
        with _webhooks(product, [group_id], receiver, HOOKS):
            pace_per_s = _highest_rate(target, receiver) / 2
        stage.bench.progress(f"half the highest rate: {pace_per_s:.0f} messages a second")
        run_s = stage.bench.plan.run_s

        def post() -> float:
            return _post(target, pace_per_s, run_s)[1]

        def post_with_webhooks() -> float:
            with _webhooks(product, [group_id], receiver, HOOKS):
                before, _ = receiver.ask()
                count, p95_ms = _post(target, pace_per_s, run_s)
                receiver.wait_for(before + HOOKS * count, patience_s=_BACKLOG_S)
                return p95_ms

        taken = stage.bench.compare_values({Side.BASELINE: post, Side.SUBJECT: post_with_webhooks})
    return case.result(stage, taken[Side.BASELINE], taken[Side.SUBJECT], f"{pace_per_s:.0f} messages a second")


def run_dead(case: Case, stage: Stage) -> Result:
    """Each receiver has an address of its own, as the limit of calls to one host must not be what is measured. The dead
    take connections and never answer."""
    product = stage.running_product()
    group_ids = [product.create_group(f"Ten webhooks {number}") for number in range(_GROUPS)]
    targets = [product.post_target(group_id) for group_id in group_ids]
    count = round(stage.bench.plan.run_s * _RUN_TIMES * _MESSAGES_PER_S)
    with open_receiver(stage, addresses=RECEIVERS) as receiver:

        def deliver(dead: int) -> float:
            with _webhooks(product, group_ids, receiver, RECEIVERS, dead=dead):
                # Those that the dead of the run before let go of have come again, to receivers that were alive by then.
                receiver.forget_delays()
                # The first messages find out who is dead; what the others then have to wait is measured.
                for target in targets:
                    product.send(_stamped(target))
                receiver.take_delays(RECEIVERS - dead)
                began_s = time.monotonic()
                for number in range(count):
                    time.sleep(max(0.0, began_s + number / _MESSAGES_PER_S - time.monotonic()))
                    product.send(_stamped(targets[number % _GROUPS]))
                delays_s = sorted(receiver.take_delays((RECEIVERS - dead) * count // _GROUPS))
                return delays_s[int(len(delays_s) * 0.99)] * 1e3

        sides = {Side.BASELINE: lambda: deliver(0), Side.SUBJECT: lambda: deliver(DEAD)}
        taken = stage.bench.compare_values(sides)
    return case.result(stage, taken[Side.BASELINE], taken[Side.SUBJECT])


@contextmanager
def _webhooks(
    product: Product, group_ids: Sequence[str], receiver: Counting, count: int, *, dead: int = 0
) -> Iterator[None]:
    """So many webhooks on the groups in turn, the first of them dead from now on; none of them afterwards."""
    ids = register(product, group_ids, receiver.port, count, addresses=receiver.addresses)
    receiver.let_die(dead)
    try:
        yield
    finally:
        receiver.let_die(0)  # and let go of those who have waited for an answer
        for webhook_id in ids:
            product.call("DELETE", f"/v1/webhook/{webhook_id}")


def _highest_rate(target: Target, receiver: Counting) -> float:
    before, _ = receiver.ask()
    began_s = time.monotonic()
    count, _ = _post(target, _FLOOD_PER_S, _FLOOD_S)
    return count / (receiver.wait_for(before + HOOKS * count) - began_s)


def _post(target: Target, per_s: float, seconds: float) -> tuple[int, float]:
    """(messages, p95 of their answers in milliseconds)."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.paced", str(per_s), str(seconds)],
        check=False,
        input=json.dumps(asdict(target)),
        capture_output=True,
        text=True,
        env=build_environment({"PYTHONPATH": "."}),
        timeout=seconds + 60,
    )
    if done.returncode:
        raise RunRefused(f"posting at a steady rate ended with {done.returncode}: {done.stderr[-500:]}")
    count, _, p95_ms, _ = json.loads(done.stdout)
    return int(count), float(p95_ms)


def _stamped(target: Target) -> Target:
    """A message that says when it was sent, in seconds that all processes of a machine share."""
    body = json.dumps({"message": f"sent at {time.monotonic():.6f} s"})
    return Target(port=target.port, path=target.path, method=target.method, body=body, headers=target.headers)
