"""The cases of the Python client: what it costs a program beside bare httpx. A program of its own is measured, because
the client's CPU is the question, not the server's.
"""

import os
import subprocess
import sys
from functools import partial

from bench.case import Case, Result
from bench.load import RunRefused
from bench.stage import Stage
from bench.statistics import Side

POSTS_A_RUN = 2_000
TIMEOUT_S = 300


def run_sdk_post(case: Case, stage: Stage) -> Result:
    """The server is the same for both; who posts is another process each time."""
    product, group_id = stage.running_product(), stage.group_id

    def take(kind: str) -> float:
        return _seconds(
            sys.executable,
            "-m",
            "bench.client_posting",
            kind,
            f"http://127.0.0.1:{product.port}",
            product.access_token,
            group_id,
            str(POSTS_A_RUN),
        )

    taken = stage.bench.compare_values({Side.BASELINE: partial(take, "bare"), Side.SUBJECT: partial(take, "client")})
    per_post = {side: [seconds / POSTS_A_RUN * 1e6 for seconds in values] for side, values in taken.items()}
    return case.result(stage, per_post[Side.BASELINE], per_post[Side.SUBJECT])


def run_sdk_import(case: Case, stage: Stage) -> Result:
    """CPU of the import alone; starting Python is no part of it."""
    timed = "import time; begun = time.process_time(); import {}; print(time.process_time() - begun)"

    def take(module: str) -> float:
        return _seconds(sys.executable, "-c", timed.format(module))

    takes = {Side.BASELINE: partial(take, "httpx"), Side.SUBJECT: partial(take, "chaupal_client")}
    taken = stage.bench.compare_values(takes)
    return case.result(
        stage, [each * 1e3 for each in taken[Side.BASELINE]], [each * 1e3 for each in taken[Side.SUBJECT]]
    )


def _seconds(*command: str) -> float:
    """What the program prints. Raises RunRefused where it does not end well."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment)
    if done.returncode != 0:
        raise RunRefused(f"{' '.join(command[1:4])} ended with {done.returncode}: {done.stderr[-1000:]}")
    return float(done.stdout)
