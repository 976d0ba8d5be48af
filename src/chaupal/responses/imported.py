"""Answers of an organization's past elsewhere, to actions that were brought along with them."""

from __future__ import annotations

import msgspec

from chaupal.actions.contents import Content
from chaupal.actions.rules import Action, find_action
from chaupal.actions.types import ACTION_TYPES, ANSWERED_TYPES
from chaupal.errors import InvalidParameters, NotFound
from chaupal.responses.contents import Answer, add_answers, questions_of, read_sums, write_json
from chaupal.responses.events import past_responses_added
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
        InvalidParameters: it takes no answers, or none that could be brought along.
    """
    action = find_action(tx, action_id)
    if action is None or not action.content:
        raise NotFound("action", action_id=action_id)
    # The state of a checklist comes of who has done what after whom, and an anonymous answer is nobody's.
    if action.action_type not in ANSWERED_TYPES or action.action_type == "Checklist" or action.is_anonymous:
        rule = "must be an action whose answers can be imported"
        raise InvalidParameters(field="actionId", value=action.action_type, rule=rule)
    return Answered(action, ACTION_TYPES[action.action_type].decode(action.content))


def add_past_responses(tx: Transaction, answered: Answered, responses: list[PastResponse]) -> None:
    """Write answers that are checked and not known yet, and count them. Inside tx. One event."""
    action, action_id = answered.action, answered.action.action_id
    questions = questions_of(answered.content)
    old = select_response_counts(tx, action_id)
    sums = read_sums(old.sums if old is not None else None, questions)
    named = {response.responder_id for response in responses if response.responder_id}
    new_responders = named - select_known_responders(tx, action_id, sorted(named))
    rows = []
    for response in responses:
        add_answers(sums, questions, response.answer.content.answers, 1)
        rows.append(_row(action_id, action.group_id, response))
    tx.append(past_responses_added(action.group_id, action_id, response_count=len(rows)))
    insert_past_responses(tx, rows)
    before = old or CountsRow()
    nameless = sum(not response.responder_id for response in responses)
    counts = CountsRow(
        response_count=before.response_count + len(rows),
        responder_count=before.responder_count + len(new_responders) + nameless,
        completed_count=before.completed_count + sum(response.answer.is_completed for response in responses),
        sums=write_json(sums),
    )
    if old is None:
        insert_response_counts(tx, action_id, counts)
    else:
        update_response_counts(tx, action_id, counts)


def _row(action_id: str, group_id: str, response: PastResponse) -> ResponseRow:
    answer = response.answer
    return ResponseRow(
        action_id=action_id,
        responded_at_us=response.responded_at_us,
        response_id=response.response_id,
        responder_id=response.responder_id,
        connector_id="",
        group_id=group_id,
        response_name=answer.name,
        response_location=write_json(answer.spot) if answer.spot is not None else "",
        answers=write_json(answer.content),
        is_completed=answer.is_completed,
        updated_at_ms=None,
        tell_after_us=None,
    )
