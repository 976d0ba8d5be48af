"""What a sender of short messages is, how it fails, and the job that calls it.

A sender never puts a number, a text or a credential into an exception or a log line.
"""

from __future__ import annotations

from typing import Protocol

from chaupal.jobs.rules import JobFailed, JobRefused
from chaupal.jobs.runner import Handler

_RETRIED_STATUSES = frozenset({408, 429})


class SmsRefused(JobRefused):
    """The provider will never take this message: a wrong number, credential or setting."""


class SmsFailed(JobFailed):
    """The message did not get through and may later."""


class SmsSender(Protocol):
    """Hands one message over to whoever delivers it."""

    async def send(self, number: str, text: str) -> None:
        """Return once the message is handed over. `number` is E.164.

        Raises:
            SmsRefused, SmsFailed.
        """


def build_sms_handler(sender: SmsSender) -> Handler:
    """The handler of jobs whose payload is `number` and `text`."""

    async def send_sms(payload: dict[str, str]) -> None:
        await sender.send(payload["number"], payload["text"])

    return send_sms


def check_status(who: str, status: int, details: str = "") -> None:
    """Pass where an HTTP status says that the message was taken.

    Raises:
        SmsRefused, SmsFailed.
    """
    if 200 <= status < 300:
        return
    sentence = f"{who} answered {status}{details}"
    if status >= 500 or status in _RETRIED_STATUSES:
        raise SmsFailed(sentence)
    raise SmsRefused(sentence)
