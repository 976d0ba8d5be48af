"""The webhooks of a soak: receivers of which some fail and some are slow, and what has to have arrived at each.

Every receiver is called on one port of this process, each under its own path. What fails is tried again, so in the end
each event must have arrived at least once wherever it belongs, and nowhere else.
"""

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from bench.product import Product
from bench.soak_load import Client

QUICK_SCHEDULE = """
from chaupal.webhooks.delivering import schedule
schedule.DELAYS_MS = (500, 1_000, 2_000, 4_000, 4_000, 4_000)
from chaupal.cli.main import main
main()
"""
"""The server's command, with the pauses of a soak: the contract's two days would take two days."""

CREATED, EDITED, RETRACTED = "TextMessageCreated", "MessageEdited", "MessageRetracted"
TOLD = (CREATED, EDITED, RETRACTED)
UNTOLD = ("SurveyCreated",)
"""Nothing that the clients of a soak do."""

HEALTHY, FAILING, SLOW, STRANGER, COUNTING = "healthy", "failing", "slow", "stranger", "counting"
KINDS = (HEALTHY, FAILING, SLOW)

FAILING_PART = 0.2
FAILING_TRIES = 2
"""Later ones are taken: after the last try the webhook would be disabled."""

SLOW_PART = 0.01
SLOW_S = 3.0
"""More than the server takes for slow."""

PATIENCE_S = 240.0
_LOOK_S = 0.2
_SHOWN = 5


@dataclass
class Hook:
    """One webhook of a group; `arrived` holds the ids of events by their type and the message they are about. One that
    counts keeps none."""

    number: int
    group_id: str
    kind: str
    chance: random.Random
    webhook_id: str = ""
    arrived: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    call_count: int = 0
    failed_count: int = 0

    def wait_for(self, count: int, *, patience_s: float) -> None:
        """Until it was called so often.

        Raises:
            TimeoutError.
        """
        give_up_s = time.monotonic() + patience_s
        while self.call_count < count:
            if time.monotonic() > give_up_s:
                raise TimeoutError(f"{self.call_count} of {count} deliveries after {patience_s:.0f} s")
            time.sleep(_LOOK_S)

    def answer(self, body: bytes, attempt: int) -> tuple[int, float]:
        """(status, seconds to wait before it is given) for one call."""
        self.call_count += 1
        if self.kind == COUNTING:
            return 200, 0.0
        wait_s = SLOW_S if self.kind == SLOW and self.chance.random() < SLOW_PART else 0.0
        if self.kind == FAILING and attempt <= FAILING_TRIES and self.chance.random() < FAILING_PART:
            self.failed_count += 1
            return 503, wait_s
        event = json.loads(body)
        self.arrived[event["eventType"], str(event["data"].get("referenceId", event["eventId"]))].add(event["eventId"])
        return 200, wait_s


