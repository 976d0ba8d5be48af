#!/usr/bin/env python3
"""Tells a group when something is wrong: takes Prometheus Alertmanager's webhooks, and watches addresses itself.

    pip install -r requirements.txt
    APPLICATION_ID=... APPLICATION_SECRET=... REFRESH_TOKEN=... python3 alert_bot.py --group GROUP_ID \\
      --listen 127.0.0.1:9095 --watch https://example.org/health --state alerts.json

In Alertmanager: `webhook_configs: [{url: "http://127.0.0.1:9095/alerts"}]`. Alertmanager is answered once the group has
been told, so it comes again with what could not be told, and hears 400 where its body cannot be read. It repeats itself
by design; each state of each alert is posted once, also after a restart, as long as the server remembers the keys that
are sent along: seven days. A watched address is down after two failures in a row, and up with the first success.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from chaupal_account import Account, Refused, Unreachable, key_of

BODY_MAX_BYTES = 1_000_000
WATCH_TIMEOUT_S = 10
FAILURES_THAT_COUNT = 2


class NotUnderstood(Exception):
    """A body that is no message of Alertmanager."""


def told_by(body: bytes) -> list[tuple[str, str]]:
    """(key, text) of each alert in what Alertmanager has sent.

    Raises:
        NotUnderstood.
    """
    try:
        alerts = json.loads(body)["alerts"]
        return [_told(alert) for alert in alerts]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NotUnderstood(f"no message of Alertmanager: {error!r}") from error


def _told(alert: dict[str, Any]) -> tuple[str, str]:
    labels, notes = alert.get("labels", {}), alert.get("annotations", {})
    is_over = alert["status"] == "resolved"
    name = labels.get("alertname", "Alert")
    where = labels.get("instance", "")
    head = f"{'✅ Over' if is_over else '🔴 ' + labels.get('severity', 'alert').capitalize()}: {name}"
    lines = [
        f"{head} ({where})" if where else head,
        notes.get("summary", ""),
        notes.get("description", ""),
        "" if is_over else alert.get("generatorURL", ""),
    ]
    identity = alert.get("fingerprint") or json.dumps(labels, sort_keys=True)
    when = (alert["startsAt"], alert.get("endsAt", "") if is_over else "")
    return key_of("alert", identity, alert["status"], *when), "\n".join(filter(None, lines))


class Receiver(BaseHTTPRequestHandler):
    """Where Alertmanager posts."""

    server: AlertServer
    timeout = 30

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if not self._is_allowed():
            self._answer(401, "The token is wrong.")
        elif not size.isdigit() or int(size) > BODY_MAX_BYTES:
            self._answer(413, f"At most {BODY_MAX_BYTES:,} bytes, and Content-Length says how many.")
        else:
            self._answer(*self._tell(self.rfile.read(int(size))))

    def do_GET(self) -> None:
        self._answer(200, "alert_bot")

    def _is_allowed(self) -> bool:
        given = self.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        return not self.server.token or hmac.compare_digest(given, f"Bearer {self.server.token}".encode())

    def _tell(self, body: bytes) -> tuple[int, str]:
        try:
            for key, text in told_by(body):
                self.server.account.send_message(self.server.group_id, text, key=key)
        except NotUnderstood as error:
            return 400, str(error)
        except (Refused, Unreachable) as error:
            print(error, file=sys.stderr, flush=True)
            return 503, "The group could not be told: come again."
        return 200, ""

    def _answer(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing: what is told is in the group."""


class AlertServer(ThreadingHTTPServer):
    """With what its receivers need. `token`, where there is one, has to come as `Authorization: Bearer`."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], account: Account, *, group_id: str, token: str) -> None:
        super().__init__(address, Receiver)
        self.account, self.group_id, self.token = account, group_id, token


class Watcher:
    """Looks at addresses again and again, and remembers which are down in a file that is replaced as a whole."""

    def __init__(self, urls: list[str], account: Account, *, group_id: str, state: Path) -> None:
        self._urls, self._account, self._group_id, self._state = urls, account, group_id, state
        self._down_since: dict[str, float] = json.loads(state.read_text("utf-8")) if state.exists() else {}
        self._failures = dict.fromkeys(urls, 0)

    def look(self) -> None:
        """Look at each address once. What cannot be told now is told after the next look."""
        for url in self._urls:
            reason = failure_of(url)
            self._failures[url] = self._failures[url] + 1 if reason else 0
            try:
                if self._failures[url] >= FAILURES_THAT_COUNT and url not in self._down_since:
                    since = time.time()
                    self._tell(url, since, f"🔴 Down: {url}\n{reason}")
                    self._save({**self._down_since, url: since})
                    print(f"told that {url} is down", flush=True)
                elif not reason and url in self._down_since:
                    since = self._down_since[url]
                    minutes = max(1, round((time.time() - since) / 60))
                    self._tell(url, since, f"✅ Up again: {url}, after {minutes} min")
                    self._save({name: value for name, value in self._down_since.items() if name != url})
                    print(f"told that {url} is up again", flush=True)
            except (Refused, Unreachable) as error:
                print(error, file=sys.stderr, flush=True)

    def _tell(self, url: str, since: float, text: str) -> None:
        self._account.send_message(self._group_id, text, key=key_of("watch", url, str(since), text[:1]))

    def _save(self, down_since: dict[str, float]) -> None:
        self._down_since = down_since
        draft = self._state.with_name(self._state.name + ".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(down_since, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._state)


def failure_of(url: str) -> str:
    """Why an address is not well; empty where it is."""
    try:
        with requests.get(url, timeout=WATCH_TIMEOUT_S, stream=True) as answer:
            return "" if answer.ok else f"status {answer.status_code}"
    except requests.RequestException as error:
        return type(error).__name__


def main() -> int:
    parser = argparse.ArgumentParser(description="Tells a group when something is wrong.")
    parser.add_argument("--group", required=True, metavar="GROUP_ID")
    parser.add_argument("--listen", metavar="HOST:PORT", help="take Alertmanager's webhooks here")
    parser.add_argument("--watch", action="append", default=[], metavar="URL", help="repeat for several")
    parser.add_argument("--every", type=float, default=60, metavar="SECONDS", help="how often to look")
    parser.add_argument("--state", default="alert-bot.json", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    if not chosen.listen and not chosen.watch:
        parser.error("give --listen, --watch or both")
    account = Account.of_environment()
    if chosen.listen:
        host, _, port = chosen.listen.rpartition(":")
        token = os.environ.get("ALERT_TOKEN", "")
        server = AlertServer((host, int(port)), account, group_id=chosen.group, token=token)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"listening on {chosen.listen}", flush=True)
    watcher = Watcher(chosen.watch, account, group_id=chosen.group, state=chosen.state)
    while True:
        watcher.look()
        time.sleep(chosen.every)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
