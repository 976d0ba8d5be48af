"""Whoever has a copy of the whole database, and knows in which order people have answered, cannot tell who answered
what: not by names, ids, times, events, the order of rows, stored answers or hashes. Source: contract, section 8.

What a copy holds is every row of every table, the file of SQLite, and of PostgreSQL where each row lies and which
transaction wrote it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

import pytest

from chaupal.jobs.sweeps import SweepLimits, sweep_once
from chaupal.people.rules import find_person_by_number
from chaupal.responses.anonymity import MIXED_WITH
from chaupal.serving.call_log import CallLine
from chaupal.store.schema import metadata
from tests.api.answering import answer, answered, ask, assert_refused, counts_of, seen
from tests.api.worlds import Caller, World

NUMBERS = [f"+9198200000{number:02}" for number in range(8)]
BODY: dict[str, Any] = {
    "title": "How is the foreman?",
    "isAnonymous": True,
    "questions": [
        {"title": "Fair?", "type": "SingleOption", "options": ["Yes", "No"]},
        {"title": "Why?", "type": "Text"},
    ],
}


class Depot:
    """A group whose members answer in a known order, one after another in the same hour."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.group_id = world.make_group("Depot", members=NUMBERS)
        self.callers: list[Caller] = []
        for number in NUMBERS:
            world.people[number] = world.read(lambda tx, _caller, asked: find_person_by_number(tx, asked), number)
            self.callers.append(world.sign_in(number))

    def ask(self, **fields: Any) -> str:
        return ask(self.world, "Survey", {**BODY, **fields}, group_id=self.group_id)

    def answer_in_turn(self, action_id: str, callers: list[Caller]) -> list[str]:
        """Each gives an answer that nobody else gives; what the calls gave back."""
        given = []
        for turn, caller in enumerate(callers):
            answers = ["Yes" if turn % 3 else "No", text_of(turn)]
            body = {"responseName": caller.number, "answers": answers}
            sent = answer(caller, self.group_id, action_id, body, key=f"for {action_id}")
            assert sent.status_code == 200, sent.text
            given.append(sent.json()["responseId"])
        return given

    def rows(self, action_id: str) -> list[dict[str, Any]]:
        return [row for row in dump(self.world)["responses"] if row["action_id"] == action_id]

    def begin_hour(self) -> None:
        """No answers of one test fall into two hours."""
        self.world.clock.advance(hours=1)

    def sweep(self) -> None:
        self.world.do(sweep_once, SweepLimits.of(self.world.house.settings))


def text_of(turn: int) -> str:
    return f"secret-{turn:03}-"


