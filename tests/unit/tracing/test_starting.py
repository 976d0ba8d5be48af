from __future__ import annotations

import subprocess
import sys

import pytest

from chaupal.settings import Settings, load_settings
from chaupal.settings_rules import SettingRefused
from chaupal.tracing.starting import start_tracing, traces_endpoint

COLLECTOR = "http://127.0.0.1:4318"


class TestTracesEndpoint:
    @pytest.mark.parametrize(
        ("ours", "theirs", "endpoint"),
        [
            ("", {}, None),
            (COLLECTOR, {}, f"{COLLECTOR}/v1/traces"),
            (f"{COLLECTOR}/", {}, f"{COLLECTOR}/v1/traces"),
            ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": COLLECTOR}, f"{COLLECTOR}/v1/traces"),
            ("", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{COLLECTOR}/t"}, f"{COLLECTOR}/t"),
            (COLLECTOR, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://elsewhere"}, f"{COLLECTOR}/v1/traces"),
            (COLLECTOR, {"OTEL_SDK_DISABLED": "true"}, None),
            ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": COLLECTOR, "OTEL_TRACES_EXPORTER": "none"}, None),
        ],
    )
    def test_our_setting_comes_first_then_the_standard_variables(
        self, ours: str, theirs: dict[str, str], endpoint: str | None
    ) -> None:
        assert traces_endpoint(Settings(otlp_endpoint=ours), theirs) == endpoint

    def test_what_is_no_url_is_refused(self) -> None:
        with pytest.raises(SettingRefused, match="CHAUPAL_OTLP_ENDPOINT=127\\.0\\.0\\.1:4318: must begin with"):
            load_settings({"CHAUPAL_OTLP_ENDPOINT": "127.0.0.1:4318"})


class TestStartTracing:
    def test_where_there_is_no_address_there_is_no_tracer(self) -> None:
        assert start_tracing(Settings(), {}) is None

    def test_a_server_without_traces_does_not_load_the_library(self) -> None:
        look = (
            "import sys, chaupal.app; from chaupal.settings import Settings; "
            "from chaupal.tracing.starting import start_tracing; start_tracing(Settings(), {}); "
            "print([name for name in sys.modules if name.startswith(('opentelemetry', 'requests', 'nats'))])"
        )
        done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"
