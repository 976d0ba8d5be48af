"""Answering an action, and changing an answer. Source: contract, section 8 (responses).

The rules of a tenant run one after another, so "one answer each" is a plain look before the write, and the counts that
are read are those that are written. Reading answers back is in `reading`, what keeps some anonymous in `anonymity`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chaupal.actions import contents as actions
from chaupal.actions.drafts import MediaUse, Package
from chaupal.actions.results import is_admin_there, may_see_results
from chaupal.actions.rules import Action, access_action, check_open, is_assigned
from chaupal.actions.types import ACTION_TYPES, ANSWERED_TYPES, find_type
from chaupal.auth.access import GroupAccess, access_group
from chaupal.auth.caller import Caller
from chaupal.auth.sealing import SecretKey
from chaupal.errors import Conflict, Forbidden, InvalidParameters, NotFound
from chaupal.events.catalogue import Event
from chaupal.media.file_types import MediaKind
from chaupal.media.rules import access_all_media, attach
from chaupal.responses.anonymity import HOUR_US, hour_of, note_answered, random_id, write_among_others
from chaupal.responses.contents import Answer, Sums, add_answers, questions_of, read_content, read_sums, write_json
from chaupal.responses.events import action_answered
from chaupal.responses.progress import check_roll_call, is_late, mark_item
from chaupal.responses.queries import (
    CountsRow,
    ResponseRow,
    insert_response,
    insert_response_counts,
    select_last_of_person,
    select_response,
    select_response_counts,
    update_response,
    update_response_counts,
)
from chaupal.responses.telling import maker_of
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction

ANSWERS_MAX_BYTES = 24_000
"""With the action's own 60,000 a webhook's body stays under 96 kB (contract, section 11)."""

CHANGED_TYPES = frozenset({"Job", "Poll", "LetsMeet", "Survey", "ActionPackage"})
"""What can be changed later. The others tell what happened at a time, or were an examination."""


class NotAnswered(InvalidParameters):
    """Nobody answers an action of this type."""

    def __init__(self, action_type: str) -> None:
        super().__init__(field="actionId", value=action_type, rule="must be an action that can be answered")


class NotAssigned(Forbidden):
    """The action was assigned to others."""

    template = "Not allowed: the action is not assigned to you."


class NotYours(Forbidden):
    """Only whoever gave an answer may change it."""

    template = "Not allowed: only whoever gave an answer may change it."


class NotSharing(Forbidden):
    """Only whoever shares their place says where they are."""

    template = "Not allowed: only whoever shares their location updates it."


class AnsweredAlready(Conflict):
    """One answer each. Fields: `response_id`, that of the first answer."""

    template = "You have answered this action already; send responseId {response_id} to change your answer."


class AnsweredForGood(Conflict):
    """One answer each, which cannot be changed."""

    template = "You have answered this action already."


class AnonymousForGood(Conflict):
    """Nobody knows whose answer it is, so nobody can change it."""

    template = "An anonymous answer cannot be changed."


class ResponseForGood(Conflict):
    """It tells what happened at its time. Fields: `action_type`."""

    template = "An answer to an action of type {action_type} cannot be changed."


REFUSALS = (NotAssigned, NotYours, NotSharing, AnsweredAlready, AnsweredForGood, AnonymousForGood, ResponseForGood)
"""Who may not answer, or change an answer."""


class ResponseDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it was sent. `named` are the words that say what is answered: a type, a package or the action.

    `read` reads the body; what it may hold is known from the action's content alone.
    """

    group_id: str
    action_id: str
    named: tuple[tuple[str, str], ...]
    response_id: str
    raw: object
    read: Callable[[actions.Content, object], Answer]
    secret_key: SecretKey


class GivenResponse(msgspec.Struct, frozen=True):
    """The answer's id, and of a training how it went."""

    response_id: str
    score_percent: int | None = None
    has_passed: bool | None = None


def respond(tx: Transaction, caller: Caller, draft: ResponseDraft) -> GivenResponse:
    """Answer an action, or change an answer.

    Raises:
        InvalidParameters, NotFound, Forbidden.
        ActionClosed, ActionRetracted, AnsweredAlready, AnsweredForGood, AnonymousForGood, ResponseForGood.
    """
    access = access_group(tx, caller, draft.group_id)
    action = access_action(tx, access, draft.action_id)
    check_named(action, draft)
    if action.action_type not in ANSWERED_TYPES:
        raise NotAnswered(action.action_type)
    check_open(tx, action)
    _check_may_answer(tx, access, action)
    changed = _access_changed(tx, access, action, draft)
    content: actions.Content = ACTION_TYPES[action.action_type].decode(action.content)
    answer = draft.read(content, draft.raw)
    size_bytes = len(write_json(answer.content).encode())
    if size_bytes > ANSWERS_MAX_BYTES:
        rule = f"must be at most {ANSWERS_MAX_BYTES} bytes in all, not {size_bytes}"
        raise InvalidParameters(field="actionBody", value=f"{size_bytes} bytes", rule=rule)
    _use_media(tx, access, action, answer.media)
    if action.is_anonymous:
        return _answer_anonymously(tx, access, action, _Given(content, answer), draft.secret_key)
    given = _Given(content, answer)
    if changed is None and (changed := _find_standing(tx, access, action, given)) is None:
        return _answer_first(tx, access, action, given)
    return _change_answer(tx, access, action, given, changed)