class _Handler(BaseHTTPRequestHandler):
    """Proves itself by GET, takes events by POST."""

    protocol_version = "HTTP/1.1"

    def __init__(self, hooks: Sequence[Hook], lock: threading.Lock, *arguments: object) -> None:
        self._hooks = hooks
        self._lock = lock
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._write(200, parse_qs(urlsplit(self.path).query)["validationToken"][0].encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self._lock:
            hook = self._hooks[int(urlsplit(self.path).path.strip("/"))]
            status, wait_s = hook.answer(body, int(self.headers["webhook-attempt"]))
        time.sleep(wait_s)
        self._write(status, b"")

    def _write(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: thousands of lines."""


@dataclass
class Hooks:
    """All webhooks of a soak, and the port on which they are called."""

    port: int
    hooks: list[Hook]
    lock: threading.Lock

    def register(self, product: Product, group_ids: Sequence[str], quiet_id: str) -> None:
        """One of each kind on each group; one that has asked for other events, and one on a group in which nothing
        happens."""
        for group_id in group_ids:
            for kind in KINDS:
                self._add(product, group_id, kind, TOLD)
        self._add(product, group_ids[0], STRANGER, UNTOLD)
        self._add(product, quiet_id, STRANGER, TOLD)

    def _add(self, product: Product, group_id: str, kind: str, event_types: Sequence[str]) -> Hook:
        """A webhook whose receiver has an address of its own: so many calls to one host at once are few."""
        number = len(self.hooks)
        self.hooks.append(Hook(number, group_id, kind, random.Random(number)))
        url = f"http://127.0.0.{1 + number}:{self.port}/{number}"
        self.hooks[-1].webhook_id = _register(product, group_id, url, event_types)
        return self.hooks[-1]

    def add_counting(self, product: Product, group_id: str) -> Hook:
        """One more, of which only the calls are counted."""
        return self._add(product, group_id, COUNTING, (CREATED,))

    def check(self, clients: Sequence[Client], *, patience_s: float = PATIENCE_S) -> list[str]:
        """Wait until everything has arrived that should have, and say what has not, or what should not have."""
        give_up_s = time.monotonic() + patience_s
        while (faults := self._faults(clients)) and time.monotonic() < give_up_s:
            time.sleep(_LOOK_S)
        with self.lock:
            calls = sum(hook.call_count for hook in self.hooks)
            failed = sum(hook.failed_count for hook in self.hooks)
        print(f"{calls} deliveries tried at {len(self.hooks)} webhooks, {failed} of them refused at first")
        return faults

    def _faults(self, clients: Sequence[Client]) -> list[str]:
        with self.lock:
            return [fault for hook in self.hooks for fault in check_hook(hook, clients)]


def check_hook(hook: Hook, clients: Sequence[Client]) -> list[str]:
    """What is missing at a webhook, and what it should not have been told."""
    wanted, allowed = _told_of(hook, clients)
    had = {(event_type, message_id, len(ids)) for (event_type, message_id), ids in hook.arrived.items()}
    missing = sorted(
        f"{event_type} of {message_id}, {len(hook.arrived.get((event_type, message_id), ()))} of {count}"
        for (event_type, message_id), count in wanted.items()
        if len(hook.arrived.get((event_type, message_id), ())) < count
    )
    foreign = sorted(
        f"{event_type} of {message_id}, {count} times"
        for event_type, message_id, count in had
        if count > allowed.get((event_type, message_id), 0)
    )
    name = f"webhook {hook.number} ({hook.kind})"
    faults = [f"{name} has not had {len(missing)} events, as {each}" for each in missing[:_SHOWN]]
    return faults + [f"{name} has had {len(foreign)} that it should not, as {each}" for each in foreign[:_SHOWN]]


_Counts = dict[tuple[str, str], int]


def _told_of(hook: Hook, clients: Sequence[Client]) -> tuple[_Counts, _Counts]:
    """(what it must have been told, what it may have been) of each message: of one that was retracted nobody is told
    any more but that it was."""
    wanted: _Counts = {}
    allowed: _Counts = {}
    if hook.kind == STRANGER:
        return wanted, allowed
    for client in clients:
        for message_id, sent in client.sent.get(hook.group_id, {}).items():
            of_message = {CREATED: 1, EDITED: sent.edit_count, RETRACTED: int(sent.is_retracted)}
            for event_type, count in of_message.items():
                allowed[event_type, message_id] = count
                if count and (event_type == RETRACTED or not sent.is_retracted):
                    wanted[event_type, message_id] = count
    return wanted, allowed


def _register(product: Product, group_id: str, url: str, event_types: Sequence[str]) -> str:
    """The id of a webhook on a group."""
    body = {"objectId": group_id, "objectType": "Group", "eventTypes": list(event_types), "callBackUrl": url}
    return str(product.call("POST", "/v1/webhook", json.dumps(body))["webhookId"])


@contextmanager
def open_hooks() -> Iterator[Hooks]:
    """Receivers that answer, none registered yet."""
    hooks: list[Hook] = []
    lock = threading.Lock()
    server = ThreadingHTTPServer(("", 0), partial(_Handler, hooks, lock))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Hooks(server.server_address[1], hooks, lock)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
