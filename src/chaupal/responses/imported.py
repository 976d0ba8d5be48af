"""Answers of an organization's past elsewhere, to actions that were brought along with them."""

from __future__ import annotations

import msgspec

from chaupal.actions.contents import AttendanceContent, ChecklistContent, Content
from chaupal.actions.rules import Action, find_actions
from chaupal.actions.types import ACTION_TYPES, ANSWERED_TYPES
from chaupal.errors import ChaupalError, InvalidParameters, NotFound
from chaupal.responses.anonymity import HOUR_US
from chaupal.responses.contents import Answer, Sums, add_answers, questions_of, read_sums, write_json
from chaupal.responses.events import past_responses_added
from chaupal.responses.progress import is_late, mark_item
from chaupal.responses.queries import (
    CountsRow,
    ResponseRow,
    insert_past_responses,
    insert_response_counts,
    select_known_responders,
    select_known_responses,
    select_response_counts,
    update_response_counts,
)
from chaupal.responses.rules import ANSWERS_MAX_BYTES
from chaupal.store.transaction import Transaction


class PastResponse(msgspec.Struct, frozen=True):
    """An answer as it was given. `responder_id` "" where nobody knows whose it was."""

    response_id: str
    responder_id: str
    responded_at_us: int
    answer: Answer


def known_responses(tx: Transaction, response_ids: list[str]) -> set[str]:
    """Those of the ids that are answers already, to whichever action."""
    return select_known_responses(tx, response_ids) if response_ids else set()


def check_past_response(tx: Transaction, response: PastResponse) -> None:
    """Raise InvalidParameters where an answer cannot have been given like this."""
    if response.responded_at_us > tx.now_ms * 1000:
        raise InvalidParameters(field="time", value=response.responded_at_us // 1000, rule="must not be in the future")
    size_bytes = len(write_json(response.answer.content).encode())
    if size_bytes > ANSWERS_MAX_BYTES:
        rule = f"must be at most {ANSWERS_MAX_BYTES} bytes in all, not {size_bytes}"
        raise InvalidParameters(field="answers", value=f"{size_bytes} bytes", rule=rule)


class Answered(msgspec.Struct, frozen=True):
    """An action that answers are brought along to, and what it holds."""

    action: Action
    content: Content


def find_answered(tx: Transaction, action_id: str) -> Answered:
    """The action with this id.

    Raises:
        NotFound: there is none, or it was retracted.
        InvalidParameters: it takes no answers.
    """
    action = find_actions(tx, [action_id]).get(action_id)
    if action is None or not action.content:
        raise NotFound("action", action_id=action_id)
    if action.action_type not in ANSWERED_TYPES:
        rule = "must be an action whose answers can be imported"
        raise InvalidParameters(field="actionId", value=action.action_type, rule=rule)
    return Answered(action, ACTION_TYPES[action.action_type].decode(action.content))


def as_answered(answered: Answered, response: PastResponse) -> PastResponse:
    """An answer as it is kept: to an anonymous action, nobody's, and of its hour; see `anonymity`."""
    if not answered.action.is_anonymous:
        return response
    hour_us = response.responded_at_us - response.responded_at_us % HOUR_US
    return PastResponse(response.response_id, "", hour_us, Answer(content=response.answer.content))


def add_past_responses(tx: Transaction, answered: Answered, responses: list[PastResponse]) -> dict[str, ChaupalError]:
    """Write answers that are checked and not known yet, and count them; those that do not follow on the ones before, by
    id. Inside tx. One event."""
    action, action_id = answered.action, answered.action.action_id
    old = select_response_counts(tx, action_id)
    before = old or CountsRow()
    sums = read_sums(before.sums, questions_of(answered.content))
    refused: dict[str, ChaupalError] = {}
    rows: list[ResponseRow] = []
    completed_count = before.completed_count
    # In the order in which they were given, on which the state of a checklist depends.
    for response in sorted(responses, key=lambda each: each.responded_at_us):
        try:
            completed_count += _count(answered.content, response, sums)
            rows.append(_row(action_id, action.group_id, response))
        except ChaupalError as error:
            refused[response.response_id] = error
    if not rows:
        return refused
    named = {row.responder_id for row in rows if row.responder_id}
    new_responders = named - select_known_responders(tx, action_id, sorted(named))
    nameless = sum(not row.responder_id for row in rows)
    tx.append(past_responses_added(action.group_id, action_id, response_count=len(rows)))
    insert_past_responses(tx, rows)
    counts = CountsRow(
        response_count=before.response_count + len(rows),
        responder_count=before.responder_count + len(new_responders) + nameless,
        completed_count=completed_count,
        sums=write_json(sums),
    )
    if old is None:
        insert_response_counts(tx, action_id, counts)
    else:
        update_response_counts(tx, action_id, counts)
    return refused


def _count(asked: Content, response: PastResponse, sums: Sums) -> int:
    """Count an answer in `sums`; by how much what is done of the action changes.

    Raises:
        NotDone, DoneByYou: of a checklist's item.
    """
    content, at_ms = response.answer.content, response.responded_at_us // 1000
    if isinstance(asked, ChecklistContent):
        marked = mark_item(
            sums,
            asked,
            content,
            response_id=response.response_id,
            user_id=response.responder_id,
            is_by_admin=True,  # what was done then was allowed then
            now_ms=at_ms,
        )
        return marked.completed
    if isinstance(asked, AttendanceContent):
        content.is_late = is_late(asked, content, now_ms=at_ms)
    add_answers(sums, questions_of(asked), content.answers, 1)
    return int(response.answer.is_completed)


def _row(action_id: str, group_id: str, response: PastResponse) -> ResponseRow:
    answer = response.answer
    return ResponseRow(
        action_id=action_id,
        responded_at_us=response.responded_at_us,
        response_id=response.response_id,
        responder_id=response.responder_id,
        group_id=group_id,
        response_name=answer.name,
        response_location=write_json(answer.spot) if answer.spot is not None else "",
        answers=write_json(answer.content),
        is_completed=answer.is_completed,
    )
