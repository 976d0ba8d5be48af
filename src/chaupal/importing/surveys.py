"""Surveys and their answers in a batch: the part of the rule that knows how they are counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from chaupal.actions.contents import Content, Question, SurveyContent
from chaupal.actions.drafts import Property
from chaupal.actions.imported import PastAction, add_past_actions, check_past_action, known_actions, stored
from chaupal.actions.limits import CONTENT_MAX_BYTES, QUESTIONS_MAX, TITLE_MAX_CHARS
from chaupal.errors import ChaupalError, InvalidParameters
from chaupal.importing.places import Places, derived_id
from chaupal.importing.records import ActionRecord, PersonReference, ResponseRecord, SurveyRecord
from chaupal.messages.imported import known_messages
from chaupal.responses.contents import Answer, ResponseContent, Spot
from chaupal.responses.imported import (
    Answered,
    PastResponse,
    add_past_responses,
    as_answered,
    check_past_response,
    find_answered,
    known_responses,
)
from chaupal.store.transaction import Transaction

ReadAnswer = Callable[[Content, object], Answer]
"""Reads the body of an answer to an action that holds this."""

Note = Callable[[int, bool], None]
"""(a record's place in its batch, whether it is new)"""
Refuse = Callable[[int, ChaupalError], None]
Mend = Callable[[int, str], None]
"""(a record's place in its batch, what was done to it)"""


def take_survey(tx: Transaction, places: Places, record: SurveyRecord) -> bool:
    """Whether the survey was not there. Inside tx.

    Raises:
        InvalidParameters: it holds more than a survey may.
        NameShared, GroupGone.
    """
    action_id = derived_id(tx.tenant_id, "survey", record.derived_from)
    if known_actions(tx, [action_id]):
        return False
    if len(record.questions) > QUESTIONS_MAX:
        rule = f"must be at most {QUESTIONS_MAX}"
        raise InvalidParameters(field="questions", value=len(record.questions), rule=rule)
    if sum(len(question.encode()) for question in record.questions) > CONTENT_MAX_BYTES // 2:
        rule = f"must be at most {CONTENT_MAX_BYTES // 2} bytes in all"
        raise InvalidParameters(field="questions", value=record.title, rule=rule)
    questions = [
        Question(question.strip()[:TITLE_MAX_CHARS] or f"{number}", "Text", is_optional=True)
        for number, question in enumerate(record.questions, 1)
    ]
    action = PastAction(
        action_id=action_id,
        group_id=places.group(record.group).group_id,
        sender_id=places.person(record.sender).user_id,
        sent_at_us=record.sent_at_us,
        action_type="Survey",
        content=stored(SurveyContent(title=record.title[:TITLE_MAX_CHARS], questions=questions)),
        closed_at_ms=record.closed_at_us // 1000,
    )
    check_past_action(tx, action)
    add_past_actions(tx, [action])
    return True


def take_action(tx: Transaction, places: Places, record: ActionRecord) -> bool:
    """Whether the action was not there. Inside tx.

    Raises:
        InvalidParameters, NotFound, NameShared, GroupGone.
    """
    if known_actions(tx, [record.action_id]):
        return False
    if known_messages(tx, [record.action_id]):
        raise InvalidParameters(field="id", value=record.action_id, rule="is a message's already")
    assignees = dict.fromkeys(places.person(person).user_id for person in record.assigned)
    action = PastAction(
        action_id=record.action_id,
        group_id=places.group(record.group).group_id,
        sender_id=places.person(record.sender).user_id,
        sent_at_us=record.sent_at_us,
        action_type=record.action_type,
        content=record.content,
        package_id=record.package_id,
        package_version=record.package_version,
        visibility=record.visibility,
        is_anonymous=record.is_anonymous,
        accepts_multiple=record.accepts_multiple,
        expires_at_ms=record.expires_at_ms,
        closed_at_ms=tx.now_ms if record.is_anonymous and record.closed_at_ms is None else record.closed_at_ms,
        assignee_ids=tuple(assignees),
        properties=tuple(Property(*each) for each in record.properties),
    )
    check_past_action(tx, action)
    add_past_actions(tx, [action])
    return True


def take_responses(
    tx: Transaction,
    places: Places,
    records: dict[int, ResponseRecord],
    read_answer: ReadAnswer | None,
    *,
    note: Note,
    refuse: Refuse,
    mend: Mend,
) -> None:
    """Take answers in, by their places in the batch. Inside tx."""
    ids = {
        index: record.response_id or derived_id(tx.tenant_id, "response", record.derived_from)
        for index, record in records.items()
    }
    known = known_responses(tx, list(ids.values()))
    found: dict[str, Answered] = {}
    new: dict[int, Answered] = {}
    for index, record in records.items():
        if ids[index] in known:
            note(index, False)
            continue
        known.add(ids[index])
        action_id = record.action_id or derived_id(tx.tenant_id, "survey", record.survey)
        try:
            new[index] = found[action_id] = found.get(action_id) or find_answered(tx, action_id)
        except ChaupalError as error:
            refuse(index, error)
    _know_responders(places, [records[index].responder for index, to in new.items() if not to.action.is_anonymous])
    by_action: dict[str, dict[str, tuple[int, PastResponse]]] = defaultdict(dict)
    for index, answered in new.items():
        try:
            response = _response_of(places, records[index], ids[index], answered, read_answer)
            check_past_response(tx, response)
            by_action[answered.action.action_id][ids[index]] = (index, response)
        except ChaupalError as error:
            refuse(index, error)
    for action_id, responses in by_action.items():
        refused = add_past_responses(tx, found[action_id], [response for _, response in responses.values()])
        for response_id, (index, _) in responses.items():
            if response_id in refused:
                refuse(index, refused[response_id])
                continue
            note(index, True)
            if found[action_id].action.is_anonymous and records[index].responder is not None:
                mend(index, "taken without its responder, because the action is anonymous")


def _know_responders(places: Places, responders: list[PersonReference | None]) -> None:
    """Look up or add those who have answered in their names alone: a person's row would tell that they did."""
    named = {each for each in responders if each is not None}
    places.know_numbers(sorted(each.mobile_number for each in named if each.mobile_number))
    places.know_names(sorted(each.name for each in named if each.name and not each.mobile_number))


def _response_of(
    places: Places, record: ResponseRecord, response_id: str, answered: Answered, read_answer: ReadAnswer | None
) -> PastResponse:
    responder = None if answered.action.is_anonymous else record.responder
    response = PastResponse(
        response_id=response_id,
        responder_id="" if responder is None else places.person(responder).user_id,
        responded_at_us=record.responded_at_us,
        answer=_answer_of(record, answered, read_answer),
    )
    return as_answered(answered, response)


def _answer_of(record: ResponseRecord, answered: Answered, read_answer: ReadAnswer | None) -> Answer:
    if record.body is not None and read_answer is not None:
        answer = read_answer(answered.content, record.body)
        if answer.media:
            raise InvalidParameters(field=answer.media[0].field, value="a file", rule="cannot be imported with answers")
        return answer
    spot = None
    if record.latitude is not None and record.longitude is not None:
        spot = Spot(lt=record.latitude, lg=record.longitude, n=record.place)
    return Answer(content=ResponseContent(answers=[answer or None for answer in record.answers]), spot=spot)
