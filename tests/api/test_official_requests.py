"""The official Swagger file's own requests, byte for byte, in the order a newcomer runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.installations import Installation, installation, sqlite_installation, warm_commands

__all__ = ["installation", "sqlite_installation", "warm_commands"]

_REQUEST = re.compile(
    r'"request":\s*\{\s*"method":\s*"(?P<method>\w+)",\s*"uri":\s*"(?P<uri>[^"]+)"(?P<rest>.*?)"expectedResponse"', re.S
)
_BODY = re.compile(r'"body":\s*("(?:[^"\\]|\\.)*")')


def official_bodies(spec_dir: Path) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """(method, uri) -> (request body, answer body); the file itself is not strict JSON."""
    text = (spec_dir / "kaizala-swagger.json").read_text(encoding="utf-8-sig")
    found: dict[tuple[str, str], tuple[str | None, str | None]] = {}
    for match in _REQUEST.finditer(text):
        sent = _BODY.search(match["rest"])
        answered = _BODY.search(text, match.end(), match.end() + 4_000)
        key = (match["method"].upper(), match["uri"])
        found[key] = (json.loads(sent[1]) if sent else None, json.loads(answered[1]) if answered else None)
    return found


def send(made: Installation, method: str, uri: str, headers: dict[str, str], body: str | None) -> tuple[int, Any]:
    import urllib.error
    import urllib.request

    data = body.encode() if body is not None else None
    url = f"http://127.0.0.1:{made.port}/v1{uri}"
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_they_lead_from_the_pin_to_the_first_message(installation: Installation, spec_dir: Path) -> None:
    official = official_bodies(spec_dir)
    installation.settings["CHAUPAL_SMS"] = "outbox"
    installation.start()
    installed = installation.init()
    fields = {
        "mobile-number": "+919876543210",
        "mobile-number-2": "+919876543211",
        "application-id": installed["applicationId"],
    }

    def fill(text: str) -> str:
        for name, value in fields.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    def run(method: str, uri: str, headers: dict[str, str], *, pin: str = "") -> Any:
        sent, shown = official[method, uri]
        body = fill(sent) if sent is not None else None
        if pin:
            assert body is not None
            body = body.replace("8876", str(int(pin)))
        status, answer = send(installation, method, uri, headers, body)
        assert status == 200, answer
        if shown is not None and method + uri != "GET/groups":
            assert set(json.loads(shown)) <= set(answer)
        return answer

    plain = {"Content-Type": "application/json"}
    assert run("POST", "/generatePin", plain) == {}
    pin = installation.result("pin", fields["mobile-number"])["pin"]
    login = run("POST", "/loginWithPinAndApplicationId", plain, pin=pin)
    names = ("applicationId", "applicationSecret")
    headers = {name: installed[name] for name in names} | {"refreshToken": login["refreshToken"]}
    token = run("GET", "/accessToken", headers)["accessToken"]
    mine = {"accessToken": token}
    group = run("POST", "/groups", mine | plain)
    assert group["groupName"] == "Kaizala Test group"
    assert group["membersAdded"] is True
    assert [one["groupId"] for one in run("GET", "/groups", mine)["groups"]] == [group["groupId"]]
    status, receipt = send(installation, "POST", f"/groups/{group['groupId']}/messages", mine, '{message:"Hello"}')
    assert status == 200
    assert receipt.keys() == {"referenceId"}


def test_the_file_has_the_requests_of_this_order(spec_dir: Path) -> None:
    needed = {("POST", "/generatePin"), ("POST", "/loginWithPinAndApplicationId"), ("GET", "/accessToken")}
    assert needed | {("POST", "/groups"), ("GET", "/groups")} <= official_bodies(spec_dir).keys()
    assert pytest.approx(len(official_bodies(spec_dir)), abs=2) == 7
