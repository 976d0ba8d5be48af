"""Answers to surveys and reactions to messages, as rules for `seed.run_steps`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import insert

from bench.seed import Seeder, Step, in_chunks
from chaupal.actions.queries import ActionRow, select_action
from chaupal.actions.types import ACTION_TYPES
from chaupal.messages.queries import select_message
from chaupal.reactions.events import reaction_created
from chaupal.reactions.queries import CountChange, CountRow, ReactionRow, add_to_counts, ensure_counts
from chaupal.reactions.tables import reactions
from chaupal.responses.contents import ResponseContent, Spot, add_answers, questions_of, read_sums, write_json
from chaupal.responses.events import survey_response
from chaupal.responses.queries import (
    CountsRow,
    ResponseRow,
    insert_response_counts,
    insert_responses,
    select_response_counts,
    update_response_counts,
)
from chaupal.store.clock import new_id
from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction

# The product inserts one reaction at a time.
_INSERT_REACTIONS = statement(insert(reactions))

ANSWER_OF_TYPE = {"SingleOption": 1, "Text": "On time.", "Numeric": 42, "Location": Spot(lt=28.8, lg=79.03)}
"""An answer to each type of question that the benchmark's survey has."""


@dataclass(frozen=True)
class NewReactions:
    """Likes of one message, or answers to one survey, by people who have not given any yet."""

    item_id: str
    user_ids: Sequence[str]


def steps_of_answers(survey_id: str, user_ids: Sequence[str]) -> Iterator[Step]:
    for chunk in in_chunks(user_ids):
        yield Step(add_answers_of, NewReactions(survey_id, chunk))


def steps_of_likes(message_id: str, user_ids: Sequence[str]) -> Iterator[Step]:
    for chunk in in_chunks(user_ids):
        yield Step(add_likes, NewReactions(message_id, chunk))


def add_answers_of(tx: Transaction, seeder: Seeder, new: NewReactions) -> None:
    action = select_action(tx, new.item_id)
    assert action is not None
    questions = questions_of(ACTION_TYPES[action.action_type].decode(action.content))
    content = ResponseContent(answers=[ANSWER_OF_TYPE[question.type] for question in questions])
    old = select_response_counts(tx, new.item_id)
    sums = read_sums(old.sums if old is not None else None, questions)
    add_answers(sums, questions, content.answers, len(new.user_ids))
    insert_responses(tx, [_build_response(tx, action, user_id, write_json(content)) for user_id in new.user_ids])
    count = (old.response_count if old is not None else 0) + len(new.user_ids)
    counts = CountsRow(count, count, 0, write_json(sums))
    (insert_response_counts if old is None else update_response_counts)(tx, new.item_id, counts)


def _build_response(tx: Transaction, action: ActionRow, user_id: str, answers: str) -> ResponseRow:
    response_id = new_id()
    event = survey_response(
        action.group_id,
        response_id,
        action_id=action.action_id,
        actor_id=user_id,
        via_group_id=action.group_id,
        is_update=False,
    )
    tx.append(event)
    return ResponseRow(
        action_id=action.action_id,
        responded_at_us=tx.last_at_us,
        response_id=response_id,
        responder_id=user_id,
        connector_id="",
        group_id=action.group_id,
        response_name="",
        response_location="",
        answers=answers,
        is_completed=False,
        updated_at_ms=None,
        tell_after_us=None,
    )


def add_likes(tx: Transaction, seeder: Seeder, new: NewReactions) -> None:
    message = select_message(tx, new.item_id)
    assert message is not None
    rows: list[dict[str, object]] = []
    for user_id in new.user_ids:
        reaction_id = new_id()
        event = reaction_created(
            message.group_id, reaction_id, item_id=new.item_id, reaction_type="Like", actor_id=user_id
        )
        tx.append(event)
        row = ReactionRow(
            reaction_id=reaction_id,
            item_id=new.item_id,
            group_id=message.group_id,
            via_group_id=message.group_id,
            user_id=user_id,
            reaction_type="Like",
            comment="",
            is_by_subscriber=False,
            is_removed=False,
            changed_at_us=tx.last_at_us,
        )
        rows.append(row._asdict())
    tx.run_many(_INSERT_REACTIONS, rows)
    ensure_counts(tx, CountRow(new.item_id, message.group_id, message.audience, message.sent_at_us, 0, 0, 0))
    change = CountChange(len(new.user_ids), 0, is_by_subscriber=False)
    add_to_counts(tx, new.item_id, change, at_us=tx.last_at_us)
