"""The statements on answers and their counts. What keeps anonymous ones so has a module of its own."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Integer, and_, bindparam, delete, insert, or_, select, update

from chaupal.actions.tables import actions
from chaupal.people.tables import people
from chaupal.responses.tables import IS_UNTOLD, answer_erasures, answer_keys, response_counts, responses
from chaupal.store.statements import Statement, in_list, statement
from chaupal.store.transaction import Transaction


class ResponseRow(NamedTuple):
    """One answer. `tell_after_us` is only of an anonymous one whose event is still to come."""

    action_id: str
    responded_at_us: int
    response_id: str
    responder_id: str
    group_id: str
    answers: str
    connector_id: str = ""
    response_name: str = ""
    response_location: str = ""
    is_completed: bool = False
    updated_at_ms: int | None = None
    tell_after_us: int | None = None


class SeenResponse(NamedTuple):
    """An answer with whoever gave it; None where that is nobody that is known."""

    response: ResponseRow
    responder_number: str | None
    responder_name: str | None


class UntoldRow(NamedTuple):
    """An anonymous answer whose event is still to come, and the action it answers."""

    response_id: str
    action_id: str
    action_type: str
    group_id: str


class CountsRow(NamedTuple):
    """The counts of an action's answers; `sums` is JSON, None where nobody has answered."""

    response_count: int = 0
    responder_count: int = 0
    completed_count: int = 0
    sums: str | None = None


class ResponsePlace(NamedTuple):
    """A place among an action's answers, which are in the order in which they came."""

    responded_at_us: int
    response_id: str


FIRST_PLACE = ResponsePlace(-1, "")

_HERE = responses.c.tenant_id == bindparam("tenant_id")
_OF_ACTION = (_HERE, responses.c.action_id == bindparam("which_action"))
COLUMNS = tuple(responses.c[name] for name in ResponseRow._fields)
_PAGE: BindParameter[int] = bindparam("row_count", type_=Integer())
# Not a comparison of rows: SQLite would walk the index from its beginning on.
_BEYOND = and_(
    responses.c.responded_at_us >= bindparam("place_us"),
    or_(responses.c.responded_at_us > bindparam("place_us"), responses.c.response_id > bindparam("place_id")),
)
_SELECT_ONE = statement(select(*COLUMNS).where(_HERE, responses.c.response_id == bindparam("which_id")))

_SELECT_SEVERAL = statement(select(*COLUMNS).where(_HERE, in_list(responses.c.response_id, "response_ids")))


def _page(*conditions: ColumnElement[bool]) -> Statement:
    responder = and_(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == responses.c.responder_id)
    return statement(
        select(*COLUMNS, people.c.mobile_number, people.c.name)
        .select_from(responses.outerjoin(people, responder))
        .where(*_OF_ACTION, _BEYOND, *conditions)
        .order_by(responses.c.responded_at_us, responses.c.response_id)
        .limit(_PAGE)
    )


_SELECT_PAGE = _page()
_SELECT_PAGE_OF_PERSON = _page(responses.c.responder_id == bindparam("user_id"))
_SELECT_LAST_OF_PERSON = statement(
    select(*COLUMNS)
    .where(*_OF_ACTION, responses.c.responder_id == bindparam("user_id"))
    .order_by(responses.c.responded_at_us.desc(), responses.c.response_id.desc())
    .limit(1)
)
_SELECT_RESPONDERS = statement(
    select(responses.c.action_id, responses.c.responder_id)
    .distinct()
    .where(_HERE, in_list(responses.c.action_id, "action_ids"))
    .limit(_PAGE)
)
_INSERT = statement(insert(responses))
# As of messages: what is brought along must not make the users' calls forget what they know.
_INSERT_PAST = statement(insert(responses), is_aside=True)
_SELECT_KNOWN = statement(
    select(responses.c.response_id).where(_HERE, in_list(responses.c.response_id, "response_ids"))
)
_SELECT_KNOWN_RESPONDERS = statement(
    select(responses.c.responder_id).distinct().where(*_OF_ACTION, in_list(responses.c.responder_id, "user_ids"))
)
_UPDATE = statement(
    update(responses)
    .where(
        *_OF_ACTION,
        responses.c.responded_at_us == bindparam("which_at_us"),
        responses.c.response_id == bindparam("which_id"),
    )
    .values(
        response_name=bindparam("new_name"),
        response_location=bindparam("new_location"),
        answers=bindparam("new_answers"),
        is_completed=bindparam("new_is_completed"),
        updated_at_ms=bindparam("at_ms"),
    )
)

