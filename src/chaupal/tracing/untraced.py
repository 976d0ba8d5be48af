"""What stands in for a trace where there is none; knows nothing of OpenTelemetry, so that it costs a start nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol


class Traced(Protocol):
    """One thing that is being done, as far as its trace is concerned."""

    @property
    def headers(self) -> dict[str, str]:
        """What to send along, so that the other side's trace goes on from here."""

    def note(self, status: int) -> None:
        """What was answered."""

    def note_failure(self, reason: str) -> None:
        """Nothing was."""


class OutboundTracing(Protocol):
    """What the clients for other machines need of a tracer."""

    def outgoing(self, method: str, url: str) -> AbstractContextManager[Traced]:
        """A call to another machine."""

    def delivery(self, *, event_id: str, attempt: int) -> AbstractContextManager[Traced]:
        """One try to deliver an event to a webhook."""


class _Untraced:
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed

    def note(self, status: int) -> None:
        """Nobody wants to know."""

    def note_failure(self, reason: str) -> None:
        """Nobody wants to know."""

    def __enter__(self) -> Traced:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


UNTRACED = _Untraced()
"""A context manager, as those of a tracer are."""
