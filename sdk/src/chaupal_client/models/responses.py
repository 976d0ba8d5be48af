"""Of the resource `responses`. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

import msgspec

from chaupal_client.models.shared import ItemResults, QuestionResults, ShownResponse


class ResponseReceipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to an answer. The last two are of a training with a quiz."""

    response_id: str

    score_percent: int | None = None
    """Of trainings with a quiz."""

    has_passed: bool | None = None
    """Of trainings with a quiz."""


class ResponsesAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Answers in the order in which they came; `cursor` only when more exist. `results` sum all of them up."""

    responses: tuple[ShownResponse, ...]

    has_more: bool
    """Whether there is a further page, and what leads to it."""

    cursor: str | None = None
    """Whether there is a further page, and what leads to it."""

    response_count: int
    """How many answers there are, and people who gave them."""

    responder_count: int | None = None
    """How many answers there are, and people who gave them."""

    results: tuple[QuestionResults, ...] | None = None
    """For each question `title`, `answerCount` and, for each of its `options`, `title` and `count`. A poll, a meeting
    and a roll call have one question."""

    item_results: tuple[ItemResults, ...] | None = None
    """Of a checklist, for each item: `title`, `isDone`, `isVerified`, `doneBy`, `doneAt`, `verifiedBy` (ids of
    people)."""
