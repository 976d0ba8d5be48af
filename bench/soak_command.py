"""The command behind bench/soak.py: a real server under a steady, mixed load, which then has to give account. Described
in bench/README.md.
"""

import argparse
import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.command import print_progress, run_folder, stop_on_signal
from bench.postgresql import open_postgresql
from bench.processes import ServerNotReady
from bench.product import Product, ProductRefused
from bench.soak_backlog import FEW, check_backlog, deliver_waiting
from bench.soak_crowd import check_crowd, make_crowd
from bench.soak_hooks import QUICK_SCHEDULE, Hooks, open_hooks
from bench.soak_import import check_import
from bench.soak_load import Client, check_history
from bench.stage import free_port

NOT_HELD = 1
RUN_FAILED = 2

GROUPS = 4
SAMPLE_S = 1.0
PROGRESS_S = 60.0

WARM_PART = 0.2
"""The part of the time after which memory is compared: caches fill first."""

MEMORY_GROWTH_MOST_MB = 30.0
DELIVERING_GROWTH_MOST_MB = 15.0
FILE_GROWTH_MOST_BYTES = 16_384
"""For each message: a row, its share of two indexes, an event, a stored answer, the deliveries to three webhooks of it
and of its changes, each with a try and its share of several indexes, and room in half-full pages."""

FILE_STEP_MB = 2.0
WAL_MOST_MB = 64.0


@dataclass(frozen=True)
class Sample:
    """What the server took at one moment."""

    at_s: float
    rss_mb: float
    delivering_mb: float
    file_mb: float
    wal_mb: float


def main(arguments: Sequence[str] | None = None) -> int:
    flags = _read_flags(arguments)
    stop_on_signal()
    try:
        with run_folder() as folder, _database(flags.database, folder) as database, open_hooks() as hooks:
            product = Product(folder=folder / "product", port=free_port(), database=database)
            product.server.command = [sys.executable, "-c", QUICK_SCHEDULE, "serve"]
            faults = _soak(product, hooks, flags)
    except (ServerNotReady, ProductRefused, TimeoutError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return RUN_FAILED
    for fault in faults[:20]:
        print(f"NOT HELD: {fault}")
    print(f"{len(faults)} faults" if faults else "all held")
    return NOT_HELD if faults else 0


def _read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/soak.py", description="Runs Chaupal under steady load.")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long; 10 if left out")
    parser.add_argument("--calls-per-s", type=float, default=100.0, help="of all clients together; 100 if left out")
    parser.add_argument("--clients", type=int, default=8, help="connections; 8 if left out")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument(
        "--members", type=int, default=300_000, help="of one group that is read as a whole; 300,000 if left out"
    )
    parser.add_argument(
        "--imported", type=int, default=1_000_000, help="messages of a past that are imported; 1,000,000 if left out"
    )
    parser.add_argument(
        "--waiting", type=int, default=1_000_000, help="deliveries that wait at the end; 1,000,000 if left out"
    )
    return parser.parse_args(arguments)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield "sqlite"
        return
    with open_postgresql(folder / "postgresql-data") as server:
        yield server.create_database("chaupal_soak")


def _soak(product: Product, hooks: Hooks, flags: argparse.Namespace) -> list[str]:
    """What did not hold."""
    product.prepare()
    try:
        product.server.start()
        product.sign_in()
        crowd_id = make_crowd(product, flags.members)
        faults = check_crowd(product, crowd_id, flags.members)
        faults += check_import(product, flags.imported)
        group_ids = [product.create_group(f"Soak {number}") for number in range(GROUPS)]
        hooks.register(product, group_ids, product.create_group("Quiet"))
        few_mb = deliver_waiting(product, hooks, min(FEW, flags.waiting))  # which also warms the process that delivers
        clients = _clients(product, group_ids, flags)
        samples = _load(product, clients, flags.minutes * 60)
        faults.extend(fault for client in clients for fault in client.faults)
        # The account is taken from a server that was stopped and started since: from what is on disk.
        product.server.stop()
        product.server.start()
        for group_id in group_ids:
            faults.extend(check_history(product, group_id, clients))
        faults += hooks.check(clients)
        faults += check_backlog(few_mb, deliver_waiting(product, hooks, flags.waiting), flags.waiting)
    finally:
        product.server.stop()
    messages = sum(len(sent) for client in clients for sent in client.sent.values())
    calls = sum(client.call_count for client in clients)
    print(f"{calls} calls, {messages} messages acknowledged, in {samples[-1].at_s - samples[0].at_s:.0f} s")
    return faults + check_growth(samples, messages)