def check_named(action: Action, draft: ResponseDraft) -> None:
    """Raise InvalidParameters where the request names another action than the one in its path."""
    for field, word in draft.named:
        if not _is_named(action, word):
            full_id = Package(action.package_id, action.package_version).full_id
            rule = f"must name the action that is answered, whose type is {full_id or action.action_type}"
            raise InvalidParameters(field=field, value=word, rule=rule)


def _is_named(action: Action, word: str) -> bool:
    """Evidence for the action's own id: the reference calls `id` the "ID associated with the Action Instance"."""
    if word.casefold() == action.action_id or find_type(word) == action.action_type:
        return True
    if not action.package_id:
        return False
    return word in (action.package_id, Package(action.package_id, action.package_version).full_id)


def _check_may_answer(tx: Transaction, access: GroupAccess, action: Action) -> None:
    if action.assignee_count and not is_assigned(tx, action.action_id, access.caller.user_id):
        raise NotAssigned
    if action.action_type == "LiveLocation" and action.sender_id != access.caller.user_id:
        raise NotSharing


def _access_changed(tx: Transaction, access: GroupAccess, action: Action, draft: ResponseDraft) -> ResponseRow | None:
    """The answer that is to be changed; None where a new one is given."""
    if not draft.response_id:
        return None
    if action.is_anonymous:
        raise AnonymousForGood
    response = select_response(tx, draft.response_id)
    is_there = response is not None and response.action_id == action.action_id
    if response is not None and is_there and response.responder_id == access.caller.user_id:
        if action.action_type not in CHANGED_TYPES:
            raise ResponseForGood(action_type=action.action_type)
        return response
    if is_there and may_see_results(access, action).sees_answers:
        raise NotYours
    raise NotFound("response", response_id=draft.response_id)


def _use_media(tx: Transaction, access: GroupAccess, action: Action, uses: tuple[MediaUse, ...]) -> None:
    """Check the media in an answer, and mark them as used."""
    if uses and action.is_anonymous:
        rule = "cannot be answered anonymously: a file is known by whoever has uploaded it"
        raise InvalidParameters(field=uses[0].field, value=uses[0].resource, rule=rule)
    for kinds in {use.kinds for use in uses}:
        field_of = {use.resource: use.field for use in uses if use.kinds == kinds}
        try:
            found = access_all_media(tx, access.caller, list(field_of), kinds=[MediaKind(kind) for kind in kinds])
        except NotFound as error:
            resource = error.fields["media_resource"]
            rule = "must be a mediaResource that was uploaded here"
            raise InvalidParameters(field=field_of[resource], value=resource, rule=rule) from None
        except InvalidParameters as error:
            resource = error.fields["value"]
            raise InvalidParameters(field=field_of[resource], value=resource, rule=error.fields["rule"]) from None
        for media in found:
            attach(tx, media.media_id)


class _Given(msgspec.Struct, frozen=True):
    """An answer with what it answers."""

    content: actions.Content
    answer: Answer


def _find_standing(tx: Transaction, access: GroupAccess, action: Action, given: _Given) -> ResponseRow | None:
    """The answer that a job's assignee has given already: saying it again changes that one.

    Raises:
        AnsweredAlready, AnsweredForGood: one answer is allowed, and it was given.
    """
    if action.accepts_multiple or action.action_type == "Attendance":
        return None
    last = select_last_of_person(tx, action.action_id, access.caller.user_id)
    if last is None or action.action_type == "Job":
        return last
    if action.action_type in CHANGED_TYPES:
        raise AnsweredAlready(response_id=last.response_id)
    raise AnsweredForGood


