"""Starts the floor as a server of the benchmark. The app itself is in bench/floor."""

import sys
from pathlib import Path

from bench.load import Target
from bench.processes import Server

ROOT = Path(__file__).resolve().parent.parent
MESSAGE_BODY = '{"message":"The road to Rampur is open again, buses leave at seven."}'


def build_floor(folder: Path, *, port: int, database: str) -> Server:
    """`database` is `none`, `sqlite` (a file in the folder) or `postgresql://...`."""
    folder.mkdir(parents=True, exist_ok=True)
    address = f"sqlite:{folder / 'floor.sqlite3'}" if database == "sqlite" else database
    return Server(
        name="floor",
        command=[sys.executable, "-m", "bench.floor"],
        environment={"FLOOR_LISTEN": f"127.0.0.1:{port}", "FLOOR_DATABASE": address},
        port=port,
        log_path=folder / "floor.log",
        folder=ROOT,
    )


def floor_target(server: Server) -> Target:
    headers = {"Content-Type": "application/json"}
    return Target(port=server.port, path="/message", method="POST", body=MESSAGE_BODY, headers=headers)
