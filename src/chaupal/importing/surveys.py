"""Surveys and their answers in a batch: the part of the rule that knows how they are counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from chaupal.actions.contents import Question, SurveyContent
from chaupal.actions.imported import PastAction, add_past_actions, check_past_action, known_actions
from chaupal.actions.limits import CONTENT_MAX_BYTES, QUESTIONS_MAX, TITLE_MAX_CHARS
from chaupal.errors import ChaupalError, InvalidParameters
from chaupal.importing.places import Places, derived_id
from chaupal.importing.records import ResponseRecord, SurveyRecord
from chaupal.responses.contents import Spot
from chaupal.responses.imported import PastResponse, add_past_responses, check_past_response, known_responses
from chaupal.store.transaction import Transaction

Note = Callable[[int, bool], None]
"""(a record's place in its batch, whether it is new)"""
Refuse = Callable[[int, ChaupalError], None]


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
        content=SurveyContent(title=record.title[:TITLE_MAX_CHARS], questions=questions),
        closed_at_ms=record.closed_at_us // 1000,
    )
    check_past_action(tx, action)
    add_past_actions(tx, [action])
    return True


def take_responses(
    tx: Transaction, places: Places, records: dict[int, ResponseRecord], *, note: Note, refuse: Refuse
) -> None:
    """Take answers in, by their places in the batch. Inside tx."""
    ids = {index: derived_id(tx.tenant_id, "response", record.derived_from) for index, record in records.items()}
    known = known_responses(tx, list(ids.values()))
    responders = {record.responder for record in records.values() if record.responder is not None}
    places.know_numbers(sorted(each.mobile_number for each in responders if each.mobile_number))
    places.know_names(sorted(each.name for each in responders if each.name and not each.mobile_number))
    by_survey: dict[str, list[tuple[int, PastResponse]]] = defaultdict(list)
    for index, record in records.items():
        if ids[index] in known:
            note(index, False)
            continue
        known.add(ids[index])
        try:
            response = _response_of(places, record, ids[index])
            check_past_response(tx, response)
            by_survey[derived_id(tx.tenant_id, "survey", record.survey)].append((index, response))
        except ChaupalError as error:
            refuse(index, error)
    for action_id, responses in by_survey.items():
        try:
            add_past_responses(tx, action_id, [response for _, response in responses])
        except ChaupalError as error:
            for index, _ in responses:
                refuse(index, error)
        else:
            for index, _ in responses:
                note(index, True)


def _response_of(places: Places, record: ResponseRecord, response_id: str) -> PastResponse:
    spot = None
    if record.latitude is not None and record.longitude is not None:
        spot = Spot(lt=record.latitude, lg=record.longitude, n=record.place)
    return PastResponse(
        response_id=response_id,
        responder_id="" if record.responder is None else places.person(record.responder).user_id,
        responded_at_us=record.responded_at_us,
        answers=[answer or None for answer in record.answers],
        spot=spot,
    )
