"""Every traced call finds itself in the span of the batch that it was committed with."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chaupal.auth.caller import Operator
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction
from chaupal.tracing.tracer import Tracing
from tests.store.rules import Failed, append_event
from tests.stores import Database, OpenStore, add_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(shared_database: Database) -> Database:
    return shared_database


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(spans: InMemorySpanExporter) -> Tracing:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return Tracing(provider)


async def call(store: Store, tracing: Tracing, caller: Operator, name: str) -> None:
    with tracing.call("POST", f"/{name}", ()):
        await store.write(append_event, caller, name)


class TestNoteBatch:
    async def test_each_of_many_calls_is_in_the_span_of_one_batch(
        self, database: Database, store_on: OpenStore, tracing: Tracing, spans: InMemorySpanExporter
    ) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        store.trace_with(tracing)
        await asyncio.gather(*(call(store, tracing, caller, str(number)) for number in range(40)))
        ended = spans.get_finished_spans()
        calls = {span.context.span_id: span for span in ended if span.name.startswith("POST")}
        batches = [span for span in ended if span.name == "store.batch"]
        served: list[int] = []
        for batch in batches:
            assert batch.parent is not None
            assert batch.attributes is not None
            own = [batch.parent.span_id, *(link.context.span_id for link in batch.links)]
            assert batch.attributes["chaupal.rule_count"] == len(own)
            assert batch.attributes["chaupal.failed_count"] == 0
            assert batch.context.trace_id == calls[own[0]].context.trace_id
            served += own
        assert sorted(served) == sorted(calls)
        assert len(calls) == 40

    async def test_a_failed_rule_is_counted(
        self, database: Database, store_on: OpenStore, tracing: Tracing, spans: InMemorySpanExporter
    ) -> None:
        store = store_on(database)
        caller = await add_tenant(store)
        store.trace_with(tracing)

        def fail(tx: Transaction, caller: Operator, request: str) -> None:
            raise Failed

        with pytest.raises(Failed), tracing.call("POST", "/x", ()):
            await store.write(fail, caller, "a")
        batch, failed = spans.get_finished_spans()
        assert (batch.attributes or {})["chaupal.failed_count"] == 1
        assert (failed.attributes or {})["error.type"] == "Failed"

    async def test_what_nobody_called_for_makes_no_span(
        self, database: Database, store_on: OpenStore, tracing: Tracing, spans: InMemorySpanExporter
    ) -> None:
        store = store_on(database)
        store.trace_with(tracing)
        await store.write(append_event, await add_tenant(store), "a")
        assert spans.get_finished_spans() == ()