_COUNTED = (
    response_counts.c.tenant_id == bindparam("tenant_id"),
    response_counts.c.action_id == bindparam("which_action"),
)
_SELECT_COUNTS = statement(select(*(response_counts.c[name] for name in CountsRow._fields)).where(*_COUNTED))
_INSERT_COUNTS = statement(insert(response_counts))
_UPDATE_COUNTS = statement(
    update(response_counts)
    .where(*_COUNTED)
    .values(
        response_count=bindparam("new_response_count"),
        responder_count=bindparam("new_responder_count"),
        completed_count=bindparam("new_completed_count"),
        sums=bindparam("new_sums"),
    )
)
_ERASE_COUNTS = statement(update(response_counts).where(*_COUNTED).values(sums=None))

_INSERT_ERASURE = statement(insert(answer_erasures))
_SELECT_ERASURE = statement(
    select(answer_erasures.c.action_id).where(answer_erasures.c.tenant_id == bindparam("tenant_id")).limit(1)
)
_DELETE_ERASURE = statement(
    delete(answer_erasures).where(
        answer_erasures.c.tenant_id == bindparam("tenant_id"),
        answer_erasures.c.action_id == bindparam("which_action"),
    )
)
_SELECT_IDS = statement(select(responses.c.response_id).where(*_OF_ACTION).limit(_PAGE))
DELETE_RESPONSES = statement(delete(responses).where(*_OF_ACTION, in_list(responses.c.response_id, "response_ids")))

# The keys are few: one for each anonymous action that was answered and is still open.
_SELECT_OVER = statement(
    select(answer_keys.c.action_id)
    .select_from(
        answer_keys.join(
            actions,
            and_(actions.c.tenant_id == bindparam("tenant_id"), actions.c.action_id == answer_keys.c.action_id),
        )
    )
    .where(
        answer_keys.c.tenant_id == bindparam("tenant_id"),
        or_(
            actions.c.expires_at_ms <= bindparam("at_ms"),
            actions.c.closed_at_ms.is_not(None),
            actions.c.retracted_at_ms.is_not(None),
        ),
    )
    .limit(_PAGE)
)

_SELECT_UNTOLD = statement(
    select(responses.c.response_id, responses.c.action_id, actions.c.action_type, actions.c.group_id)
    .select_from(
        responses.join(
            actions,
            and_(actions.c.tenant_id == bindparam("tenant_id"), actions.c.action_id == responses.c.action_id),
        ).join(
            response_counts,
            and_(
                response_counts.c.tenant_id == bindparam("tenant_id"),
                response_counts.c.action_id == responses.c.action_id,
            ),
        )
    )
    .where(
        responses.c.tenant_id == bindparam("tenant_id"),
        IS_UNTOLD,
        responses.c.tell_after_us <= bindparam("now_us"),
        response_counts.c.response_count >= bindparam("least"),
        actions.c.retracted_at_ms.is_(None),
    )
    .order_by(responses.c.tell_after_us, responses.c.response_id)
    .limit(_PAGE)
)


def select_response(tx: Transaction, response_id: str) -> ResponseRow | None:
    """By id, of whichever action."""
    row = tx.one_or_none(_SELECT_ONE, which_id=response_id)
    return ResponseRow(*row) if row else None


def select_several_responses(tx: Transaction, response_ids: list[str]) -> list[ResponseRow]:
    """Those of the ids that there are, of whichever actions."""
    return [ResponseRow(*row) for row in tx.all(_SELECT_SEVERAL, response_ids=response_ids)]


def select_responses(
    tx: Transaction, action_id: str, *, place: ResponsePlace, row_count: int, user_id: str = ""
) -> list[SeenResponse]:
    """At most `row_count` answers beyond a place, in the order in which they came; with `user_id` that person's own."""
    bound = {"which_action": action_id, "place_us": place[0], "place_id": place[1], "row_count": row_count}
    rows = tx.all(_SELECT_PAGE_OF_PERSON, **bound, user_id=user_id) if user_id else tx.all(_SELECT_PAGE, **bound)
    width = len(COLUMNS)
    return [SeenResponse(ResponseRow(*row[:width]), *row[width:]) for row in rows]


def select_last_of_person(tx: Transaction, action_id: str, user_id: str) -> ResponseRow | None:
    """The last answer that someone has given to an action, in their own name."""
    row = tx.one_or_none(_SELECT_LAST_OF_PERSON, which_action=action_id, user_id=user_id)
    return ResponseRow(*row) if row else None


