"""Every cell of the permission table: each call, by whom, through which connector, with which token.

The expected status comes from the table by a model of its own (`expected_status`), which knows nothing of how the
server checks. Source: contract, section 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from chaupal.app import ALL_ROUTES
from chaupal.auth.permissions import PERMISSIONS, Need, Permission, Scope, TokenKind
from tests.api.files import PDF
from tests.api.hooks import HookReceiver, draft, register
from tests.api.worlds import ALL_PERMISSIONS, ASHA, GITA, MOHAN, OMAR, Caller, World
from tests.outbound.receivers import HttpReceiver

ROLES = ("outsider", "member", "admin", "tenant admin", "other tenant's admin")
TOKENS = ("user", "group", "revoked", "none")
# The refused ones first: what the others do to a group cannot be undone.
CONNECTORS = ("with all others", "with it alone")

LEENA = "+919800000005"
POLL = {"actionType": "Poll", "actionBody": {"question": "Tea?", "choices": ["Yes", "No"]}}
CARD = {
    "id": "com.example.Status",
    "actionBody": {"questions": [{"title": "Well?", "type": "Text"}], "acceptMultipleResponses": True},
}
HOOK = {
    "objectId": "{group}",
    "objectType": "Group",
    "eventTypes": ["Announcement"],
    "callBackUrl": "{hook_url}",
}
SET_PROPERTY = {"updateProperties": [{"name": "status", "value": "done"}]}
NUMBER_OF = {"outsider": OMAR, "member": MOHAN, "admin": LEENA, "tenant admin": ASHA, "other tenant's admin": ASHA}

# How each call is made; it succeeds for whoever may make it.
CALLS: dict[str, tuple[str, str, Any]] = {
    "users.me": ("GET", "/users/me", None),
    "groups.create": ("POST", "/groups", {"name": "New"}),
    "groups.list": ("GET", "/groups", None),
    "tenant.limits": ("GET", "/tenant/limits", None),
    "groups.find": ("GET", "/tenant/findGroupsByQuery?query=x", None),
    "groups.get": ("GET", "/groups/{group}", None),
    "groups.change": ("PUT", "/groups/{group}", {"name": "Other"}),
    "groups.delete": ("DELETE", "/groups/{group}", None),
    "groups.leave": ("POST", "/groups/{group}/leave", None),
    "subgroups.list": ("GET", "/groups/{group}/subGroups", None),
    "subgroups.create": ("POST", "/groups/{group}/subGroups", {"name": "Below"}),
    "subgroups.link": ("PUT", "/groups/{group}/subGroups", {"subGroups": []}),
    "subgroups.unlink": ("DELETE", "/groups/{group}/subGroups/{subgroup}", None),
    "members.list": ("GET", "/groups/{group}/members", None),
    "members.add": ("PUT", "/groups/{group}/members", {"members": ["+919822222222"]}),
    "members.remove": ("DELETE", "/groups/{group}/members/{member}", None),
    "members.change": ("PUT", "/groups/{group}/members/{member}", {"role": "Admin"}),
    "subscribers.list": ("GET", "/groups/{group}/subscribers", None),
    "subscribers.page": ("POST", "/groups/{group}/subscribers", {"count": 10}),
    "subscribers.add": ("PUT", "/groups/{group}/subscribers/add", {"subscribers": ["+919822222222"]}),
    "subscribers.remove": ("PUT", "/groups/{group}/subscribers/remove", {"subscribers": ["+919822222222"]}),
    "messages.post": ("POST", "/groups/{group}/messages", {"message": "hi"}),
    "messages.list": ("GET", "/groups/{group}/messages?count=1", None),
    "messages.get": ("GET", "/groups/{group}/messages/{message}", None),
    # The member of these tests is the message's sender.
    "messages.edit": ("PUT", "/groups/{group}/messages/{message}", {"message": "other"}),
    "messages.retract": ("DELETE", "/groups/{group}/messages/{message}", None),
    "actions.post": ("POST", "/groups/{group}/actions", POLL),
    "actions.list": ("GET", "/groups/{group}/actions", None),
    "actions.get": ("GET", "/groups/{group}/actions/{action}?getDetails=true", None),
    "responses.post": ("POST", "/groups/{group}/actions/{action}/responses", {"actionBody": {"answers": ["Yes"]}}),
    "responses.list": ("GET", "/groups/{group}/actions/{action}/responses", None),
    # The member of these tests is the action's sender.
    "actions.change": ("PUT", "/groups/{group}/actions/{action}", SET_PROPERTY),
    "actions.properties": ("PUT", "/groups/{group}/actions/{action}/properties", SET_PROPERTY),
    "actions.remind": ("POST", "/groups/{group}/actions/{action}/reminder", {}),
    "actions.close": ("PUT", "/groups/{group}/actions/{action}/close", None),
    "actions.retract": ("DELETE", "/groups/{group}/actions/{action}", None),
    "bots.create": ("POST", "/bot", {"name": "Till"}),
    "bots.list": ("GET", "/bot", None),
    # The admin of these tests is the bot's creator.
    "bots.change": ("PUT", "/bot/{bot}", {"name": "Other"}),
    "bots.delete": ("DELETE", "/bot/{bot}", None),
    "bots.token": ("GET", "/bot/accessToken/{bot}", None),
    "bots.revoke": ("DELETE", "/bot/accessToken/{bot}", None),
    "bots.join": ("POST", "/groups/{group}/bot", {"botUserId": "{bot}"}),
    "reactions.post": ("POST", "/groups/{group}/reaction", {"referenceId": "{message}", "reactionType": "Like"}),
    "reactions.changes": ("GET", "/groups/{group}/reaction/summary", None),
    "reactions.summary": ("GET", "/groups/{group}/reaction/{message}/summary", None),
    "reactions.details": ("GET", "/groups/{group}/reaction/{message}?reactionType=Like", None),
    # The member of these tests is the reaction's author.
    "reactions.remove": ("DELETE", "/groups/{group}/reaction/{reaction}", None),
    "streams.events": ("GET", "/events", None),
    "streams.sync": ("GET", "/sync", None),
    "media.upload": ("POST", "/media", PDF),
    "media.fetch": ("POST", "/media/url", {"mediaUrl": "{file_url}"}),
    "media.get": ("GET", "/media/{media}", None),
    "webhooks.create": ("POST", "/webhook", HOOK),
    "webhooks.list": ("GET", "/webhook?objectId={group}&objectType=Group", None),
    "webhooks.change": ("PUT", "/webhook/{webhook}", {"active": True}),
    "webhooks.delete": ("DELETE", "/webhook/{webhook}", None),
    "webhooks.deliveries": ("GET", "/webhook/{webhook}/deliveries", None),
    "webhooks.replay": ("POST", "/webhook/{webhook}/replay", {"since": 0}),
    "webhooks.test": ("POST", "/webhook/{webhook}/test", {}),
}

# What stands in the paths above for each parameter of a route.
PLACES = {
    "groupId": "group",
    "memberId": "member",
    "actionId": "action",
    "referenceId": "message",
    "reactionId": "reaction",
    "botUserId": "bot",
    "mediaResource": "media",
    "subGroupId": "subgroup",
    "webhookId": "webhook",
}

TOKEN_SERVICE = {
    "/generatePin",
    "/loginWithPinAndApplicationId",
    "/accessToken",
    "/api/Oauth/Authorize",
    "/api/oauth/token",
}

# Calls that act on what was made in the tests' own organization, though they are about no group.
OWN_TENANTS_ALONE = {"media.get"}


@dataclass(frozen=True)
class Cell:
    """One cell."""

    call: str
    connector: str
    role: str
    token: str


def expected_status(cell: Cell) -> int:
    """What the table says, in the order in which a caller is checked."""
    entry = PERMISSIONS[cell.call]
    kind = TokenKind.GROUP if cell.token == "group" else TokenKind.USER
    if cell.token in ("revoked", "none"):
        return 401
    if cell.connector == "with all others" or kind not in entry.kinds:
        return 403
    if kind is TokenKind.GROUP and cell.role in ("outsider", "member"):
        return 401  # stopped when its maker was no longer admin
    if entry.scope is Scope.TENANT:
        return 200 if cell.role in ("tenant admin", "other tenant's admin") else 403
    if cell.call in OWN_TENANTS_ALONE and cell.role == "other tenant's admin":
        return 404
    if entry.scope is Scope.CALLER:
        return 200
    if entry.scope is Scope.BOT:
        return 200 if cell.role in ("admin", "tenant admin") else 404
    return status_in_group(cell, entry.need)


def status_in_group(cell: Cell, need: Need) -> int:
    """What the role in the group says."""
    if cell.role in ("outsider", "other tenant's admin"):
        return 404
    if cell.call == "groups.leave" and cell.role == "tenant admin":
        return 404  # sees the group, and is not in it
    return 403 if cell.role == "member" and need is Need.ADMIN else 200


class Cells:
    """Makes what the cells of one call need: a group for each role and kind of token, and the tokens."""

    def __init__(self, world: World, call: str, receiver: HookReceiver) -> None:
        self._receiver = receiver
        needed = PERMISSIONS[call].permission
        self._world = world
        self._call = call
        self._permissions = {
            "with it alone": (needed,),
            "with all others": tuple(permission for permission in ALL_PERMISSIONS if permission is not needed),
        }
        self._places: dict[tuple[str, str], dict[str, str]] = {}
        world.add_person(LEENA, "Leena")

    def place(self, cell: Cell) -> dict[str, str]:
        """The group, message and member that the cell's call is about."""
        kind = "group" if cell.token == "group" else "user"
        if (cell.role, kind) not in self._places:
            world = self._world
            group_id = self._make_group()
            message_id = world.send("hi", sender=world.member, group_id=group_id)
            action_id = world.post_action(CARD, sender=world.member, group_id=group_id)
            liked = {"referenceId": message_id, "reactionType": "Like"}
            reaction_id = world.member.post(f"/groups/{group_id}/reaction", liked).json()["reactionId"]
            self._places[cell.role, kind] = {
                "group": group_id,
                "message": message_id,
                "action": action_id,
                "member": world.people[MOHAN].user_id,
                "bot": make_bot(world.sign_in(LEENA)),
                "reaction": reaction_id,
                "media": upload(world),
                "subgroup": self._make_subgroup(group_id),
                "webhook": self._make_webhook(group_id),
            }
        return self._places[cell.role, kind]

    def _make_subgroup(self, group_id: str) -> str:
        """Only for the call that takes it away: a group that has subgroups takes no text of its members."""
        if self._call != "subgroups.unlink":
            return ""
        answer = self._world.tenant_admin.post(f"/groups/{group_id}/subGroups", {"name": "Below"})
        subgroup_id: str = answer.json()["groupId"]
        return subgroup_id

    def _make_webhook(self, group_id: str) -> str:
        """Only for the calls about one."""
        if not self._call.startswith("webhooks."):
            return ""
        return register(self._world.group_admin, draft(self._receiver, group_id))

    def _make_group(self) -> str:
        """A public group for the calls about subscribers, which other groups do not have."""
        if not self._call.startswith("subscribers."):
            return self._world.make_group("Depot", members=[MOHAN], admins=[LEENA])
        body = {"name": "News", "groupType": "ConnectGroup", "members": [MOHAN], "admins": [LEENA]}
        group_id: str = self._world.tenant_admin.post("/groups", body).json()["groupId"]
        return group_id

    def token(self, cell: Cell) -> str:
        if cell.token == "none":
            return ""
        world = self._world.other_world if cell.role == "other tenant's admin" else self._world
        number, permissions = NUMBER_OF[cell.role], self._permissions[cell.connector]
        if cell.token == "group":
            return self._group_token(world, cell, number, permissions).access_token
        token = world.sign_in(number, permissions=permissions).access_token
        if cell.token == "revoked":
            world.sign_in(number, permissions=permissions)
        return token

    def _group_token(self, world: World, cell: Cell, number: str, permissions: tuple[Permission, ...]) -> Caller:
        """Who is no admin made it while being one."""
        if world is not self._world:
            return world.sign_in(number, group_id=world.group_id, permissions=permissions)
        group_id = self.place(cell)["group"]
        path = f"/groups/{group_id}/members"
        member = f"{path}/{world.people[number].user_id}"
        if cell.role in ("outsider", "member"):
            assert world.tenant_admin.put(path, {"members": [number]}).status_code == 200
            assert world.tenant_admin.put(member, {"role": "Admin"}).status_code == 200
        caller = world.sign_in(number, group_id=group_id, permissions=permissions)
        if cell.role == "outsider":
            assert world.tenant_admin.delete(member).status_code == 200
        elif cell.role == "member":
            assert world.tenant_admin.put(member, {"role": "Member"}).status_code == 200
        return caller


