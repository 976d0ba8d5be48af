"""`chaupal webhook listen`: a receiver that prints what it gets, for those who write receivers. It calls no server."""

from __future__ import annotations

import json
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import typer

from chaupal.cli.failures import Failure, plain, report_failure
from chaupal.cli.options import Json
from chaupal.cli.output import print_json

_BODY_MAX_BYTES = 1_048_576
_SHOWN_HEADERS = ("kz-callback-token", "webhook-attempt", "webhook-id", "webhook-timestamp", "webhook-signature")


def listen(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65_535, help="Port to listen on.")] = 8099,
    status: Annotated[int, typer.Option(metavar="STATUS", min=200, max=599, help="What to answer.")] = 200,
    secret: Annotated[str, typer.Option(metavar="SECRET", help="Check signatures with this signing secret.")] = "",
    as_json: Json = False,
) -> int:
    """Be a receiver of webhooks that proves itself and prints what it is sent, until it is stopped.

    With --json each delivery is one JSON document with its headers and its body.
    """
    try:
        server = _Receiver((host, port), _Answerer)
    except OSError as error:
        return report_failure(Failure(f"cannot listen on {host}:{port}: {error.strerror}", "Conflict"), as_json=as_json)
    server.status, server.secret, server.as_json = status, secret, as_json
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)  # said outright, since a shell's background programs begin with SIGINT ignored
    try:
        _tell_address(host, server.server_address[1], as_json=as_json)
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


def _tell_address(host: str, port: int, *, as_json: bool) -> None:
    address = f"http://{host}:{port}/"
    if as_json:
        print(f"listening on {address}", file=sys.stderr, flush=True)
        return
    print(f"Listening. Register the callBackUrl {address}", flush=True)
    print(f"A server on this machine calls it where CHAUPAL_CALLBACK_ALLOW names {host}.\n", flush=True)


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Receiver(ThreadingHTTPServer):
    daemon_threads = True
    status: int
    secret: str
    as_json: bool


class _Answerer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 70
    server: _Receiver

    def do_GET(self) -> None:
        """Prove that the URL is ours."""
        tokens = parse_qs(urlsplit(self.path).query).get("validationToken", [])
        if tokens and tokens[0].isdigit():
            self._answer(200, tokens[0].encode())
            if not self.server.as_json:
                print("Proved the URL to a server.\n", flush=True)
        else:
            self._answer(404, b"")

    def do_POST(self) -> None:
        """Print a delivery."""
        length = self.headers.get("content-length", "0")
        size_bytes = int(length) if length.isdigit() else 0
        if size_bytes > _BODY_MAX_BYTES:
            self._answer(413, b"")
            self.close_connection = True
            return
        body = self.rfile.read(size_bytes)
        self._print(body)
        self._answer(self.server.status, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _print(self, body: bytes) -> None:
        headers = {name: self.headers[name] for name in _SHOWN_HEADERS if name in self.headers}
        try:
            event: Any = json.loads(body)
        except ValueError:
            event = body.decode("utf-8", "replace")
        signature = self._check(body) if self.server.secret else ""
        if self.server.as_json:
            print_json({"headers": headers, "body": event} | ({"signature": signature} if signature else {}))
            sys.stdout.flush()
            return
        what = event.get("eventType", "?") if isinstance(event, dict) else "?"
        lines = [plain(str(what)) + (f"  (signature {signature})" if signature else "")]
        lines += [f"  {name}: {plain(value)}" for name, value in headers.items()]
        shown = json.dumps(event, ensure_ascii=False, indent=2)
        lines += [f"  {plain(line)}" for line in shown.splitlines()]
        print("\n".join(lines) + "\n", flush=True)

    def _check(self, body: bytes) -> str:
        from standardwebhooks.webhooks import Webhook, WebhookVerificationError

        try:
            Webhook(self.server.secret).verify(body, dict(self.headers.items()))
        except WebhookVerificationError as error:
            return f"refused: {error}"
        return "holds"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing: the output is the deliveries."""
