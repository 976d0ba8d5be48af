#!/usr/bin/env python3
"""From a refresh token to an answered survey, with requests: `pip install requests`.

Needs a running server and what `chaupal init` printed:

    APPLICATION_ID=... APPLICATION_SECRET=... REFRESH_TOKEN=... python3 first_steps.py

The last steps receive a webhook on this machine; the server calls it where CHAUPAL_CALLBACK_ALLOW names 127.0.0.1.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

API_ROOT = os.environ.get("API_ROOT", "http://127.0.0.1:8080")
CALLBACK_PORT = int(os.environ.get("CALLBACK_PORT", "8099"))
CALLBACK_TOKEN = "open-sesame"
TIMEOUT_S = 60


class Refused(Exception):
    """The server's answer is an error."""


class Account:
    """Whoever the refresh token stands for."""

    def __init__(self, application_id: str, application_secret: str, refresh_token: str) -> None:
        headers = {
            "applicationId": application_id,
            "applicationSecret": application_secret,
            "refreshToken": refresh_token,
        }
        answer = read(requests.get(f"{API_ROOT}/v1/accessToken", headers=headers, timeout=TIMEOUT_S))
        self.headers = {"accessToken": answer["accessToken"]}
        self.endpoint = answer["endpointUrl"] + "v1"  # it ends in a slash

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return read(requests.post(self.endpoint + path, json=body, headers=self.headers, timeout=TIMEOUT_S))

    def delete(self, path: str) -> dict[str, Any]:
        return read(requests.delete(self.endpoint + path, headers=self.headers, timeout=TIMEOUT_S))


def read(answer: requests.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if "errorCode" in body:
        raise Refused(f"{body['errorCode']}: {body['message']} (request {body['requestId']})")
    return body


class Receiver(BaseHTTPRequestHandler):
    """What the server calls when somebody has answered."""

    events: queue.Queue[dict[str, Any]] = queue.Queue()

    def do_GET(self) -> None:  # the proof that this address is ours
        token = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0]
        self.answer(200, token)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["kz-callback-token"] != CALLBACK_TOKEN:
            self.answer(403, "")
            return
        self.answer(200, "")  # first take it, then work
        self.events.put(json.loads(body))

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    names = ("APPLICATION_ID", "APPLICATION_SECRET", "REFRESH_TOKEN")
    account = Account(*(os.environ[name] for name in names))

    group = account.post("/groups", {"name": "Shop floor", "members": ["+919876500001"]})
    path = f"/groups/{group['groupId']}"
    print("Made the group", group["groupId"])

    message = account.post(f"{path}/messages", {"message": "The shop opens at nine."})
    print("Sent the message", message["referenceId"])

    questions = [
        {"title": "Sales", "type": "SingleOption", "options": [{"title": "Good"}, {"title": "Poor"}]},
        {"title": "Customers", "type": "Numeric"},
    ]
    form = {"title": "How was the day?", "dueDate": 48, "questions": questions}  # open for 48 hours
    survey = account.post(f"{path}/actions", {"actionType": "Survey", "actionBody": form})
    print("Posted the survey", survey["actionId"])

    server = ThreadingHTTPServer(("127.0.0.1", CALLBACK_PORT), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    wanted = {
        "objectId": survey["actionId"],
        "objectType": "Action",
        "eventTypes": ["SurveyResponse"],
        "callBackUrl": f"http://127.0.0.1:{CALLBACK_PORT}/",
        "callBackToken": CALLBACK_TOKEN,
    }
    webhook = account.post("/webhook", wanted)
    print("Registered the webhook", webhook["webhookId"])

    answers = {"actionType": "Survey", "actionBody": {"answers": ["Good", 42]}}
    account.post(f"{path}/actions/{survey['actionId']}/responses", answers)
    event = Receiver.events.get(timeout=TIMEOUT_S)
    for entry in event["data"]["responseDetails"]["responseWithQuestions"]:
        if "answer" in entry and not entry.get("isInvisible"):
            print("Received:", entry["title"], "=", entry["answer"])

    account.delete(f"/webhook/{webhook['webhookId']}")
    server.shutdown()
    print("Done")


if __name__ == "__main__":
    main()
