"""A list call runs as many SQL statements for 60 rows as for 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaupal.app import ALL_ROUTES
from chaupal.connectors.rules import NewConnector, create_connector
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.statement_counting import counted
from tests.api.worlds import MOHAN, OMAR, Caller, World

FEW, MANY = 3, 60

Fill = Callable[[World, int], tuple[Caller, str]]
"""Makes rows; who asks, and the path that lists them."""


def numbers(count: int, first: int = 0) -> list[str]:
    return [f"+9197{first + number:08d}" for number in range(count)]


def connectors(world: World, count: int) -> tuple[Caller, str]:
    for number in range(count):
        world.do(create_connector, (NewConnector(f"Connector {number}"), world.secret_key))
    return world.tenant_admin, "/tenant/limits"


def members(world: World, count: int) -> tuple[Caller, str]:
    group_id = world.make_group("Members", members=numbers(count - 1))
    return world.group_admin, f"/groups/{group_id}/members"


def public_group(world: World, count: int) -> str:
    asha = world.tenant_admin
    group_id: str = asha.post("/groups", {"name": "News", "groupType": "ConnectGroup"}).json()["groupId"]
    answer = asha.put(f"/groups/{group_id}/subscribers/add", {"subscribers": numbers(count)})
    assert answer.status_code == 200
    return group_id


def subscribers(world: World, count: int) -> tuple[Caller, str]:
    return world.tenant_admin, f"/groups/{public_group(world, count)}/subscribers"


def groups(world: World, count: int) -> tuple[Caller, str]:
    """Each with a subgroup, which is what a list may look up for each of its rows."""
    for number in range(count // 3):
        parent, *children = (world.make_group(f"{number} {name}") for name in "ABC")
        world.group_admin.put(f"/groups/{parent}/subGroups", {"subGroups": children})
    return world.group_admin, "/groups"


def groups_with_detail(world: World, count: int) -> tuple[Caller, str]:
    caller, path = groups(world, count)
    return caller, path + "?showDetail=true"


def all_groups(world: World, count: int) -> tuple[Caller, str]:
    """As someone who is a member of one group alone, and sees those below it."""
    top = world.make_group("Top", members=[OMAR])
    made = [world.make_group(f"Below {number}") for number in range(count - 1)]
    world.group_admin.put(f"/groups/{top}/subGroups", {"subGroups": made[:-1]})
    world.group_admin.put(f"/groups/{made[0]}/subGroups", {"subGroups": made[-1:]})
    return world.outsider, "/groups?fetchAllGroups=true&showDetail=true"


def found_groups(world: World, count: int) -> tuple[Caller, str]:
    groups(world, count)
    return world.tenant_admin, "/tenant/findGroupsByQuery"


def subgroups(world: World, count: int) -> tuple[Caller, str]:
    caller, path = all_groups(world, count + 2)
    top = caller.get(path).json()["groups"][0]["groupId"]
    return caller, f"/groups/{top}/subGroups"


def tree(world: World, count: int) -> tuple[Caller, str]:
    caller, path = subgroups(world, count)
    return caller, path + "?fetchAllGroups=true"


def messages(world: World, count: int) -> tuple[Caller, str]:
    group_id = world.make_group("Messages")
    below = world.make_group("Below")
    world.group_admin.put(f"/groups/{group_id}/subGroups", {"subGroups": [below]})
    for number in range(count):
        world.send(f"{number}", group_id=group_id)
    return world.group_admin, f"/groups/{below}/messages?count=100"


def actions(world: World, count: int) -> tuple[Caller, str]:
    """Polls with answers, as one who may see the results."""
    group_id = world.make_group("Actions", members=[MOHAN])
    path = f"/groups/{group_id}/actions"
    for number in range(count):
        body = {"question": f"{number}?", "choices": [{"title": "Yes"}, {"title": "No"}]}
        answer = world.group_admin.post(path, {"actionType": "Poll", "actionBody": body})
        assert answer.status_code == 200, answer.text
        job = {"title": f"Job {number}", "assignedTo": [MOHAN]}
        answer = world.group_admin.post(path, {"actionType": "Job", "actionBody": job})
        assert answer.status_code == 200, answer.text
    return world.group_admin, path + "?count=100"


def responses(world: World, count: int) -> tuple[Caller, str]:
    """To a form, from two people."""
    group_id = world.make_group("Answers", members=[MOHAN])
    body = {"title": "Day", "acceptMultipleResponses": True, "questions": [{"title": "Why?", "type": "Text"}]}
    posted = world.group_admin.post(f"/groups/{group_id}/actions", {"actionType": "Survey", "actionBody": body})
    path = f"/groups/{group_id}/actions/{posted.json()['actionId']}/responses"
    for number in range(count):
        caller = world.member if number % 2 else world.group_admin
        assert caller.post(path, {"actionBody": {"answers": [f"{number}"]}}).status_code == 200
    return world.group_admin, path


def bots(world: World, count: int) -> tuple[Caller, str]:
    for number in range(count):
        assert world.group_admin.post("/bot", {"name": f"Bot {number}"}).status_code == 200
    return world.group_admin, "/bot"


def liked(world: World, count: int) -> tuple[str, list[str]]:
    """A group's path, and its messages, each liked by its admin and, the first, by all its members too."""
    group_id = world.make_group("Reactions")
    sent = [world.send(f"{number}", group_id=group_id) for number in range(count)]
    for number, reference_id in enumerate(sent):
        body = {"referenceId": reference_id, "sourceGroupId": group_id, "reactionType": "Like"}
        assert world.group_admin.post(f"/groups/{group_id}/reaction", body).status_code == 200
        comment = body | {"referenceId": sent[0], "reactionType": "Comment", "comment": f"{number}"}
        assert world.group_admin.post(f"/groups/{group_id}/reaction", comment).status_code == 200
    return f"/groups/{group_id}/reaction", sent


