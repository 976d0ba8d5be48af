"""`chaupal webhook listen`: proves itself to a real server, and prints what it is sent."""

from __future__ import annotations

import json
import signal
import threading
import urllib.request

from tests.api.hooks import SECRET
from tests.crash.posting import settle
from tests.installations import Installation, ended, free_port


def read_document(lines: list[str]) -> dict[str, object]:
    document: dict[str, object] = json.loads("".join(lines))
    return document


def test_it_receives_from_a_server_and_checks_the_signature(sqlite_installation: Installation) -> None:
    sqlite_installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
    place = settle(sqlite_installation)
    port = free_port()
    listener = sqlite_installation.begin("webhook", "listen", "--port", str(port), "--secret", SECRET, "--json")
    assert listener.stderr is not None
    assert listener.stdout is not None
    assert listener.stderr.readline() == f"listening on http://127.0.0.1:{port}/\n"
    body = {
        "objectId": place.group_id,
        "objectType": "Group",
        "eventTypes": ["TextMessageCreated"],
        "callBackUrl": f"http://127.0.0.1:{port}/",
        "callBackToken": "open-sesame",
        "signingSecret": SECRET,
    }
    status, answer = sqlite_installation.call("POST", "/v1/webhook", place.headers, body)
    assert status == 200, answer
    assert place.post("नमस्ते")[0] == 200
    lines: list[str] = []
    for line in listener.stdout:
        lines.append(line)
        if line == "}\n":
            break
    printed = read_document(lines)
    assert printed["signature"] == "holds"
    assert printed["headers"]["kz-callback-token"] == "open-sesame"  # type: ignore[index]
    assert printed["body"]["data"]["text"] == "नमस्ते"  # type: ignore[index]
    listener.send_signal(signal.SIGINT)
    assert ended(listener).code == 0


def test_for_people_it_prints_what_came_without_steering_the_terminal(sqlite_installation: Installation) -> None:
    port = free_port()
    listener = sqlite_installation.begin("webhook", "listen", "--port", str(port), "--status", "503")
    assert listener.stdout is not None
    assert f"http://127.0.0.1:{port}/" in listener.stdout.readline()
    content = json.dumps({"eventType": "Te\x1b[2Jst", "data": {}}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", data=content, method="POST")
    statuses: list[int] = []

    def send() -> None:
        try:
            with urllib.request.urlopen(request, timeout=30) as got:  # noqa: S310 - always our own http://
                statuses.append(got.status)
        except urllib.error.HTTPError as error:
            with error:
                statuses.append(error.code)

    sender = threading.Thread(target=send)
    sender.start()
    sender.join()
    assert statuses == [503]
    listener.send_signal(signal.SIGINT)
    done = ended(listener)
    assert done.code == 0
    assert "\x1b" not in done.out
    assert '"eventType"' in done.out


def test_it_ends_when_it_is_told_to_even_where_a_shell_has_it_ignore_interrupts(
    sqlite_installation: Installation,
) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        kept = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            listener = sqlite_installation.begin("webhook", "listen", "--port", str(free_port()), "--json")
        finally:
            signal.signal(signal.SIGINT, kept)
        assert listener.stderr is not None
        assert listener.stderr.readline().startswith("listening on ")
        listener.send_signal(number)
        assert ended(listener).code == 0


def test_a_port_that_is_taken_is_a_sentence(sqlite_installation: Installation) -> None:
    port = free_port()
    first = sqlite_installation.begin("webhook", "listen", "--port", str(port), "--json")
    assert first.stderr is not None
    first.stderr.readline()
    refused = sqlite_installation.command("webhook", "listen", "--port", str(port))
    assert refused.code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in refused.err
    first.send_signal(signal.SIGINT)
    assert ended(first).code == 0
