"""The rules for alarms, tried by Prometheus's own tool: each is on when it should be, and off when it should not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.conftest import PROJECT

RULES = PROJECT / "docs" / "operate" / "alerts.yml"
promtool = os.environ.get("CHAUPAL_TEST_PROMTOOL") or shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    not promtool, reason="there is no promtool here; CHAUPAL_TEST_PROMTOOL may name one"
)
SERVER = {"job": "chaupal", "instance": "a"}


class Case(NamedTuple):
    """Series by name and further labels, a value a minute; when the alarm is still off, and when it is on."""

    series: dict[str, str]
    off_at: str
    on_at: str
    labels: dict[str, str]


CASES = {
    "ChaupalDown": Case({"up{}": "1 1 0 0 0"}, "2m", "3m", SERVER),
    # The first 500 of a route begins its series; the second minute has one, and later there is none any more.
    "ChaupalDefects": Case(
        {'chaupal_calls_total{status="500", method="POST", route="/groups"}': "_ _ _ 1x20"},
        "2m",
        "3m",
        {"instance": "a", "route": "/groups"},
    ),
    "ChaupalUnavailable": Case(
        {'chaupal_calls_total{status="503", method="POST", route="/groups"}': "0 1 2 3 20 40"},
        "3m",
        "5m",
        {"instance": "a"},
    ),
    "ChaupalWritesWait": Case({"chaupal_waiting_writes{}": "0 400 0 400 400"}, "3m", "4m", SERVER),
    "ChaupalSignalsLost": Case({"chaupal_signals_connected{}": "1 0x10"}, "5m", "6m", SERVER),
    "ChaupalBackgroundErrors": Case(
        {'chaupal_background_errors_total{loop="jobs"}': "0 0 1x5"}, "1m", "3m", SERVER | {"loop": "jobs"}
    ),
    "ChaupalWebhooksGivenUp": Case(
        {'chaupal_webhook_tries_total{outcome="exhausted"}': "0 0 1x5"}, "1m", "3m", SERVER | {"outcome": "exhausted"}
    ),
    "ChaupalWebhooksLate": Case(
        {
            'chaupal_webhook_delay_seconds_bucket{le="30.0"}': "0x40",
            'chaupal_webhook_delay_seconds_bucket{le="300.0"}': "0+1x40",
            'chaupal_webhook_delay_seconds_bucket{le="+Inf"}': "0+1x40",
        },
        "5m",
        "20m",
        {},
    ),
    "ChaupalReadersCutOff": Case({"chaupal_live_streams_cut_off_total{}": "0 1 2 3 40 80"}, "3m", "5m", SERVER),
    "ChaupalCellUnheard": Case(
        {'chaupal_cell_heard_timestamp_seconds{cell="north"}': "0x30"}, "9m", "12m", SERVER | {"cell": "north"}
    ),
    "ChaupalFilesRunOut": Case({"process_open_fds{}": "10 90x10", "process_max_fds{}": "100x11"}, "5m", "6m", SERVER),
}


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    return found


def series_of(name: str) -> str:
    both = 'job="chaupal", instance="a"'
    metric, labels = name.removesuffix("}").split("{")
    return f"{metric}{{{both}, {labels}}}" if labels else f"{metric}{{{both}}}"


def checked(alert: str, severity: str) -> dict[str, Any]:
    """What the tool is asked of one alarm."""
    case = CASES[alert]
    on = [{"exp_labels": case.labels | {"severity": severity}}]
    return {
        "name": alert,
        "interval": "1m",
        "input_series": [{"series": series_of(name), "values": values} for name, values in case.series.items()],
        "alert_rule_test": [
            {"alertname": alert, "eval_time": case.off_at, "exp_alerts": []},
            {"alertname": alert, "eval_time": case.on_at, "exp_alerts": on},
        ],
    }


def test_each_alarm_has_a_case() -> None:
    assert {rule["alert"] for rule in rules()} == CASES.keys()


@needs_promtool
class TestAlarms:
    def test_prometheus_understands_them(self) -> None:
        assert promtool
        subprocess.run([promtool, "check", "rules", RULES], check=True, capture_output=True)

    def test_each_is_on_when_it_should_be_and_not_before(self, tmp_path: Path) -> None:
        assert promtool
        plain = [{key: value for key, value in rule.items() if key != "annotations"} for rule in rules()]
        (tmp_path / "alerts.yml").write_text(yaml.safe_dump({"groups": [{"name": "chaupal", "rules": plain}]}))
        asked = {
            "rule_files": ["alerts.yml"],
            "evaluation_interval": "1m",
            "tests": [checked(rule["alert"], rule["labels"]["severity"]) for rule in rules()],
        }
        (tmp_path / "cases.yml").write_text(yaml.safe_dump(asked))
        done = subprocess.run(
            [promtool, "test", "rules", tmp_path / "cases.yml"], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
