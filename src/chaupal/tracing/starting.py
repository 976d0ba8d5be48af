"""Whether there are traces, and where they go. Where there are none, OpenTelemetry is not even imported.

The address is `CHAUPAL_OTLP_ENDPOINT`, or one of the standard variables; all else that OpenTelemetry's variables say
(service name, resource, sampler, headers, time-outs, sizes) is taken as they say it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from chaupal.settings import Settings

if TYPE_CHECKING:
    from chaupal.tracing.tracer import Tracing

_PATH = "v1/traces"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"

log = structlog.get_logger("tracing")


def traces_endpoint(settings: Settings, environment: Mapping[str, str]) -> str | None:
    """The URL that traces are posted to; None where there are to be none."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if settings.otlp_endpoint:
        return f"{settings.otlp_endpoint.rstrip('/')}/{_PATH}"
    if environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() != "otlp":
        return None
    for_traces, for_all = (environment.get(name, "").strip() for name in _ENDPOINTS)
    return for_traces or (f"{for_all.rstrip('/')}/{_PATH}" if for_all else None)


def start_tracing(settings: Settings, environment: Mapping[str, str] | None = None) -> Tracing | None:
    """A tracer that sends what it is told, in a thread of its own; `stop` it in the end. None where there is no
    address."""
    environment = os.environ if environment is None else environment
    endpoint = traces_endpoint(settings, environment)
    if endpoint is None:
        return None
    for protocol in filter(None, map(environment.get, _PROTOCOLS)):
        if protocol != _SPOKEN:
            log.warning("traces are sent as http/protobuf, whatever OpenTelemetry's variables say", asked=protocol)
            break
    from chaupal.tracing.tracer import Tracing, make_provider

    return Tracing(make_provider(endpoint, environment))