def select_responders(tx: Transaction, action_ids: list[str], *, row_count: int) -> dict[str, set[str]]:
    """The ids of those who have answered each of some actions in their own name, at most so many in all."""
    found: dict[str, set[str]] = {}
    for action_id, user_id in tx.all(_SELECT_RESPONDERS, action_ids=action_ids, row_count=row_count):
        if user_id:
            found.setdefault(action_id, set()).add(user_id)
    return found


def insert_response(tx: Transaction, response: ResponseRow) -> None:
    """Inside tx; at once, because a later rule of the same batch may meet it."""
    tx.run(_INSERT, **response._asdict())


def select_known_responses(tx: Transaction, response_ids: list[str]) -> set[str]:
    """Those of the ids that are answers."""
    return {row[0] for row in tx.all(_SELECT_KNOWN, response_ids=response_ids)}


def select_known_responders(tx: Transaction, action_id: str, user_ids: list[str]) -> set[str]:
    """Those among the people who have answered an action in their own name."""
    return {row[0] for row in tx.all(_SELECT_KNOWN_RESPONDERS, which_action=action_id, user_ids=user_ids)}


def insert_past_responses(tx: Transaction, rows: list[ResponseRow]) -> None:
    """Answers of the past. Inside tx; at once, because the next batch looks for their ids."""
    tx.run_many(_INSERT_PAST, [row._asdict() for row in rows])


def insert_responses(tx: Transaction, rows: list[ResponseRow]) -> None:
    """Inside tx, in the order of the list."""
    tx.run_many(_INSERT, [row._asdict() for row in rows])


def update_response(tx: Transaction, response: ResponseRow) -> None:
    """Write what an author may change. Inside tx."""
    tx.run(
        _UPDATE,
        which_action=response.action_id,
        which_at_us=response.responded_at_us,
        which_id=response.response_id,
        new_name=response.response_name,
        new_location=response.response_location,
        new_answers=response.answers,
        new_is_completed=response.is_completed,
        at_ms=response.updated_at_ms,
    )


def select_response_counts(tx: Transaction, action_id: str) -> CountsRow | None:
    """None where nobody has answered."""
    row = tx.one_or_none(_SELECT_COUNTS, which_action=action_id)
    return CountsRow(*row) if row else None


def insert_response_counts(tx: Transaction, action_id: str, counts: CountsRow) -> None:
    """Inside tx."""
    tx.run(_INSERT_COUNTS, action_id=action_id, **counts._asdict())


def update_response_counts(tx: Transaction, action_id: str, counts: CountsRow) -> None:
    """Inside tx. The rules of a tenant run one after another, so nobody has counted meanwhile."""
    tx.run(
        _UPDATE_COUNTS,
        which_action=action_id,
        new_response_count=counts.response_count,
        new_responder_count=counts.responder_count,
        new_completed_count=counts.completed_count,
        new_sums=counts.sums,
    )


def erase_sums(tx: Transaction, action_id: str) -> None:
    """Forget what was chosen; how many have answered stays. Inside tx."""
    tx.run(_ERASE_COUNTS, which_action=action_id)


def insert_erasure(tx: Transaction, action_id: str) -> None:
    """Note that an action's answers are to be erased. Inside tx."""
    tx.run(_INSERT_ERASURE, action_id=action_id)


def select_erasure(tx: Transaction) -> str | None:
    """An action whose answers are to be erased."""
    row = tx.one_or_none(_SELECT_ERASURE)
    return row[0] if row else None


def delete_erasure(tx: Transaction, action_id: str) -> None:
    """Inside tx."""
    tx.run(_DELETE_ERASURE, which_action=action_id)


def delete_some_responses(tx: Transaction, action_id: str, *, row_count: int) -> int:
    """Delete at most `row_count` answers to an action; how many. Inside tx."""
    ids = [row[0] for row in tx.all(_SELECT_IDS, which_action=action_id, row_count=row_count)]
    if ids:
        tx.run(DELETE_RESPONSES, which_action=action_id, response_ids=ids)
    return len(ids)


def select_over(tx: Transaction, *, row_count: int) -> list[str]:
    """Actions that take no more answers and whose key is still there."""
    return [row[0] for row in tx.all(_SELECT_OVER, at_ms=tx.now_ms, row_count=row_count)]


def select_untold(tx: Transaction, *, least: int, now_us: int, row_count: int) -> list[UntoldRow]:
    """Answers whose hour is over, to actions with at least so many answers, in the order of their ids."""
    rows = tx.all(_SELECT_UNTOLD, least=least, now_us=now_us, row_count=row_count)
    return [UntoldRow(*row) for row in rows]