def dump(world: World) -> dict[str, list[dict[str, Any]]]:
    """Every row of the tenant."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, table in metadata.tables.items():
        columns = [column.name for column in table.columns]
        rows = world.ask(f"SELECT {', '.join(columns)} FROM {name} WHERE tenant_id = %s")  # noqa: S608
        found[name] = [dict(zip(columns, row, strict=True)) for row in rows]
    return found


def words_in(row: dict[str, Any]) -> str:
    return " ".join(
        bytes(value).decode("latin-1") if isinstance(value, bytes) else str(value) for value in row.values()
    )


@pytest.fixture
def depot(world: World) -> Depot:
    depot = Depot(world)
    depot.begin_hour()
    return depot


class TestWhatIsStored:
    def test_no_row_names_a_person_and_an_answer(self, depot: Depot) -> None:
        action_id = depot.ask()
        depot.answer_in_turn(action_id, depot.callers)
        ids = [row["response_id"] for row in depot.rows(action_id)]
        assert len(ids) == len(NUMBERS)
        depot.begin_hour()
        for told in (False, True):
            if told:
                depot.sweep()
            people = [word for caller in depot.callers for word in (caller.id, caller.number)]
            for table, rows in dump(depot.world).items():
                for row in rows:
                    words = words_in(row)
                    names = any(person in words for person in people)
                    answers = any(each in words for each in (*ids, "secret-"))
                    assert not (names and answers), (table, row)

    def test_the_id_that_is_given_back_leads_to_nothing(self, depot: Depot) -> None:
        action_id = depot.ask()
        given = depot.answer_in_turn(action_id, depot.callers)
        assert len(set(given)) == len(NUMBERS)
        for table, rows in dump(depot.world).items():
            found = [row for row in rows for one in given if one in words_in(row)]
            assert len(found) == (len(NUMBERS) if table == "stored_answers" else 0), table

    def test_answers_differ_in_nothing_but_id_and_content(self, depot: Depot) -> None:
        action_id = depot.ask()
        depot.answer_in_turn(action_id, depot.callers)
        rows = depot.rows(action_id)
        alike = {name: {row[name] for row in rows} for name in rows[0] if name not in ("response_id", "answers")}
        assert all(len(values) == 1 for values in alike.values()), alike
        assert alike["responder_id"] == alike["connector_id"] == alike["response_name"] == {""}
        assert alike["group_id"] == {depot.group_id}
        [responded_at_us] = alike["responded_at_us"]
        assert responded_at_us % 3_600_000_000 == 0
        assert all(row["response_id"][14] == "4" for row in rows)

    def test_the_same_through_a_group_below(self, depot: Depot) -> None:
        maker = depot.world.sign_in(depot.world.group_admin.number, group_id=depot.group_id)
        below = maker.post("/groups", {"name": "Below", "members": [NUMBERS[0]]}).json()["groupId"]
        action_id = depot.ask()
        answered(depot.callers[0], below, action_id, {"answers": ["Yes", text_of(0)]})
        assert [row["group_id"] for row in depot.rows(action_id)] == [depot.group_id]

    def test_hashes_cannot_be_guessed_from_the_database_alone(self, depot: Depot) -> None:
        action_id = depot.ask()
        depot.answer_in_turn(action_id, depot.callers)
        held = dump(depot.world)
        hashes = {row["responder_hash"] for row in held["answered"]}
        [hash_key] = [bytes(row["hash_key"]) for row in held["answer_keys"]]
        assert len(hashes) == len(NUMBERS)
        for caller in depot.callers:
            for message in (caller.id, f"{action_id}:{caller.id}", f"{hash_key.hex()}:{caller.id}"):
                for key in (hash_key, hash_key.hex().encode(), action_id.encode(), b""):
                    assert hmac.digest(key, message.encode(), "sha256").hex() not in hashes
                assert hashlib.sha256(hash_key + message.encode()).hexdigest() not in hashes

    def test_stored_requests_cannot_be_guessed_or_compared(self, depot: Depot) -> None:
        action_id = depot.ask()
        path = f"/groups/{depot.group_id}/actions/{action_id}/responses"
        content = '{"actionBody": {"answers": ["Yes", "the same"]}}'
        for caller in depot.callers:
            taken = caller.call("POST", path, content=content, headers={"Idempotency-Key": "k"})
            assert taken.status_code == 200, taken.text
        hashes = [bytes(row["request_hash"]) for row in dump(depot.world)["stored_answers"]]
        assert len(set(hashes)) == len(NUMBERS)
        pattern = "/groups/{groupId}/actions/{actionId}/responses"
        places = [("actionId", action_id), ("groupId", depot.group_id)]
        for guess in (content, f"POST {pattern} {places}\n{content}", f"POST {path}\n{content}"):
            assert hashlib.sha256(guess.encode()).digest() not in hashes

    def test_a_line_of_the_log_says_nothing_of_the_caller(self) -> None:
        fields = set(CallLine.__struct_fields__)
        assert fields == {
            "event", "level", "timestamp", "method", "route", "status", "duration_ms", "request_id", "tenant_id",
        }  # fmt: skip


class TestOrder:
    """In a dozen surveys the same four people answer in the same order; where their answers lie must differ."""

    SURVEYS = 12
    PEOPLE = 4

    def places(self, depot: Depot) -> list[list[int]]:
        """For each survey, the turns of the answers in the order in which they lie."""
        orders = []
        for _ in range(self.SURVEYS):
            action_id = depot.ask()
            depot.answer_in_turn(action_id, depot.callers[: self.PEOPLE])
            orders.append(self.order_in_file(depot.world, action_id))
        return orders

    def order_in_file(self, world: World, action_id: str) -> list[int]:
        if world.database.is_postgres:
            rows = world.database.ask(
                "SELECT answers FROM responses WHERE tenant_id = %s AND action_id = %s ORDER BY ctid",
                world.tenant_id,
                action_id,
            )
            return [turn for (answers,) in rows for turn in range(self.PEOPLE) if text_of(turn) in answers]
        world.database.ask("PRAGMA wal_checkpoint(PASSIVE)")
        content = world.database.settings.sqlite_path.read_bytes()
        rows = world.database.ask("SELECT response_id, answers FROM responses WHERE action_id = %s", action_id)
        # The ids stand in the indexes as well; only in the row itself the answers follow.
        lie = []
        for response_id, answers in rows:
            pattern = re.escape(response_id.encode()) + b".{1,200}?" + re.escape(answers.encode())
            found = re.search(pattern, content, re.DOTALL)
            assert found is not None
            lie.append((found.start(), answers))
        return [turn for _, answers in sorted(lie) for turn in range(self.PEOPLE) if text_of(turn) in answers]

    def test_where_rows_lie_tells_no_turn(self, depot: Depot) -> None:
        orders = self.places(depot)
        assert all(sorted(order) == list(range(self.PEOPLE)) for order in orders)
        for turn in range(self.PEOPLE):
            assert len({order.index(turn) for order in orders}) > 1, orders

    def test_details_are_in_no_order(self, depot: Depot) -> None:
        orders = []
        for _ in range(self.SURVEYS):
            action_id = depot.ask()
            depot.answer_in_turn(action_id, depot.callers[: self.PEOPLE])
            shown = seen(depot.world.group_admin, depot.group_id, action_id)["responses"]
            orders.append([int(each["answers"][1].split("-")[1]) for each in shown])
        for turn in range(self.PEOPLE):
            assert len({order.index(turn) for order in orders}) > 1, orders

    def test_all_rows_are_of_one_transaction(self, depot: Depot) -> None:
        if not depot.world.database.is_postgres:
            pytest.skip("SQLite keeps no transaction with a row")
        action_id = depot.ask()
        depot.answer_in_turn(action_id, depot.callers)
        assert len(transactions_of(depot, action_id)) == 1

    def test_of_many_each_is_written_among_others(self, depot: Depot) -> None:
        action_id = depot.ask(acceptMultipleResponses=True)
        ranks = set()
        for turn in range(MIXED_WITH + 40):
            answered(depot.callers[0], depot.group_id, action_id, {"answers": ["Yes", text_of(turn)]})
            if depot.world.database.is_postgres and turn > MIXED_WITH:
                last = transactions_of(depot, action_id)[-1]
                assert len(last) == MIXED_WITH + 1
                ranks.add([text_of(turn) in answers for _, answers in sorted(last)].index(True))
        assert counts_of(depot.world, action_id) == (MIXED_WITH + 40, 1, 0)
        texts = {row["answers"] for row in depot.rows(action_id)}
        assert all(any(text_of(turn) in text for text in texts) for turn in range(MIXED_WITH + 40))
        assert not depot.world.database.is_postgres or len(ranks) > 10


def transactions_of(depot: Depot, action_id: str) -> list[list[tuple[str, str]]]:
    """(id, answers) of the answers, by the transaction that has written them, the last one last."""
    rows = depot.world.database.ask(
        "SELECT xmin::text::bigint, response_id, answers FROM responses WHERE tenant_id = %s AND action_id = %s",
        depot.world.tenant_id,
        action_id,
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for transaction, response_id, answers in rows:
        found.setdefault(transaction, []).append((response_id, answers))
    return [found[transaction] for transaction in sorted(found)]


class TestEvents:
    def test_at_once_only_that_somebody_has_answered(self, depot: Depot) -> None:
        action_id = depot.ask()
        position = depot.world.position
        depot.answer_in_turn(action_id, depot.callers)
        events = depot.world.events_after(position)
        assert {(one.event_type, one.object_id, one.actor_id, one.group_id) for one in events} == {
            ("ActionAnswered", action_id, "", depot.group_id)
        }
        assert len(events) == len(NUMBERS)
        assert [one.facts for one in events] == [{}] * len(NUMBERS)

    def test_the_answers_after_their_hour_in_the_order_of_their_ids(self, depot: Depot) -> None:
        action_id = depot.ask()
        depot.answer_in_turn(action_id, depot.callers)
        position = depot.world.position
        depot.sweep()
        assert depot.world.position == position
        depot.begin_hour()
        depot.sweep()
        events = depot.world.events_after(position)
        ids = sorted(row["response_id"] for row in depot.rows(action_id))
        assert [one.object_id for one in events] == ids
        assert {(one.event_type, one.actor_id) for one in events} == {("SurveyResponse", "")}
        facts = {"actionId": action_id, "viaGroupId": depot.group_id, "isUpdate": False}
        assert [one.facts for one in events] == [facts] * len(ids)
        depot.sweep()
        assert len(depot.world.events_after(position)) == len(ids)

    def test_none_before_there_are_three(self, depot: Depot) -> None:
        action_id = depot.ask()
        depot.answer_in_turn(action_id, depot.callers[:2])
        depot.begin_hour()
        position = depot.world.position
        depot.sweep()
        assert depot.world.position == position
        answered(depot.callers[2], depot.group_id, action_id, {"answers": ["Yes", "third"]})
        depot.sweep()
        told = depot.world.count_events_after(position)
        assert told == {"ActionAnswered": 1, "SurveyResponse": 2}


class TestWhoHasAnswered:
    def test_nobody_answers_twice(self, depot: Depot) -> None:
        action_id = depot.ask()
        depot.answer_in_turn(action_id, depot.callers)
        for caller in depot.callers:
            refused = answer(caller, depot.group_id, action_id, {"answers": ["No", "again"]})
            assert_refused(refused, "Conflict")
            assert "responseId" not in refused.json()["message"]
        assert counts_of(depot.world, action_id) == (len(NUMBERS), len(NUMBERS), 0)

    def test_a_repeated_call_with_a_key_gets_the_same(self, depot: Depot) -> None:
        action_id = depot.ask()
        body = {"answers": ["No", "once"]}
        first = answer(depot.callers[0], depot.group_id, action_id, body, key="once")
        again = answer(depot.callers[0], depot.group_id, action_id, body, key="once")
        assert first.json() == again.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert counts_of(depot.world, action_id) == (1, 1, 0)

    def test_of_many_at_once_one_wins(self, depot: Depot) -> None:
        action_id = depot.ask()
        options = {"token": depot.callers[0].access_token, "body": {"actionBody": {"answers": ["No", "x"]}}}
        call = ("POST", f"/groups/{depot.group_id}/actions/{action_id}/responses", options)
        statuses = sorted(one.status_code for one in depot.world.client.call_at_once(*[call] * 6))
        assert statuses == [200] + [409] * 5
        assert counts_of(depot.world, action_id) == (1, 1, 0)

    def test_several_answers_of_one_are_of_one_person(self, depot: Depot) -> None:
        action_id = depot.ask(acceptMultipleResponses=True)
        for turn in range(3):
            answered(depot.callers[0], depot.group_id, action_id, {"answers": ["No", text_of(turn)]})
        answered(depot.callers[1], depot.group_id, action_id, {"answers": ["No", text_of(3)]})
        assert counts_of(depot.world, action_id) == (4, 2, 0)

    def test_the_key_is_gone_after_the_close_by_the_clock(self, depot: Depot) -> None:
        action_id = depot.ask(dueDate=2)
        depot.answer_in_turn(action_id, depot.callers[:3])
        depot.begin_hour()
        depot.sweep()
        assert len(dump(depot.world)["answer_keys"]) == 1
        depot.begin_hour()
        depot.sweep()
        assert dump(depot.world)["answer_keys"] == []
        assert_refused(answer(depot.callers[5], depot.group_id, action_id, {"answers": ["No", "x"]}), "Conflict")


class TestWhatIsShown:
    def test_answers_from_three_on(self, depot: Depot) -> None:
        action_id = depot.ask()
        admin = depot.world.group_admin
        for number, caller in enumerate(depot.callers[:3]):
            details = seen(admin, depot.group_id, action_id)
            assert (details["responses"], details["responseCount"]) == ([], number)
            assert "results" not in details
            depot.answer_in_turn(action_id, [caller])
        details = seen(admin, depot.group_id, action_id)
        assert len(details["responses"]) == 3
        assert details["results"][0]["answerCount"] == 3

    def test_nobody_is_named_to_anybody(self, depot: Depot) -> None:
        action_id = depot.ask(visibility="0")
        depot.answer_in_turn(action_id, depot.callers)
        for caller in (depot.world.group_admin, *depot.callers[:2]):
            for response in seen(caller, depot.group_id, action_id)["responses"]:
                assert (response["responder"], response["responderName"], response["responseName"]) == ("", "", "")
                assert response.keys().isdisjoint({"responderId", "isMine", "updatedAt"})
                assert response["respondedAt"].endswith(":00:00.000Z")

    def test_no_answer_is_changed(self, depot: Depot) -> None:
        action_id = depot.ask()
        given = depot.answer_in_turn(action_id, depot.callers[:3])
        shown = [one["responseId"] for one in seen(depot.callers[0], depot.group_id, action_id)["responses"]]
        for response_id in (given[0], shown[0], "00000000-0000-0000-0000-000000000001"):
            refused = answer(
                depot.callers[0], depot.group_id, action_id, {"answers": ["No", "x"]}, response_id=response_id
            )
            assert_refused(refused, "Conflict")
            assert "anonymous" in refused.json()["message"]

    def test_a_file_is_not_taken(self, depot: Depot) -> None:
        action_id = depot.ask(questions=[{"title": "Photo", "type": "Image"}])
        refused = answer(depot.callers[0], depot.group_id, action_id, {"answers": ["some-resource"]})
        assert_refused(refused, "InvalidParameters")
        assert "known by whoever has uploaded it" in refused.json()["message"]
