"""What `/metrics` shows: calls by route and status, their time, and what waits in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

if TYPE_CHECKING:
    from chaupal.webhooks.delivering.place import Tally

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

LOOPS = ("jobs", "sweeps", "streams", "webhooks", "cells", "moves")
"""The loops whose errors are counted; each from nought on, because Prometheus sees no growth in what begins at 1."""

OUTCOMES = ("delivered", "retrying", "exhausted")

CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"


class Metrics:
    """One server's metrics, with children looked up once per route and status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._calls = Counter(
            "chaupal_calls", "API calls answered.", ("method", "route", "status"), registry=self.registry
        )
        self._duration = Histogram(
            "chaupal_call_duration_seconds",
            "Time from the request's head to its answer.",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.waiting_writes = Gauge("chaupal_waiting_writes", "Writes in the queue.", registry=self.registry)
        self.hears_neighbours = Gauge(
            "chaupal_signals_connected",
            "1 while this server is woken by what others on its database do, 0 while it looks by itself.",
            registry=self.registry,
        )
        self.failed_loops = Counter(
            "chaupal_background_errors", "Errors caught by the background loops.", ("loop",), registry=self.registry
        )
        for loop in LOOPS:
            self.failed_loops.labels(loop)
        self._live_streams = Gauge("chaupal_live_streams", "Live streams that are open.", registry=self.registry)
        self._streams_cut_off = Counter(
            "chaupal_live_streams_cut_off",
            "Live streams ended because their reader was too slow.",
            registry=self.registry,
        )
        self._webhooks_matched = Counter(
            "chaupal_webhook_deliveries_queued", "Deliveries queued for webhooks.", registry=self.registry
        )
        self._webhook_tries = Counter(
            "chaupal_webhook_tries",
            "Tries of deliveries, by what became of them.",
            ("outcome",),
            registry=self.registry,
        )
        for outcome in OUTCOMES:
            self._webhook_tries.labels(outcome)
        self._webhook_delay = Histogram(
            "chaupal_webhook_delay_seconds",
            "Time from an event to the receiver's success, of deliveries that needed one try.",
            buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0),
            registry=self.registry,
        )
        self._webhook_flights = Gauge(
            "chaupal_webhook_sending", "Receivers that are being sent to.", registry=self.registry
        )
        self.cell_heard_at = Gauge(
            "chaupal_cell_heard_timestamp_seconds",
            "When another cell last answered or reported, seconds since 1970.",
            ("cell",),
            registry=self.registry,
        )
        self._by_call: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Count one answered call. `route` is the pattern, never the path, so that the series stay few."""
        found = self._by_call.get((method, route, status))
        if found is None:
            found = self._by_call[method, route, status] = (
                self._calls.labels(method, route, str(status)),
                self._duration.labels(method, route),
            )
        found[0].inc()
        found[1].observe(duration_s)

    def note_streams(self, open_count: int, *, cut_off: int, failed: int) -> None:
        """How many live streams there are; how many were cut off, and how often one of their readers failed, since."""
        self._live_streams.set(open_count)
        self._streams_cut_off.inc(cut_off)
        self.failed_loops.labels("streams").inc(failed)

    def note_webhooks(self, tally: Tally) -> None:
        """What has become of deliveries since the last time."""
        self._webhooks_matched.inc(tally.matched)
        self._webhook_tries.labels("delivered").inc(tally.delivered)
        self._webhook_tries.labels("retrying").inc(tally.retrying)
        self._webhook_tries.labels("exhausted").inc(tally.exhausted)
        self._webhook_flights.set(tally.flights)
        for delay_s in tally.delays_s:
            self._webhook_delay.observe(delay_s)
        self.failed_loops.labels("webhooks").inc(tally.failures)

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)