def summaries(world: World, count: int) -> tuple[Caller, str]:
    return world.group_admin, f"{liked(world, count)[0]}/summary"


def comments(world: World, count: int) -> tuple[Caller, str]:
    path, sent = liked(world, count)
    return world.group_admin, f"{path}/{sent[0]}?reactionType=Comment"


def webhooks(world: World, count: int) -> tuple[Caller, str]:
    group_id = world.make_group("Hooks")
    with HookReceiver() as receiver:
        for _ in range(count):
            register(world.group_admin, draft(receiver, group_id))
    return world.group_admin, f"/webhook?objectId={group_id}&objectType=Group"


def deliveries(world: World, count: int) -> tuple[Caller, str]:
    group_id = world.make_group("Deliveries")
    with HookReceiver() as receiver:
        webhook_id = register(world.group_admin, draft(receiver, group_id))
        for number in range(count):
            world.send(f"{number}", group_id=group_id)
        deliver(world)
    return world.group_admin, f"/webhook/{webhook_id}/deliveries?count=100"


LISTS: dict[str, tuple[Fill, ...]] = {
    "GET /groups": (groups, groups_with_detail, all_groups),
    "GET /tenant/findGroupsByQuery": (found_groups,),
    "GET /tenant/limits": (connectors,),
    "GET /groups/{groupId}/subGroups": (subgroups, tree),
    "GET /groups/{groupId}/members": (members,),
    "GET /groups/{groupId}/subscribers": (subscribers,),
    "GET /groups/{groupId}/messages": (messages,),
    "GET /groups/{groupId}/actions": (actions,),
    "GET /groups/{groupId}/actions/{actionId}/responses": (responses,),
    "GET /groups/{groupId}/reaction/summary": (summaries,),
    "GET /groups/{groupId}/reaction/{referenceId}": (comments,),
    "GET /bot": (bots,),
    "GET /webhook": (webhooks,),
    "GET /webhook/{webhookId}/deliveries": (deliveries,),
}
ONE_THING = {
    "GET /accessToken",
    "GET /api/Oauth/Authorize",
    "GET /users/me",
    "GET /groups/{groupId}",
    "GET /groups/{groupId}/messages/{referenceId}",
    "GET /groups/{groupId}/actions/{actionId}",
    "GET /groups/{groupId}/reaction/{referenceId}/summary",
    "GET /bot/accessToken/{botUserId}",
    "GET /media/{mediaResource}",
}
"""Calls that read no list."""
OF_EVENTS = {"GET /sync", "GET /events"}
"""What has happened: see below, and for all types of events `test_every_event`."""


def rows_in(answer: Any) -> int:
    """The length of the first list of an answer."""
    return len(next(value for value in answer.values() if isinstance(value, list)))


@pytest.mark.parametrize("fill", [fill for fills in LISTS.values() for fill in fills], ids=lambda fill: fill.__name__)
def test_as_many_statements_however_many_rows(world: World, fill: Fill) -> None:
    taken = []
    for size, place in ((FEW, world), (MANY, world.other_world)):
        caller, path = fill(place, size)
        with counted() as run:
            answer = caller.call("GET", path)
        assert answer.status_code == 200, answer.text
        assert rows_in(answer.json()) >= size - 1
        taken.append(run)
    few, many = taken
    assert few == many
    assert 1 <= len(few) <= 10


def test_every_route_that_reads_is_known() -> None:
    reading = {f"{route.method} {route.path}" for route in ALL_ROUTES if route.method == "GET"}
    assert reading - ONE_THING - OF_EVENTS == LISTS.keys()


def happened(world: World, count: int) -> None:
    """Messages that are edited and taken back, and people who come and go."""
    group_id = world.make_group("Log")
    for number in range(count):
        path = f"/groups/{group_id}/messages/{world.send(f'{number}', group_id=group_id)}"
        assert world.group_admin.put(path, {"message": "edited"}).status_code == 200
        assert world.group_admin.delete(path).status_code == 200 if number % 2 else True
    added = {"members": numbers(count)}
    assert world.group_admin.put(f"/groups/{group_id}/members", added).status_code == 200


def new_groups(world: World, count: int) -> None:
    """As the one who makes them, and is told so without their being looked into."""
    for number in range(count):
        world.make_group(f"New {number}")


def sent_by_name(world: World, count: int) -> None:
    """To one of a public group's subscribers."""
    path = f"/groups/{public_group(world, FEW)}/messages"
    for number in range(count):
        body = {"message": f"{number}", "subscribers": numbers(1)}
        assert world.tenant_admin.post(path, body).status_code == 200


EVENTS = [happened, actions, responses, liked, new_groups, sent_by_name]


@pytest.mark.parametrize("fill", EVENTS, ids=lambda fill: fill.__name__)
def test_what_happened_is_read_by_as_many_statements(world: World, fill: Callable[[World, int], object]) -> None:
    taken = []
    for size, place in ((FEW, world), (MANY // 3, world.other_world)):  # a page holds a hundred
        caller = place.tenant_admin if fill is sent_by_name else place.group_admin
        cursor = caller.get("/v1/sync").json()["cursor"]
        fill(place, size)
        with counted() as run:
            answer = caller.get("/v1/sync", cursor=cursor)
        assert len(answer.json()["events"]) > size
        taken.append(run)
    few, many = taken
    assert few == many
