"""A call of a webhook is taken only from the server, and the samples of the guide take it in three frameworks."""

from __future__ import annotations

import json
import sys
import threading
import types
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from chaupal_client import WebhookRefused
from chaupal_client.events import Event, SurveyResponse, TextMessageCreated
from chaupal_client.receiving import SeenEvents, answer_validation, receive
from tests.docs.pages import page
from tests.installations import ADMIN, Installation

SECRET = "whsec_Y2hhdXBhbC1leGFtcGxlLXNlY3JldC0wMDAx"
OTHER_SECRET = "whsec_Y2hhdXBhbC1leGFtcGxlLXNlY3JldC0wMDAy"
BODY = json.dumps(
    {
        "eventType": "TextMessageCreated",
        "eventId": "e1",
        "data": {"text": "நன்றி"},
        "context": {"depot": 17},
        "subscriptionId": "w1",
        "isBotfromUser": True,
    }
).encode()


def signed(body: bytes = BODY, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    when = at or datetime.now(UTC)
    return {
        "Webhook-Id": "e1",
        "Webhook-Timestamp": str(int(when.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("e1", when, body.decode()),
    }


class TestReceive:
    def test_a_signed_call_is_an_event(self) -> None:
        event = receive(BODY, signed(), secret=SECRET)
        assert isinstance(event, TextMessageCreated)
        assert (event.data.text, event.context, event.subscription_id) == ("நன்றி", {"depot": 17}, "w1")
        assert event.is_bot_from_user is True
        assert receive(BODY.decode(), signed(), secret=[OTHER_SECRET, SECRET]) == event

    def test_a_token_will_do(self) -> None:
        assert receive(BODY, {"KZ-Callback-Token": "open-sesame"}, callback_token="open-sesame").event_id == "e1"

    @pytest.mark.parametrize("token", ["open-sesam", "", "öffne dich"])
    def test_another_token_is_refused(self, token: str) -> None:
        with pytest.raises(WebhookRefused, match="kz-callback-token"):
            receive(BODY, {"kz-callback-token": token}, callback_token="open-sesame")

    def test_where_both_are_asked_for_both_must_be_right(self) -> None:
        with pytest.raises(WebhookRefused, match="kz-callback-token"):
            receive(BODY, signed(), secret=SECRET, callback_token="open-sesame")
        with pytest.raises(WebhookRefused, match="signature"):
            receive(BODY, {"kz-callback-token": "open-sesame"}, secret=SECRET, callback_token="open-sesame")

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            signed(secret=OTHER_SECRET),
            signed(b"another body"),
            signed(at=datetime.now(UTC) - timedelta(minutes=6)),
            {**signed(), "Webhook-Timestamp": "soon"},
            {**signed(), "Webhook-Signature": "v1,%%%"},
            {**signed(), "Webhook-Signature": "nonsense"},
        ],
    )
    def test_a_call_that_is_not_signed_so_is_refused(self, headers: dict[str, str]) -> None:
        with pytest.raises(WebhookRefused, match="the signature does not hold"):
            receive(BODY, headers, secret=SECRET)

    @pytest.mark.parametrize("options", [{}, {"secret": ""}, {"secret": []}, {"callback_token": ""}])
    def test_it_never_takes_a_call_unchecked(self, options: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="give the webhook's secret"):
            receive(BODY, {}, **options)

    @pytest.mark.parametrize("body", [b"[]", b"{}x", b'{"eventType": "TextMessageCreated"}', b" " * 1_048_577])
    def test_what_is_no_event_is_refused(self, body: bytes) -> None:
        with pytest.raises(WebhookRefused):
            receive(body, {"kz-callback-token": "t"}, callback_token="t")


class TestValidation:
    def test_the_token_comes_back(self) -> None:
        assert answer_validation("validationToken=123456789012") == "123456789012"
        assert answer_validation("?shop=7&validationToken=123456789012") == "123456789012"
        assert answer_validation({"validationToken": "123456789012"}) == "123456789012"

    @pytest.mark.parametrize(
        "query", ["", "validationToken=", "other=1", "validationToken=<script>", "validationToken=١"]
    )
    def test_nothing_else_comes_back(self, query: str) -> None:
        assert answer_validation(query) is None


class TestSeenEvents:
    def event(self, event_id: str) -> Event:
        return Event(event_type="TextMessageCreated", event_id=event_id)

    def test_each_is_new_once(self) -> None:
        seen = SeenEvents(most=2)
        assert [seen.is_new(self.event(each)) for each in "aabab"] == [True, False, True, False, False]
        assert [seen.is_new(self.event(each)) for each in "cba"] == [True, False, True]

    def test_what_failed_comes_again(self) -> None:
        seen = SeenEvents()
        assert seen.is_new(self.event("a"))
        seen.forget(self.event("a"))
        assert seen.is_new(self.event("a"))


def sample(framework: str) -> dict[str, Any]:
    """What the guide's sample for a framework defines."""
    [block] = [block for block in page("docs/sdk.md").blocks if block.options.get("framework") == framework]
    module = types.ModuleType(f"sample_{framework}")  # where frameworks look up the names of annotations
    sys.modules[module.__name__] = module
    exec(block.text, module.__dict__)  # noqa: S102
    return module.__dict__


def flask_application() -> tuple[Any, dict[str, Any]]:
    defined = sample("flask")
    return defined["app"], defined


def django_application() -> tuple[Any, dict[str, Any]]:
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import clear_url_caches, path

    if not settings.configured:
        settings.configure(ROOT_URLCONF="sample_urls", SECRET_KEY="test", ALLOWED_HOSTS=["*"])
        django.setup()
    defined = sample("django")
    urls = types.ModuleType("sample_urls")
    urls.urlpatterns = [path("chaupal", defined["chaupal"])]  # type: ignore[attr-defined]
    sys.modules["sample_urls"] = urls
    clear_url_caches()
    return WSGIHandler(), defined


class Threading(ThreadingMixIn, WSGIServer):
    """One call does not wait for another's connection."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_told: Any) -> None:
        """Tests print nothing."""


@pytest.fixture(params=["fastapi", "flask", "django"])
def receiver(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, Any]]]:
    """(address, what the sample defines) of a sample that is being served."""
    if request.param == "fastapi":
        import uvicorn

        defined = sample("fastapi")
        config = uvicorn.Config(defined["app"], port=0, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/chaupal", defined
        server.should_exit = True
    else:
        application, defined = flask_application() if request.param == "flask" else django_application()
        wsgi = make_server("127.0.0.1", 0, application, server_class=Threading, handler_class=Quiet)
        thread = threading.Thread(target=wsgi.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{wsgi.server_port}/chaupal", defined
        wsgi.shutdown()
        wsgi.server_close()
    thread.join(10)


class Heard:
    """Stands in for a sample's memory, so that a test can wait for what it has taken."""

    def __init__(self) -> None:
        self._seen = SeenEvents()
        self._changed = threading.Condition()
        self.events: list[Event] = []

    def is_new(self, event: Event) -> bool:
        with self._changed:
            is_new = self._seen.is_new(event)
            if is_new:
                self.events.append(event)
            self._changed.notify_all()
            return is_new

    def wait_for(self, kind: type[Event]) -> Event:
        def found() -> list[Event]:
            return [event for event in self.events if isinstance(event, kind)]

        with self._changed:
            assert self._changed.wait_for(found, 60)
            return found()[0]


class TestSamples:
    def test_a_call_that_is_not_signed_is_refused(self, receiver: tuple[str, dict[str, Any]]) -> None:
        url, _ = receiver
        assert httpx.post(url, content=BODY).status_code == 400
        assert httpx.post(url, content=BODY, headers=signed(secret=OTHER_SECRET)).status_code == 400
        assert httpx.get(url, params={"validationToken": "<script>"}).text in ("", "None")

    def test_a_real_server_proves_the_url_and_tells_its_events(
        self, receiver: tuple[str, dict[str, Any]], sqlite_installation: Installation
    ) -> None:
        url, defined = receiver
        defined["seen"] = heard = Heard()
        sqlite_installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
        installed = sqlite_installation.init()
        sqlite_installation.start()
        from chaupal_client import Chaupal

        with Chaupal(
            f"http://127.0.0.1:{sqlite_installation.port}", access_token=sqlite_installation.access_token(installed)
        ) as client:
            group_id = client.groups.create("Depot").group_id
            events = ["TextMessageCreated", "SurveyResponse"]
            client.webhooks.create(group_id, "Group", events, url, call_back_context=17, signing_secret=SECRET)
            client.messages.post(group_id, "நன்றி")
            survey = {"title": "Stock", "questions": [{"title": "Boxes", "type": "Numeric"}]}
            action_id = client.actions.post(group_id, action_type="Survey", action_body=survey).action_id
            client.responses.post(group_id, action_id, action_body={"answers": [12]})
            message, answered = heard.wait_for(TextMessageCreated), heard.wait_for(SurveyResponse)
        assert isinstance(message, TextMessageCreated)
        assert (message.data.text, message.context, message.from_user) == ("நன்றி", 17, ADMIN)
        assert isinstance(answered, SurveyResponse)
        assert answered.data.response_details.response_with_questions[0].answer == 12
