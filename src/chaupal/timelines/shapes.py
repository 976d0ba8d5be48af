"""How a request names those it is for, and how an answer names those it did not reach. Source: contract, section 6."""

from __future__ import annotations

from chaupal.errors import InvalidParameters, NotFound
from chaupal.members.shapes import FailedResult
from chaupal.timelines.rules import Addressees
from chaupal.wire.numbers import read_mobile_number


def read_addressees(
    subscribers: list[str] | None, send_to_all_subscribers: bool | None
) -> tuple[Addressees, list[FailedResult]]:
    """Whom a message or action is for, and a failure for each number that cannot be read."""
    if subscribers is None:
        return Addressees(None, bool(send_to_all_subscribers)), []
    numbers: dict[str, None] = {}
    failed: list[FailedResult] = []
    for raw in subscribers:
        try:
            numbers[read_mobile_number(raw, "subscribers")] = None
        except InvalidParameters as error:
            failure = FailedResult(subscriber=raw, subscriber_id="", error_reason=str(error), error_code=error.code)
            failed.append(failure)
    if failed and not numbers:
        raise InvalidParameters(field="subscribers", value=subscribers, rule="must hold a mobile number")
    return Addressees(tuple(numbers), bool(send_to_all_subscribers)), failed


def build_unknown(numbers: tuple[str, ...]) -> list[FailedResult]:
    """A failure for each number that is no subscriber of the group."""
    return [
        FailedResult(
            subscriber=number,
            subscriber_id="",
            error_reason="Not a subscriber of this group.",
            error_code=NotFound.code,
        )
        for number in numbers
    ]