def _answer_first(tx: Transaction, access: GroupAccess, action: Action, given: _Given) -> GivenResponse:
    """Write a new answer in its giver's name."""
    user_id = access.caller.user_id
    last = select_last_of_person(tx, action.action_id, user_id)
    counts, sums = _read_counts(tx, action, given.content)
    content, completed = given.answer.content, int(given.answer.is_completed)
    if isinstance(given.content, actions.AttendanceContent):
        check_roll_call(given.content, content, last, accepts_multiple=action.accepts_multiple)
        content.is_late = is_late(given.content, content, now_ms=tx.now_ms)
    response_id = new_id()
    if isinstance(given.content, actions.ChecklistContent):
        marked = mark_item(
            sums,
            given.content,
            content,
            response_id=response_id,
            user_id=user_id,
            is_by_admin=is_admin_there(access, action),
            now_ms=tx.now_ms,
        )
        if marked.standing_id:
            return GivenResponse(marked.standing_id)
        completed = marked.completed
    tx.append(_event_of(action, response_id, actor_id=user_id, via_group_id=access.group_id))
    insert_response(tx, _build_row(access, action, given.answer, response_id, at_us=tx.last_at_us))
    add_answers(sums, questions_of(given.content), content.answers, 1)
    _write_counts(tx, action, counts, sums, responders=int(last is None), completed=completed)
    return GivenResponse(response_id, content.score_percent, content.has_passed)


def _event_of(action: Action, response_id: str, *, actor_id: str, via_group_id: str, is_update: bool = False) -> Event:
    return maker_of(action.action_type)(
        action.group_id,
        response_id,
        action_id=action.action_id,
        actor_id=actor_id,
        is_update=is_update,
        via_group_id=via_group_id,
    )


def _build_row(access: GroupAccess, action: Action, answer: Answer, response_id: str, *, at_us: int) -> ResponseRow:
    return ResponseRow(
        action_id=action.action_id,
        responded_at_us=at_us,
        response_id=response_id,
        responder_id=access.caller.user_id,
        connector_id=access.caller.connector_id,
        group_id=access.group_id,
        response_name=answer.name,
        response_location=write_json(answer.spot) if answer.spot is not None else "",
        answers=write_json(answer.content),
        is_completed=answer.is_completed,
    )


def _change_answer(
    tx: Transaction, access: GroupAccess, action: Action, given: _Given, old: ResponseRow
) -> GivenResponse:
    """Put an answer in the place of an older one by the same person. No change where they are equal."""
    made = _build_row(access, action, given.answer, old.response_id, at_us=old.responded_at_us)
    new = made._replace(group_id=old.group_id, connector_id=old.connector_id, updated_at_ms=tx.now_ms)
    if new._replace(updated_at_ms=old.updated_at_ms) == old:
        return GivenResponse(old.response_id)
    questions = questions_of(given.content)
    counts, sums = _read_counts(tx, action, given.content)
    add_answers(sums, questions, read_content(old.answers).answers, -1)
    add_answers(sums, questions, given.answer.content.answers, 1)
    event = _event_of(
        action, old.response_id, actor_id=access.caller.user_id, via_group_id=old.group_id, is_update=True
    )
    tx.append(event)
    update_response(tx, new)
    _write_counts(tx, action, counts, sums, given=0, completed=int(new.is_completed) - int(old.is_completed))
    return GivenResponse(old.response_id)


def _answer_anonymously(
    tx: Transaction, access: GroupAccess, action: Action, given: _Given, secret_key: SecretKey
) -> GivenResponse:
    """Write an answer in nobody's name. The id that is given back leads to nothing; see `anonymity`."""
    is_first = note_answered(tx, action, access.caller.user_id, secret_key)
    if not is_first and not action.accepts_multiple:
        raise AnsweredForGood
    tx.append(action_answered(action.group_id, action.action_id))
    hour_us = hour_of(tx.now_ms)
    row = ResponseRow(
        action_id=action.action_id,
        responded_at_us=hour_us,
        response_id=random_id(),
        responder_id="",
        group_id=action.group_id,
        answers=write_json(given.answer.content),
        tell_after_us=hour_us + HOUR_US,
    )
    write_among_others(tx, row)
    counts, sums = _read_counts(tx, action, given.content)
    add_answers(sums, questions_of(given.content), given.answer.content.answers, 1)
    _write_counts(tx, action, counts, sums, responders=int(is_first))
    return GivenResponse(random_id())


def _read_counts(tx: Transaction, action: Action, content: actions.Content) -> tuple[CountsRow | None, Sums]:
    counts = select_response_counts(tx, action.action_id)
    return counts, read_sums(counts.sums if counts is not None else None, questions_of(content))


def _write_counts(
    tx: Transaction,
    action: Action,
    counts: CountsRow | None,
    sums: Sums,
    *,
    given: int = 1,
    responders: int = 0,
    completed: int = 0,
) -> None:
    old = counts or CountsRow()
    new = CountsRow(
        response_count=old.response_count + given,
        responder_count=old.responder_count + responders,
        completed_count=old.completed_count + completed,
        sums=write_json(sums),
    )
    if counts is None:
        insert_response_counts(tx, action.action_id, new)
    else:
        update_response_counts(tx, action.action_id, new)
