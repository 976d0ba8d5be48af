"""What a load is (a request repeated on some connections for some seconds), what it gives, and which program makes
it. A run in which any request failed is refused here, so no figure can come from one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

UNIQUE = "{unique}"
"""In a path: replaced by something new for every request."""

# A program that has not ended this long after its load should have is stopped.
OVERTIME_S = 20.0


class RunRefused(Exception):
    """A run that must not become a figure."""


class GeneratorMissing(Exception):
    """This program is not here and cannot be fetched."""


@dataclass(frozen=True)
class Target:
    """`port` is on 127.0.0.1: a load never leaves the machine."""

    port: int
    path: str
    method: str = "GET"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class LoadResult:
    """`refused` counts answers that are no success, `broken` connections that failed and requests that timed out."""

    requests: int
    duration_s: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int

    @property
    def requests_per_s(self) -> float:
        return self.requests / self.duration_s


class Generator(Protocol):
    @property
    def name(self) -> str:
        """With its version."""

    def run(self, target: Target, *, connections: int, duration_s: float) -> LoadResult:
        """Raises RunRefused if a single request failed."""


def choose_generator(cache: Path) -> Generator:
    """What has to be fetched goes into `cache` and is found there the next time."""
    from bench.load.autocannon import open_autocannon
    from bench.load.wrk import open_wrk

    reasons: list[str] = []
    for open_generator in (open_wrk, open_autocannon):
        try:
            return open_generator(cache)
        except GeneratorMissing as error:
            reasons.append(str(error))
    raise GeneratorMissing("no load generator: " + "; ".join(reasons))


def read_result(output: str) -> LoadResult:
    """Reads the line `RESULT {...}` that both programs' scripts print."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            fields: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
            return check_result(LoadResult(**fields))
    raise RunRefused(f"the load generator gave no result:\n{output[-2000:]}")


def check_result(result: LoadResult) -> LoadResult:
    if result.requests == 0:
        raise RunRefused("not one request was answered")
    if result.refused or result.broken:
        raise RunRefused(
            f"{result.refused} of {result.requests} answers were no success, "
            f"{result.broken} connections or requests broke"
        )
    return result