def make_bot(creator: Caller) -> str:
    bot_id: str = creator.post("/bot", {"name": "Till"}).json()["botUserId"]
    return bot_id


def upload(world: World) -> str:
    """A mediaResource."""
    answer = world.member.call("POST", "/media", content=PDF)
    return str(answer.json()["mediaResource"])


def filled_in(call: str, place: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    """(method, path, options that hold the body) of a call about a place."""
    method, path, body = CALLS[call]
    if isinstance(body, bytes):
        return method, path, {"content": body}
    if isinstance(body, dict):
        body = {name: value.format_map(place) if isinstance(value, str) else value for name, value in body.items()}
    return method, path.format_map(place), {"body": body}


@pytest.fixture
def file_url(file_server: HttpReceiver) -> str:
    """Where a document can be fetched."""
    file_server.status, file_server.body, file_server.headers = 200, PDF, {}
    return file_server.url


@pytest.mark.parametrize("call", CALLS)
def test_every_cell(world: World, call: str, file_url: str, hook_receiver: HookReceiver) -> None:
    cells = Cells(world, call, hook_receiver)
    surprises = []
    for cell in (Cell(call, *rest) for rest in product(CONNECTORS, ROLES, TOKENS)):
        place = {**cells.place(cell), "file_url": file_url, "hook_url": hook_receiver.url}
        token = cells.token(cell)
        method, path, options = filled_in(call, place)
        position = world.position
        answer = world.client.call(method, path, token=token, **options)
        expected = expected_status(cell)
        if answer.status_code != expected:
            surprises.append(f"{cell}: {answer.status_code} instead of {expected}")
        if expected != 200 and world.position != position:
            surprises.append(f"{cell}: something was changed")
    assert not surprises, "\n".join(surprises)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("is_member", [False, True], ids=["in no group", "a member"])
@pytest.mark.parametrize("connector", CONNECTORS)
def test_every_cell_of_a_bots_token(
    world: World, call: str, is_member: bool, connector: str, file_url: str, hook_receiver: HookReceiver
) -> None:
    entry = PERMISSIONS[call]
    needed = {entry.permission}
    permissions = needed if connector == "with it alone" else set(ALL_PERMISSIONS) - {entry.permission}
    place = {"group": world.group_id, "member": world.people[MOHAN].user_id, "bot": make_bot(world.group_admin)}
    place |= {"media": upload(world), "file_url": file_url, "hook_url": hook_receiver.url}
    place["webhook"] = register(world.group_admin, draft(hook_receiver, world.group_id))
    world.group_admin.post(f"/groups/{world.group_id}/bot", {"botUserId": place["bot"]})
    may_post = {Permission.TEXT_MESSAGE, Permission.REACTIONS, Permission.ACTION_AND_RESPONSES}
    bot = world.bot(place["bot"], creator=GITA, permissions=permissions | may_post)
    place["message"] = world.send("hi", sender=bot)
    place["action"] = world.post_action(CARD, sender=bot)
    liked = {"referenceId": place["message"], "reactionType": "Like"}
    place["reaction"] = bot.post(f"/groups/{world.group_id}/reaction", liked).json()["reactionId"]
    place["subgroup"] = "none"
    bot = world.bot(place["bot"], creator=GITA, permissions=permissions)
    if not is_member:
        world.group_admin.delete(f"/groups/{world.group_id}/members/{place['bot']}")
    method, path, options = filled_in(call, place)
    position = world.position
    answer = bot.call(method, path, **options)
    expected = 200
    if connector != "with it alone" or TokenKind.BOT not in entry.kinds:
        expected = 403
    elif entry.scope in (Scope.GROUP, Scope.HIERARCHY) and not is_member:
        expected = 404
    assert answer.status_code == expected, answer.text
    assert expected == 200 or world.position == position


@pytest.mark.parametrize("call", CALLS)
def test_a_refusal_names_the_permission_that_lacks(world: World, call: str) -> None:
    needed = PERMISSIONS[call].permission
    caller = world.sign_in(GITA, permissions=[permission for permission in ALL_PERMISSIONS if permission is not needed])
    place = dict.fromkeys(PLACES.values(), "none") | {"group": world.group_id, "member": world.people[MOHAN].user_id}
    place["file_url"] = place["hook_url"] = "http://127.0.0.1:1/"
    method, path, options = filled_in(call, place)
    answer = world.client.call(method, path, token=caller.access_token, **options)
    assert answer.status_code == 403
    assert f"'{needed.value}'" in answer.json()["message"]


def test_these_are_all_calls() -> None:
    assert CALLS.keys() == PERMISSIONS.keys()


def test_each_route_has_its_call_or_belongs_to_the_token_service() -> None:
    assert {route.path for route in ALL_ROUTES if not route.call} == TOKEN_SERVICE
    calls = [route.call for route in ALL_ROUTES if route.call]
    assert sorted(calls) == sorted(PERMISSIONS)


@pytest.mark.parametrize("route", [route for route in ALL_ROUTES if route.call], ids=lambda route: route.call)
def test_the_calls_here_are_the_routes(route: Any) -> None:
    method, path, _ = CALLS[route.call]
    expected = re.sub(r"\{(\w+)\}", lambda found: "{" + PLACES[found[1]] + "}", route.path)
    assert (method, path.split("?")[0]) == (route.method, expected)
