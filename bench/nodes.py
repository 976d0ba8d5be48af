"""The cases of limits and of several nodes: what counting calls costs, and what a second node on one database does."""

import contextlib
import threading
import time
from dataclasses import replace

from bench.case import Case, Result, result_of_cpu
from bench.load import LoadResult, RunRefused
from bench.measure import SETTLE_S, Measurement
from bench.product import Product
from bench.stage import Stage, free_port
from bench.statistics import Side, interleave
from bench.stored import all_stored

CONNECTIONS = 64
FOUND_AFTER_S = 6.0
"""Nodes look every five seconds whether others are there."""
NEVER_REACHED = "1000000000"
"""A limit that counts each call and refuses none; a refused one would be the cheaper."""


def run_throttling(case: Case, stage: Stage) -> Result:
    """Every call is counted against a connector's and an organization's limit, and its answer tells what is left."""
    group_id = stage.group_id
    plain = stage.running_product()
    limits = dict.fromkeys(("CHAUPAL_CONNECTOR_CALLS_PER_MIN", "CHAUPAL_TENANT_CALLS_PER_MIN"), NEVER_REACHED)
    limited = replace(plain, settings=limits, port=free_port())
    limited.installation, limited.access_token = plain.installation, plain.access_token
    taken: dict[Side, list[Measurement]] = {side: [] for side in Side}
    sides = {Side.BASELINE: plain, Side.SUBJECT: limited}
    plain.server.stop()
    for side in interleave(stage.bench.plan.pair_count):
        product = sides[side]
        with product.server:  # on SQLite one server at a time has the database
            target = product.post_target(group_id)
            product.check_target(target)
            stage.bench.generator.run(target, connections=CONNECTIONS, duration_s=stage.bench.plan.warm_s)
            taken[side].append(stage.bench.load(product.server, target, CONNECTIONS))
            stage.bench.progress(f"{side}: {taken[side][-1].cpu_us:.1f} us CPU/request")
    return result_of_cpu(case, stage, taken)


def run_two_nodes(case: Case, stage: Stage) -> Result:
    """All connections at one node that is alone, against half of them at each of two."""
    group_id = stage.group_id
    first = stage.running_product()
    second = first.beside(free_port(), CHAUPAL_ROLE="api")
    taken: dict[Side, list[Measurement]] = {side: [] for side in Side}
    everything: list[Measurement] = []
    warm_count = 0
    with contextlib.ExitStack() as ended, all_stored(first.store_address, "messages", everything):
        ended.callback(second.server.stop)
        for side in interleave(stage.bench.plan.pair_count):
            nodes = _nodes_of(side, first, second)
            if len(nodes) != warm_count:  # a new node's first calls cost more, and would be counted on one side alone
                everything.append(_load(stage, nodes, group_id, stage.bench.plan.warm_s))
                warm_count = len(nodes)
            measured = _load(stage, nodes, group_id, stage.bench.plan.run_s)
            taken[side].append(measured)
            everything.append(measured)
            stage.bench.progress(
                f"{side}: {measured.load.requests_per_s:.0f} requests/s, {measured.cpu_us:.1f} us CPU/request"
            )
    return result_of_cpu(case, stage, taken)


def _nodes_of(side: Side, first: Product, second: Product) -> list[Product]:
    """As many as the side has, once they have found out how many they are."""
    if (side is Side.SUBJECT) != second.server.is_running:
        if side is Side.SUBJECT:
            second.server.start()
        else:
            second.server.stop()
        time.sleep(FOUND_AFTER_S)
    return [first, second] if side is Side.SUBJECT else [first]


def _load(stage: Stage, nodes: list[Product], group_id: str, duration_s: float) -> Measurement:
    """The connections are spread evenly over the nodes; CPU is that of all of them."""
    cpu_before_s = sum(node.server.cpu_s() for node in nodes)
    database_before_s = stage.bench.database_cpu_s() if stage.bench.database_cpu_s else 0.0
    results: list[LoadResult] = []

    def load(node: Product) -> None:
        target, share = node.post_target(group_id), CONNECTIONS // len(nodes)
        results.append(stage.bench.generator.run(target, connections=share, duration_s=duration_s))

    threads = [threading.Thread(target=load, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(results) != len(nodes):
        raise RunRefused("a load ended early")
    time.sleep(SETTLE_S)
    requests = sum(result.requests for result in results)
    cpu_s = sum(node.server.cpu_s() for node in nodes) - cpu_before_s
    database_cpu_us = None
    if stage.bench.database_cpu_s:
        database_cpu_us = (stage.bench.database_cpu_s() - database_before_s) / requests * 1e6
    slowest = max(results, key=lambda result: result.p50_ms)
    together = replace(slowest, requests=requests)
    return Measurement(load=together, cpu_us=cpu_s / requests * 1e6, database_cpu_us=database_cpu_us)
