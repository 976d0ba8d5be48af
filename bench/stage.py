"""The servers of one database: floor and product side by side, started when a case needs them and stopped at the end.
The cases play on it.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bench.baseline import build_floor
from bench.measure import Bench
from bench.processes import Server
from bench.product import Product

if TYPE_CHECKING:
    from bench.moving import Moves
    from bench.seed import Step


@dataclass
class Stage:
    """`floor_database` and `product_database` are `sqlite` or the address of an empty PostgreSQL database."""

    bench: Bench
    folder: Path
    database: str
    floor_database: str = "sqlite"
    product_database: str = "sqlite"
    create_database: Callable[[str], str] | None = None
    """Makes one more empty PostgreSQL database of this name; its address."""
    _started: list[Server] = field(default_factory=list, init=False)
    _taken_numbers: int = field(default=0, init=False)

    @cached_property
    def floor(self) -> Server:
        return build_floor(self.folder / "floor", port=free_port(), database=self.floor_database)

    @cached_property
    def product(self) -> Product:
        """Prepared, not started."""
        self.bench.progress("preparing the product")
        product = Product(folder=self.folder / "product", port=free_port(), database=self.product_database)
        product.prepare()
        return product

    @cached_property
    def group_id(self) -> str:
        """A group with nobody in it but the admin."""
        self.running_product()
        return self.product.create_group("Bench")

    @cached_property
    def moves(self) -> "Moves":
        """Taken once, for all cases that tell something of them."""
        from bench.moving import measure_moves

        self.bench.progress("moving an organization to and fro")
        return measure_moves(self)

    def further_database(self, name: str) -> str:
        """The address of an empty database; this stage's own two are not touched."""
        return self.create_database(f"chaupal_bench_{name}") if self.create_database else "sqlite"

    def take_numbers(self, count: int) -> int:
        """The first of so many numbers that no other case of this stage has, to tell people apart."""
        first = self._taken_numbers
        self._taken_numbers += count
        return first

    def seed(self, steps: Iterable["Step"]) -> None:
        """Writes large data into the product while it is stopped; it runs again afterwards."""
        # Here, because it imports the product, which the other cases only start.
        from bench.seed import run_steps

        self.running_product().server.stop()
        started = time.perf_counter()
        run_steps(self.product, steps)
        self.bench.progress(f"seeded in {time.perf_counter() - started:.0f} s")
        self.running_product()

    def running_floor(self) -> Server:
        return self._run(self.floor)

    def running_product(self) -> Product:
        if not self.product.server.is_running:
            self._run(self.product.server)
            self.product.sign_in()
        return self.product

    def stop(self) -> None:
        with contextlib.ExitStack() as stack:
            for server in self._started:
                stack.callback(server.stop)
        self._started.clear()

    def _run(self, server: Server) -> Server:
        if not server.is_running:
            self._started.append(server)
            server.start()
        return server


@contextmanager
def open_stage(stage: Stage) -> Iterator[Stage]:
    try:
        yield stage
    finally:
        stage.stop()


def free_port() -> int:
    """Free now; nobody else on 127.0.0.1 is likely to take it before its server does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
