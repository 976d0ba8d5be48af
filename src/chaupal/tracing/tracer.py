"""The tracer: spans of calls, batches, deliveries and outgoing calls. The only module that knows OpenTelemetry.

Must not hold anybody up: spans wait in a queue of OpenTelemetry's, bounded (the oldest are dropped), and a thread of
its own sends them. Spans name routes, ids and statuses, never paths, URLs, numbers or texts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chaupal import __version__
from chaupal.store.batch import Work
from chaupal.store.clock import new_id

_STOP_MAX_S = 2.0
_LOG_EVERY_S = 60.0
_SERVER_ERROR = 500
_PROPAGATED = (b"traceparent", b"tracestate")

_current: ContextVar[Span | None] = ContextVar("chaupal_span", default=None)

log = structlog.get_logger("tracing")


class _SpanOfOutgoing:
    """A span, and what to send along with the call that it is of."""

    def __init__(self, span: Span, headers: dict[str, str]) -> None:
        self.headers = headers
        self._span = span

    def note(self, status: int) -> None:
        """What was answered."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= 400:
            self._span.set_status(StatusCode.ERROR)

    def note_failure(self, reason: str) -> None:
        """Nothing was answered; the reason names neither URL nor content."""
        self._span.set_status(StatusCode.ERROR, reason)


class Tracing:
    """One process's tracer. Its methods may be called from any thread."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("chaupal", __version__)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def call(self, method: str, route: str, headers: Iterable[tuple[bytes, bytes]]) -> Iterator[None]:
        """The span of an API call, below that of the client where it named one. `note_answer` tells its outcome."""
        carrier = {name.decode(): value.decode("latin-1") for name, value in headers if name in _PROPAGATED}
        span = self._tracer.start_span(
            f"{method} {route}",
            context=self._propagator.extract(carrier, context=Context()),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "http.route": route},
        )
        with self._within(span):
            yield

    def note_answer(self, *, status: int, request_id: str, tenant_id: str) -> None:
        """How the call that is being answered ends; without this, its client has gone before."""
        span = _current.get()
        if span is None:
            return
        span.set_attribute("http.response.status_code", status)
        span.set_attribute("chaupal.request_id", request_id)
        if tenant_id:
            span.set_attribute("chaupal.tenant_id", tenant_id)
        if status >= _SERVER_ERROR:
            span.set_status(StatusCode.ERROR)

    def current(self) -> SpanContext | None:
        """What is being done, for `note_batch`."""
        span = _current.get()
        return span.get_span_context() if span is not None else None

    def note_batch(self, works: Sequence[Work], began_ns: int) -> None:
        """The span of a batch that has just ended: below the first call that it served, linked to the others."""
        try:
            self._note_batch(works, began_ns)
        except Exception:  # the writer's thread must live, and its callers are waiting
            log.exception("a batch was not traced", rules=len(works))

    def _note_batch(self, works: Sequence[Work], began_ns: int) -> None:
        contexts = list({work.trace.span_id: work.trace for work in works if work.trace is not None}.values())
        if not contexts:
            return
        span = self._tracer.start_span(
            "store.batch",
            context=set_span_in_context(NonRecordingSpan(contexts[0]), Context()),
            attributes={
                "chaupal.rule_count": len(works),
                "chaupal.failed_count": sum(work.error is not None for work in works),
            },
            links=[Link(context) for context in contexts[1:]],
            start_time=began_ns,
        )
        span.end(time.time_ns())

    @contextmanager
    def outgoing(self, method: str, url: str) -> Iterator[_SpanOfOutgoing]:
        """The span of a call to another machine."""
        span = self._tracer.start_span(
            method, context=_below_current(), kind=SpanKind.CLIENT, attributes=_place_attributes(method, url)
        )
        headers: dict[str, str] = {}
        self._propagator.inject(headers, context=set_span_in_context(span, Context()))
        with self._within(span):
            yield _SpanOfOutgoing(span, headers)

    @contextmanager
    def delivery(self, *, event_id: str, attempt: int) -> Iterator[_SpanOfOutgoing]:
        """The span of one try to deliver an event; the outgoing call is below it."""
        span = self._tracer.start_span(
            "webhook delivery",
            context=_below_current(),
            attributes={"chaupal.event_id": event_id, "chaupal.attempt": attempt},
        )
        with self._within(span):
            yield _SpanOfOutgoing(span, {})

    def stop(self) -> None:
        """Send what waits, if that can be done within a moment. Blocks meanwhile; harmless when repeated."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(_STOP_MAX_S)

    @contextmanager
    def _within(self, span: Span) -> Iterator[None]:
        token = _current.set(span)
        try:
            yield
        except BaseException as error:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
            raise
        finally:
            _current.reset(token)
            span.end()


def _below_current() -> Context:
    span = _current.get()
    return set_span_in_context(span, Context()) if span is not None else Context()


def _place_attributes(method: str, url: str) -> dict[str, Any]:
    """Where a call goes, without path, query and login, which may be secret."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return {"http.request.method": method}
    found = {"http.request.method": method, "server.address": host or "", "url.scheme": parts.scheme}
    return found | ({"server.port": port} if port else {})


def make_provider(endpoint: str, environment: Mapping[str, str]) -> TracerProvider:
    """OpenTelemetry's own machinery, sending to `endpoint`, with everything else as its variables say."""
    named = "OTEL_SERVICE_NAME" in environment or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    attributes = {"service.version": __version__, "service.instance.id": new_id()}
    resource = Resource.create(attributes if named else attributes | {"service.name": "chaupal"})
    library = logging.getLogger("opentelemetry")
    library.handlers, library.propagate = [_SeldomLog()], False
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider


class _SeldomLog(logging.Handler):
    """What the library complains of, once a minute: a collector that is away is complained of every few seconds."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._silent_until_s = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """One line of our log, or none."""
        now_s = time.monotonic()
        if now_s >= self._silent_until_s:
            self._silent_until_s = now_s + _LOG_EVERY_S
            log.warning("traces cannot be sent", cause=" ".join(record.getMessage().split())[:300])
