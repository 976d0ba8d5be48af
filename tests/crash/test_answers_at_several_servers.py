"""People answer and like at two servers on one PostgreSQL at once: one answer is one, and counts are right."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from tests.crash.posting import Place
from tests.crash.test_several_servers import Begin, begin, place_on
from tests.installations import Installation, warm_commands

__all__ = ["begin", "warm_commands"]

AT_ONCE = 12
ROUNDS = 5
OPTIONS = ("Yes", "No")


def all_at_once(calls: Sequence[Callable[[], tuple[int, Any]]]) -> list[tuple[int, Any]]:
    """(status, answer) of calls that begin together."""
    found: list[tuple[int, Any]] = []
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], tuple[int, Any]]) -> None:
        gate.wait(60)
        found.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Servers:
    """Two servers, and a group whose admin calls both."""

    def __init__(self, begin: Begin) -> None:
        self.servers: list[Installation] = [begin(), begin()]
        self.place: Place = place_on(self.servers[0])
        self.path = self.place.path.removesuffix("/messages")

    def call(self, method: str, path: str, body: Any = None, *, at: int = 0) -> tuple[int, Any]:
        found: tuple[int, Any] = self.servers[at % 2].call(method, self.path + path, self.place.headers, body)
        return found

    def ask(self, **fields: Any) -> str:
        """A survey with one question; its path below the group's."""
        questions = [{"title": "Tea?", "type": "SingleOption", "options": list(OPTIONS)}]
        body = {"actionType": "Survey", "actionBody": {"title": "Day", "questions": questions, **fields}}
        status, posted = self.call("POST", "/actions", body)
        assert status == 200, posted
        return f"/actions/{posted['actionId']}"

    def answer_at_once(self, path: str) -> list[tuple[int, Any]]:
        """Half of the answers at either server, by turns Yes and No."""

        def answer(number: int) -> Callable[[], tuple[int, Any]]:
            body = {"actionBody": {"answers": [OPTIONS[number // 2 % 2]]}}
            return lambda: self.call("POST", f"{path}/responses", body, at=number)

        return all_at_once([answer(number) for number in range(AT_ONCE)])

    def results(self, path: str) -> list[Any]:
        """What both servers show of the results."""
        pages = [self.call("GET", f"{path}/responses", at=at)[1] for at in range(2)]
        return [(page["responseCount"], page["responderCount"], page.get("results")) for page in pages]


@pytest.fixture
def servers(begin: Begin) -> Servers:
    return Servers(begin)


class TestTwoServers:
    @pytest.mark.parametrize("is_anonymous", [False, True], ids=["named", "anonymous"])
    def test_of_many_answers_of_one_person_exactly_one_wins(self, servers: Servers, is_anonymous: bool) -> None:
        for _ in range(ROUNDS):
            path = servers.ask(isAnonymous=is_anonymous)
            answers = servers.answer_at_once(path)
            assert Counter(status for status, _ in answers) == {200: 1, 409: AT_ONCE - 1}
            assert {answer["errorCode"] for status, answer in answers if status == 409} == {"Conflict"}
            assert [result[:2] for result in servers.results(path)] == [(1, 1), (1, 1)]

    @pytest.mark.parametrize("is_anonymous", [False, True], ids=["named", "anonymous"])
    def test_where_many_are_allowed_all_are_counted(self, servers: Servers, is_anonymous: bool) -> None:
        path = servers.ask(isAnonymous=is_anonymous, acceptMultipleResponses=True)
        for number in range(1, ROUNDS + 1):
            assert {status for status, _ in servers.answer_at_once(path)} == {200}
            count = number * AT_ONCE
            options = [{"title": title, "count": count // 2} for title in OPTIONS]
            sums = [{"title": "Tea?", "answerCount": count, "options": options}]
            assert servers.results(path) == [(count, 1, sums)] * 2

    def test_one_like_is_one(self, servers: Servers) -> None:
        for number in range(1, ROUNDS + 1):
            path = servers.ask()
            body = {"referenceId": path.split("/")[-1], "reactionType": "Like"}
            calls = [partial(servers.call, "POST", "/reaction", body, at=at) for at in range(AT_ONCE)]
            answers = all_at_once(calls)
            assert {status for status, _ in answers} == {200}
            assert len({answer["reactionId"] for _, answer in answers}) == 1
            summaries = [servers.call("GET", "/reaction/summary", at=at)[1]["summary"] for at in range(2)]
            assert summaries[0] == summaries[1]
            assert [one["reactionsCountMap"] for one in summaries[0]] == [{"like": 1, "comment": 0}] * number