def _clients(product: Product, group_ids: list[str], flags: argparse.Namespace) -> list[Client]:
    return [
        Client(
            product=product,
            name=f"client-{number}",
            group_ids=group_ids,
            interval_s=flags.clients / flags.calls_per_s,
            chance=random.Random(number),
        )
        for number in range(flags.clients)
    ]


def _load(product: Product, clients: list[Client], duration_s: float) -> list[Sample]:
    is_over = threading.Event()
    threads = [threading.Thread(target=client.run, args=(is_over,), daemon=True) for client in clients]
    samples = [_sample(product)]
    for thread in threads:
        thread.start()
    end_s = time.monotonic() + duration_s
    told_s = time.monotonic()
    while time.monotonic() < end_s and not is_over.wait(min(SAMPLE_S, max(0.01, end_s - time.monotonic()))):
        samples.append(_sample(product))
        if time.monotonic() - told_s >= PROGRESS_S:
            told_s = time.monotonic()
            last = samples[-1]
            calls = sum(client.call_count for client in clients)
            print_progress(
                f"{calls} calls; memory {last.rss_mb:.1f} MB, {last.delivering_mb:.1f} MB of it where webhooks are "
                f"called, file {last.file_mb:.1f} MB"
            )
    is_over.set()
    for thread in threads:
        thread.join()
    samples.append(_sample(product))
    return samples


def _sample(product: Product) -> Sample:
    """Sizes of files are 0 on PostgreSQL, which keeps them elsewhere."""
    path = product.folder / "data" / "chaupal.sqlite3"
    return Sample(
        at_s=time.monotonic(),
        rss_mb=product.server.memory().rss_mb,
        delivering_mb=product.delivering_mb(),
        file_mb=_size_mb(path),
        wal_mb=_size_mb(path.with_name(path.name + "-wal")),
    )


def _size_mb(path: Path) -> float:
    try:
        return path.stat().st_size / 1e6
    except FileNotFoundError:
        return 0.0


def check_growth(samples: Sequence[Sample], messages: int) -> list[str]:
    """Print how memory and files grew, and say which grew further than it may."""
    first, last = samples[0], samples[-1]
    warm = samples[int(len(samples) * WARM_PART)]
    memory_mb, file_mb = last.rss_mb - warm.rss_mb, last.file_mb - first.file_mb
    delivering_mb = last.delivering_mb - warm.delivering_mb
    wal_mb = max(sample.wal_mb for sample in samples)
    file_most_mb = FILE_STEP_MB + FILE_GROWTH_MOST_BYTES * messages / 1e6
    print(f"memory: {warm.rss_mb:.1f} MB when warm, {last.rss_mb:.1f} MB at the end, {memory_mb:+.1f} MB")
    print(f"of it where webhooks are called: {warm.delivering_mb:.1f} MB, at the end {last.delivering_mb:.1f} MB")
    per_message = f", {file_mb * 1e6 / messages:.0f} bytes a message" if messages else ""
    print(
        f"file: {first.file_mb:.1f} MB, {last.file_mb:.1f} MB at the end{per_message}; write-ahead log {wal_mb:.1f} MB"
    )
    checks = (
        (memory_mb, MEMORY_GROWTH_MOST_MB, "memory grew by"),
        (delivering_mb, DELIVERING_GROWTH_MOST_MB, "the process that delivers grew by"),
        (file_mb, file_most_mb, "the file grew by"),
        (wal_mb, WAL_MOST_MB, "the write-ahead log had"),
    )
    faults = [f"{what} {value:.1f} MB, at most {most:.1f} MB" for value, most, what in checks if value > most]
    return faults if messages else [*faults, "no message was acknowledged"]


if __name__ == "__main__":
    sys.exit(main())
