"""What the programs beside this file share: calls that survive lost answers, full servers and expired tokens.

A POST that might have been done is repeated with the same Idempotency-Key, so it is done once. Programs that give a key
of their own, made of what they announce, may even be killed in between and run again.
"""

from __future__ import annotations

import os
import random
import sys
import time
import uuid
from typing import Any

import requests

TIMEOUT_S = 60
TRIES = 6
LONGEST_WAIT_S = 60.0


class Refused(Exception):
    """The server will not do it, however often it is asked."""


class Unreachable(Exception):
    """The server could not be asked, or had no time, for all tries."""


class Account:
    """Whoever a refresh token stands for, in whichever groups it is a member of."""

    def __init__(self, api_root: str, application_id: str, application_secret: str, refresh_token: str) -> None:
        self._api_root = api_root.rstrip("/")
        self._secrets = {
            "applicationId": application_id,
            "applicationSecret": application_secret,
            "refreshToken": refresh_token,
        }
        self._session = requests.Session()
        self._session.max_redirects = 5
        self._endpoint = ""

    @classmethod
    def of_environment(cls) -> Account:
        """From API_ROOT, APPLICATION_ID, APPLICATION_SECRET and REFRESH_TOKEN; ends the program where one lacks."""
        names = ("APPLICATION_ID", "APPLICATION_SECRET", "REFRESH_TOKEN")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            sys.exit(f"Set {', '.join(missing)}: `chaupal init` or `chaupal token create` prints them.")
        return cls(os.environ.get("API_ROOT", "http://127.0.0.1:8080"), *(os.environ[name] for name in names))

    def send_message(self, group_id: str, text: str, *, key: str = "") -> str:
        """Post a text once, however often this is called with the key; its referenceId."""
        answer = self.call("POST", f"/groups/{group_id}/messages", {"message": shortened(text)}, key=key)
        return str(answer["referenceId"])

    def call(self, method: str, path: str, body: Any = None, *, key: str = "") -> dict[str, Any]:
        """The answer.

        Raises:
            Refused, Unreachable.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())} if method == "POST" else {}
        reason, wait_s = "", 0.0
        is_renewed = False
        for attempt in range(TRIES):
            if reason:
                wait_s = max(wait_s, random.uniform(0.5, 1.0) * 2 ** (attempt - 1))
                print(f"{method} {path}: {reason[:200]}; again in {wait_s:.0f} s", file=sys.stderr, flush=True)
                time.sleep(wait_s)
            try:
                self._sign_in()
                answer = self._session.request(
                    method, self._endpoint + path, json=body, headers=headers, timeout=TIMEOUT_S
                )
            except requests.RequestException as error:
                reason, wait_s = str(error), 0.0
                continue
            if answer.status_code == requests.codes.unauthorized and not is_renewed:
                self._endpoint, is_renewed = "", True  # a day is over
            elif is_busy(answer):
                reason, wait_s = answer.text, seconds_to_wait(answer)
            else:
                return read(answer)
        raise Unreachable(f"{method} {path}: {reason}")

    def _sign_in(self) -> None:
        if self._endpoint:
            return
        answer = self._session.get(f"{self._api_root}/v1/accessToken", headers=self._secrets, timeout=TIMEOUT_S)
        if is_busy(answer):
            raise requests.ConnectionError(answer.text)
        token = read(answer)
        self._session.headers["accessToken"] = token["accessToken"]
        self._endpoint = token["endpointUrl"] + "v1"


def read(answer: requests.Response) -> dict[str, Any]:
    """The fields of an answer.

    Raises:
        Refused.
    """
    try:
        fields = answer.json()
    except requests.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        raise Refused(f"status {answer.status_code} without JSON: is this address that of a Chaupal server?")
    if "errorCode" in fields:
        raise Refused(f"{fields['errorCode']}: {fields.get('message')} (request {fields.get('requestId')})")
    return fields


def is_busy(answer: requests.Response) -> bool:
    """Whether asking again later may help."""
    return answer.status_code >= 500 or answer.status_code == requests.codes.too_many_requests


def seconds_to_wait(answer: requests.Response) -> float:
    """What the server asks for, within reason."""
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked) if asked.isdigit() else 0.0, LONGEST_WAIT_S)


def key_of(*parts: str) -> str:
    """An Idempotency-Key that is the same for the same parts, on every machine."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(parts)))


def shortened(text: str, limit: int = 4_000) -> str:
    """A text that a message can hold."""
    text = text.replace("\0", "").strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"
