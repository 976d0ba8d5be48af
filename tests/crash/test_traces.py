"""A real server sends its traces to a real receiver of OTLP over HTTP, and does not care if that fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.api.hooks import HookReceiver
from tests.crash.posting import Place, settle
from tests.installations import Installation, free_port
from tests.outbound.receivers import HttpReceiver

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TEXT = "The road to Rampur is open again"


class Collector(HttpReceiver):
    """Takes what an OpenTelemetry collector takes; `answer_status` is what it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.answer_status = 200
        self.raw = b""
        self.service: dict[str, str] = {}
        self.spans: list[Any] = []
        self.came = threading.Condition()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        asked = ExportTraceServiceRequest.FromString(body)
        assert request.path == "/v1/traces"
        with self.came:
            self.raw += body
            for group in asked.resource_spans:
                self.service = attributes(group.resource)
                self.spans += [span for scope in group.scope_spans for span in scope.spans]
            self.came.notify_all()
        request.send_response(self.answer_status)
        request.send_header("content-length", "0")
        request.end_headers()

    def wait_for(self, name: str, **wanted: Any) -> Any:
        """The one span of a name with these attributes, once it has come."""

        def found() -> list[Any]:
            return [span for span in self.spans if span.name == name and wanted.items() <= flat(span).items()]

        with self.came:
            assert self.came.wait_for(found, timeout=60), sorted(span.name for span in self.spans)
            [span] = found()
        return span


def attributes(holder: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in holder.attributes}


def flat(span: Any) -> dict[str, Any]:
    """A span's attributes, under names that may be keywords."""
    return {key.replace(".", "_"): value for key, value in attributes(span).items()}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as receiver:
        yield receiver


def traced(installation: Installation, endpoint: str, **variables: str) -> Place:
    installation.settings |= {
        "CHAUPAL_OTLP_ENDPOINT": endpoint,
        "CHAUPAL_CALLBACK_ALLOW": "127.0.0.1",
        "CHAUPAL_LOG_FORMAT": "json",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        **variables,
    }
    return settle(installation)


def post_within_trace(place: Place) -> tuple[int, Any]:
    headers = place.headers | {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "trace-test-0001"}
    return place.installation.call("POST", place.path, headers, {"message": TEXT})


class TestTraces:
    def test_a_call_its_batch_and_its_delivery(self, installation: Installation, collector: Collector) -> None:
        place = traced(installation, collector.url)
        with HookReceiver() as receiver:
            webhook = {
                "objectId": place.group_id,
                "objectType": "Group",
                "eventTypes": ["TextMessageCreated"],
                "callBackUrl": receiver.url + "/hook?key=s3cret",
            }
            assert installation.call("POST", "/v1/webhook", place.headers, webhook)[0] == 200
            assert post_within_trace(place)[0] == 200
            call = collector.wait_for("POST /groups/{groupId}/messages")
            assert (call.trace_id.hex(), call.parent_span_id.hex()) == (TRACE, PARENT)
            assert attributes(call) == {
                "http.request.method": "POST",
                "http.route": "/groups/{groupId}/messages",
                "http.response.status_code": 200,
                "chaupal.request_id": "trace-test-0001",
                "chaupal.tenant_id": place.installed["tenantId"],
            }
            [batch] = [
                span for span in collector.spans if span.name == "store.batch" and span.trace_id == call.trace_id
            ]
            assert batch.parent_span_id == call.span_id
            assert call.start_time_unix_nano <= batch.start_time_unix_nano <= batch.end_time_unix_nano
            delivery = collector.wait_for("webhook delivery", chaupal_attempt=1, http_response_status_code=200)
            with collector.came:
                sent = [span for span in collector.spans if span.parent_span_id == delivery.span_id]
            assert [span.name for span in sent] == ["POST"]
            assert attributes(sent[0])["server.port"] == urlsplit(receiver.url).port
            [arrived] = receiver.deliveries
        _, trace_id, span_id, flags = arrived.headers["traceparent"].split("-")
        assert (trace_id, span_id) == (delivery.trace_id.hex(), sent[0].span_id.hex())
        assert int(flags, 16) & 1, "it is sampled, so the receiver's own spans will be kept"
        assert collector.service["service.name"] == "chaupal"
        for secret in (TEXT, place.token, place.group_id, "s3cret"):
            assert secret.encode() not in collector.raw

    def test_the_standard_variables_decide_the_rest(self, installation: Installation, collector: Collector) -> None:
        place = traced(
            installation,
            "",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_SERVICE_NAME="field-chat",
            OTEL_TRACES_SAMPLER="parentbased_always_off",
        )
        assert place.post("not sampled")[0] == 200
        assert post_within_trace(place)[0] == 200
        call = collector.wait_for("POST /groups/{groupId}/messages")
        assert call.trace_id.hex() == TRACE
        assert collector.service["service.name"] == "field-chat"
        assert {span.trace_id.hex() for span in collector.spans} == {TRACE}

    def test_a_refused_call_shows_its_status(self, installation: Installation, collector: Collector) -> None:
        place = traced(installation, collector.url)
        assert installation.call("GET", "/v1/users/me", {"accessToken": "nobody's"})[0] == 401
        call = collector.wait_for("GET /users/me")
        assert attributes(call)["http.response.status_code"] == 401
        assert "chaupal.tenant_id" not in attributes(call)
        assert place.token


class TestFailingCollector:
    def test_nothing_listens(self, sqlite_installation: Installation) -> None:
        place = traced(sqlite_installation, f"http://127.0.0.1:{free_port()}")
        self.use_and_stop(place)
        self.assert_complained_once(sqlite_installation)

    def test_it_answers_with_errors(self, sqlite_installation: Installation, collector: Collector) -> None:
        collector.answer_status = 400
        place = traced(sqlite_installation, collector.url)
        self.use_and_stop(place)
        with collector.came:
            assert collector.came.wait_for(lambda: collector.raw, timeout=60)
        self.assert_complained_once(sqlite_installation)

    def use_and_stop(self, place: Place) -> None:
        for number in range(30):
            assert place.post(f"message {number}")[0] == 200
        began_s = time.monotonic()
        place.installation.stop()
        assert time.monotonic() - began_s < 15, "it stops, though not all traces can be sent"
        place.installation.start()
        assert len(place.texts()) == 30

    def assert_complained_once(self, installation: Installation) -> None:
        assert installation.server is not None
        installation.stop()
        complaints = installation.server.log.read_text().count("traces cannot be sent")
        assert 1 <= complaints <= 2, "once a minute for each of the two processes"
