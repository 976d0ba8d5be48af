"""The senders that speak HTTP: Twilio, and any provider that takes a POST."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, urlencode

import msgspec

from chaupal.outbound.client import OutboundAnswer, OutboundClient, OutboundFailed
from chaupal.settings_rules import SettingRefused
from chaupal.sms.sending import SmsFailed, check_status

TWILIO_URL = "https://api.twilio.com"
_SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
_ANSWER_MAX_BYTES = 16_384
"""Only Twilio's error number is read; its answers are about 1 kB."""

_PLACEHOLDER = re.compile(r"\{(number|text)\}")
_NEXT_HEADER = re.compile(r";\s*(?=[A-Za-z0-9!#$%&'*+.^_`|~-]+:)")
"""A `;` that a header's name follows; others belong to a value, as in `application/json; charset=utf-8`."""


class TwilioSender:
    """Twilio's REST API, version 2010-04-01."""

    def __init__(
        self,
        outbound: OutboundClient,
        *,
        account: str,
        token: str,
        sender: str,
        timeout_s: float,
        base_url: str = TWILIO_URL,
    ) -> None:
        self._outbound = outbound
        self._url = f"{base_url}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        credentials = base64.b64encode(f"{account}:{token}".encode()).decode()
        self._headers = {
            "authorization": f"Basic {credentials}",
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        self._sender = ("MessagingServiceSid" if _SERVICE_SID.fullmatch(sender) else "From", sender)
        self._timeout_s = timeout_s

    async def send(self, number: str, text: str) -> None:
        """Send through Twilio."""
        form = urlencode([("To", number), self._sender, ("Body", text)])
        answer = await _post(self._outbound, self._url, self._headers, form.encode(), self._timeout_s)
        check_status("Twilio", answer.status, _twilio_error(answer))


class HttpSender:
    """A POST to the configured URL, with the body filled in."""

    def __init__(self, outbound: OutboundClient, *, url: str, headers: str, body: str, timeout_s: float) -> None:
        self._outbound = outbound
        self._url = url
        self._headers = {"content-type": "application/json", **read_headers(headers)}
        self._body = body
        self._timeout_s = timeout_s

    async def send(self, number: str, text: str) -> None:
        """Send through the configured provider."""
        body = fill_json(self._body, {"number": number, "text": text}).encode()
        answer = await _post(self._outbound, self._url, self._headers, body, self._timeout_s)
        check_status("the SMS provider", answer.status)


def read_headers(text: str) -> dict[str, str]:
    """`Name: value` joined by `; ` as a mapping with lower-case names.

    Raises:
        SettingRefused: a part has no name. The sentence does not show the values, which may be keys.
    """
    headers: dict[str, str] = {}
    for part in _NEXT_HEADER.split(text.strip().rstrip(";")):
        if not part.strip():
            continue
        name, colon, value = part.partition(":")
        if not colon or not name.strip() or not part.isprintable():
            raise SettingRefused("CHAUPAL_SMS_HTTP_HEADERS: must be `Name: value`, several joined by `; `")
        headers[name.strip().lower()] = value.strip()
    return headers


def fill_json(template: str, values: dict[str, str]) -> str:
    """The template with `{number}` and `{text}` filled in, once, as parts of JSON strings."""
    return _PLACEHOLDER.sub(lambda found: json.dumps(values[found[1]])[1:-1], template)


class _TwilioError(msgspec.Struct):
    """What Twilio says of a refusal. Its sentence is not read: it names the number."""

    code: int | None = None


def _twilio_error(answer: OutboundAnswer) -> str:
    try:
        code = msgspec.json.decode(answer.body, type=_TwilioError).code
    except msgspec.DecodeError:
        return ""
    return f" (error {code})" if code else ""


async def _post(
    outbound: OutboundClient, url: str, headers: dict[str, str], body: bytes, timeout_s: float
) -> OutboundAnswer:
    try:
        return await outbound.post(
            url, headers=headers, body=body, timeout_s=timeout_s, answer_max_bytes=_ANSWER_MAX_BYTES
        )
    except OutboundFailed as error:
        raise SmsFailed(f"the SMS provider: {error}") from None
