"""A subscriber learns nothing of another: every call of the API, made as one, in two organizations that differ in
nothing but another subscriber. Answers and the statements run must be the same; new calls are tried by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from chaupal.store.statements import Statement
from chaupal.store.transaction import Transaction
from tests.api.test_permission_table import CALLS, filled_in
from tests.api.test_subscribers import KAVYA
from tests.api.worlds import ASHA, MOHAN, OMAR, Caller, World

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")
SECRET = "what Kavya wrote"


class Scene:
    """A public group with Omar as a subscriber; where `has_other`, Kavya is another, who has written and been written
    to. Where she is none, ids of hers are made up."""

    def __init__(self, world: World, *, has_other: bool) -> None:
        self.world = world
        admin = world.tenant_admin
        body = {"name": "News", "groupType": "ConnectGroup", "members": [MOHAN]}
        self.group: str = admin.post("/groups", body).json()["groupId"]
        kavya = world.add_person(KAVYA, "Kavya")
        numbers = [OMAR, KAVYA] if has_other else [OMAR]
        admin.put(f"/groups/{self.group}/subscribers/add", {"subscribers": numbers})
        path = f"/groups/{self.group}/messages"
        self.message: str = admin.post(path, {"message": "To all", "sendToAllSubscribers": True}).json()["referenceId"]
        self.secret_ids = {kavya.user_id}
        self.hidden = self.hidden_like = self.hidden_action = "00000000-1111-7222-8333-444444444444"
        reaction = f"/groups/{self.group}/reaction"
        admin.post(reaction, {"referenceId": self.message, "reactionType": "Like"})
        to_all = {**CALLS["actions.post"][2], "sendToAllSubscribers": True}
        self.action: str = admin.post(f"/groups/{self.group}/actions", to_all).json()["actionId"]
        responses = f"/groups/{self.group}/actions/{self.action}/responses"
        admin.post(responses, {"actionBody": {"choice": "No"}})
        if has_other:
            hers = world.sign_in(KAVYA)
            self.hidden = hers.post(path, {"message": SECRET}).json()["referenceId"]
            poll = {"actionType": "Poll", "actionBody": {"question": SECRET, "choices": ["a", "b"]}}
            self.hidden_action = hers.post(f"/groups/{self.group}/actions", poll).json()["actionId"]
            self.secret_ids.add(hers.post(responses, {"actionBody": {"choice": "Yes"}}).json()["responseId"])
            named = {**poll, "subscribers": [KAVYA]}
            self.secret_ids |= {
                self.hidden_action,
                admin.post(f"/groups/{self.group}/actions", named).json()["actionId"],
            }
            to_her = admin.post(path, {"message": "Dear Kavya", "subscribers": [KAVYA]}).json()["referenceId"]
            comment = {"referenceId": self.message, "reactionType": "Comment", "comment": SECRET}
            self.hidden_like = hers.post(reaction, comment).json()["reactionId"]
            hers.post(reaction, {"referenceId": to_her, "reactionType": "Like"})
            admin.post(reaction, {"referenceId": to_her, "reactionType": "Like"})
            self.secret_ids |= {self.hidden, self.hidden_like, to_her}
        self.member = kavya.user_id
        self.omar: Caller = world.outsider

    def call(self, call: str, message: str, action: str) -> tuple[httpx.Response, list[Statement]]:
        places = Blank({"group": self.group, "member": self.member, "message": message, "action": action})
        places["reaction"] = self.hidden_like
        method, path, options = filled_in(call, places)
        with statements_run() as run:
            answer = self.omar.call(method, path, **options)
        return answer, run


SHARED = "streams.events"
"""One reader of the log serves all streams, so what is read meanwhile is not of this call alone."""


class Blank(dict[str, str]):
    """A path may name what other slices have; there is none of it here."""

    def __missing__(self, name: str) -> str:
        return "00000000-1111-7222-8333-555555555555"


@contextmanager
def statements_run() -> Iterator[list[Statement]]:
    """The statements that rules run meanwhile."""
    run: list[Statement] = []
    kept = Transaction.all, Transaction.run

    def noting(original: Any) -> Any:
        def call(tx: Transaction, statement: Statement, /, **params: Any) -> Any:
            run.append(statement)
            return original(tx, statement, **params)

        return call

    Transaction.all, Transaction.run = noting(kept[0]), noting(kept[1])  # type: ignore[method-assign]
    try:
        yield run
    finally:
        Transaction.all, Transaction.run = kept  # type: ignore[method-assign]


def told(answer: httpx.Response, scene: Scene) -> tuple[int, str]:
    """An answer without what differs from call to call."""
    text = _TIME.sub("TIME", _GUID.sub("ID", answer.text))
    text = re.sub(r'"mediaResource":"[^"]*"', '"mediaResource":"X"', text)
    text = re.sub(r"(?m)^id: .+$", "id: X", text)
    # A cursor is where the caller's own page ended, or the instant of the last change that the caller saw.
    return answer.status_code, re.sub(r'"cursor":("[^"]*"|[1-9]\d*)', '"cursor":"X"', text)


@pytest.mark.parametrize("about", ["what went to all", "what is another's"])
@pytest.mark.parametrize("call", CALLS)
def test_no_call_tells_a_subscriber_of_another(world: World, call: str, about: str) -> None:
    alone = Scene(world, has_other=False)
    beside = Scene(World(world.client, world.database, world.clock), has_other=True)
    answers = []
    for scene in (alone, beside):
        is_to_all = about == "what went to all"
        message = scene.message if is_to_all else scene.hidden
        action = scene.action if is_to_all else scene.hidden_action
        answers.append((scene, *scene.call(call, message, action)))
    (first, answer, run), (second, other_answer, other_run) = answers
    assert told(answer, first) == told(other_answer, second)
    if call != SHARED:
        assert run == other_run
    for secret in (*second.secret_ids, KAVYA, KAVYA[1:], "Kavya", SECRET):
        shown = other_answer.text + str(dict(other_answer.headers))
        if secret not in str(other_answer.request.url):
            assert secret not in shown


def test_the_scene_has_something_to_hide(world: World) -> None:
    scene = Scene(world, has_other=True)
    seen = world.texts(world.tenant_admin, group_id=scene.group)
    assert seen == ["Dear Kavya", SECRET, "To all"]
    assert world.texts(scene.omar, group_id=scene.group) == ["To all"]
    members = world.tenant_admin.get(f"/groups/{scene.group}/subscribers").json()["subscribers"]
    assert len(members) == 2
    assert ASHA not in [one["mobileNumber"] for one in members]
