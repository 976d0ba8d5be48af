"""Bots as callers see them, and their tokens."""

from __future__ import annotations

from typing import Any

from chaupal.people.queries import remove_person_row
from chaupal.store.transaction import Transaction
from tests.api.client import assert_error
from tests.api.worlds import Caller, World


def bots_of(caller: Caller) -> list[dict[str, Any]]:
    """GET /bot."""
    answer = caller.get("/v1/bot")
    assert answer.status_code == 200, answer.text
    bots: list[dict[str, Any]] = answer.json()["bots"]
    return bots


def names_of(caller: Caller) -> list[str]:
    return [bot["name"] for bot in bots_of(caller)]


def members_of(world: World, group_id: str = "") -> dict[str, dict[str, Any]]:
    """The members of a group by id, as its admin sees them."""
    answer = world.group_admin.get(f"/groups/{group_id or world.group_id}/members")
    return {member["id"]: member for member in answer.json()["members"]}


def put_out(caller: Caller) -> bool:
    """Whether the caller's token has stopped."""
    answer = caller.get("/users/me")
    if answer.status_code == 200:
        return False
    assert_error(answer, code="InvalidToken")
    return True


def remove_person(world: World, mobile_number: str) -> None:
    def remove(tx: Transaction, _operator: object, user_id: str) -> None:
        remove_person_row(tx, user_id)

    world.do(remove, world.people[mobile_number].user_id)


def take_token(world: World, by: Caller, bot: Caller) -> Caller:
    """The bot with an access token that the API gave to someone."""
    answer = by.get(f"/v1/bot/accessToken/{bot.id}")
    assert answer.status_code == 200, answer.text
    return Caller(world.client, answer.json()["accessToken"], bot.person)
