"""The process is killed while people answer: what was taken is there once, and counts and sums are those of the answers
that are there."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.crash.posting import Place, Poster, settle
from tests.crash.test_killed import run_until_killed
from tests.installations import Installation

KILLS = 4
POSTERS = 6
OPTIONS = ("even", "odd")


def option_of(text: str) -> str:
    return OPTIONS[sum(text.encode()) % 2]


def build(text: str) -> dict[str, Any]:
    return {"actionBody": {"answers": [text, option_of(text)]}}


def ask(place: Place, *, is_anonymous: bool) -> str:
    """A survey that anybody may answer any number of times; its path."""
    path = place.path.removesuffix("/messages") + "/actions"
    questions = [
        {"title": "Why?", "type": "Text"},
        {"title": "Which?", "type": "SingleOption", "options": list(OPTIONS)},
    ]
    body = {"title": "Day", "isAnonymous": is_anonymous, "acceptMultipleResponses": True, "questions": questions}
    sent = {"actionType": "Survey", "actionBody": body}
    status, posted = place.installation.call("POST", path, place.headers, sent)
    assert status == 200, posted
    return f"{path}/{posted['actionId']}"


def answers_of(place: Place, path: str) -> tuple[list[list[str]], dict[str, Any]]:
    """Every answer, page by page, and the last page for its sums."""
    found: list[list[str]] = []
    query = "?count=100"
    while True:
        status, page = place.installation.call("GET", f"{path}/responses{query}", place.headers)
        assert status == 200, page
        found += [response["answers"] for response in page["responses"]]
        if not page["hasMore"]:
            return found, page
        query = f"?count=100&cursor={page['cursor']}"


@pytest.mark.parametrize("is_anonymous", [False, True], ids=["named", "anonymous"])
def test_every_answer_is_there_once_and_counted_once(installation: Installation, is_anonymous: bool) -> None:
    place = settle(installation)
    path = ask(place, is_anonymous=is_anonymous)
    given: list[str] = []
    retried = 0
    for _ in range(KILLS):
        posters = [Poster(place, f"{path}/responses", build, "responseId") for _ in range(POSTERS)]
        run_until_killed(place, posters)
        installation.start()
        for poster in posters:
            given += poster.answered.values()
            for text, key in poster.unanswered:
                headers = place.headers | {"Idempotency-Key": key}
                status, receipt = installation.call("POST", f"{path}/responses", headers, build(text))
                assert status == 200, receipt
                given.append(text)
                retried += 1
    assert retried, "no kill hit a call in flight"
    there, page = answers_of(place, path)
    assert Counter(text for text, _ in there) == Counter(given)
    assert (page["responseCount"], page["responderCount"]) == (len(given), 1)
    chosen = Counter(option_of(text) for text in given)
    why, which = page["results"]
    assert (why["answerCount"], which["answerCount"]) == (len(given), len(given))
    assert {one["title"]: one["count"] for one in which["options"]} == {name: chosen[name] for name in OPTIONS}
