"""The two senders that reach nobody: onto the server's terminal, and not at all."""

from __future__ import annotations

import sys

from chaupal.sms.sending import SmsFailed


class ConsoleSender:
    """Writes each message onto the server's standard output, beside the log and never into it: it holds a PIN."""

    async def send(self, number: str, text: str) -> None:
        """Write one line."""
        try:
            sys.stdout.write(f">>> SMS to {_one_line(number)}: {_one_line(text)}\n")
            sys.stdout.flush()
        except (OSError, ValueError) as error:
            raise SmsFailed(f"the terminal cannot be written: {type(error).__name__}") from None


class OutboxSender:
    """Sends nothing: the operator reads the PIN with `chaupal pin` and tells it to its person."""

    async def send(self, number: str, text: str) -> None:
        """Do nothing."""


def _one_line(text: str) -> str:
    """The text without what would move the cursor: a connector's name, which others choose, is part of it."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
