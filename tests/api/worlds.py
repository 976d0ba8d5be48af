"""A small organization of a test's own, with everyone who may call: made anew for each test in a shared server.

Gita has made the group of the tests and is its admin; Mohan is a member of it; Omar is in no group; Asha is the
organization's admin and no member; Zara is the admin of another organization.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from chaupal.auth.access import ADMIN, MEMBER
from chaupal.auth.caller import Operator
from chaupal.auth.permissions import Permission
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import AccessToken
from chaupal.connectors.rules import CreatedConnector, NewConnector, create_connector
from chaupal.directory.rules import create_tenant
from chaupal.events.log import StoredEvent, read_after
from chaupal.events.queries import select_ends
from chaupal.people.rules import NewPerson, Person, add_person, find_bot_person
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.tokens.bot_tokens import BotGrant, ensure_bot_grant
from chaupal.tokens.pins import WaitingPin, read_waiting_pin
from chaupal.tokens.rules import Granted, NewToken, access_token_of, create_token
from tests.api.client import Client
from tests.api.clocks import FakeClock
from tests.stores import Database

ASHA, GITA, MOHAN, OMAR = "+919800000001", "+919800000002", "+919800000003", "+919800000004"
NOBODY = "+919811111111"
ALL_PERMISSIONS = tuple(Permission)
WELCOME = "Welcome to the depot"


@dataclass(frozen=True)
class Caller:
    """Someone with an access token."""

    client: Client
    access_token: str
    person: Person
    grant_id: str = ""

    @property
    def id(self) -> str:
        return self.person.user_id

    @property
    def number(self) -> str:
        return self.person.mobile_number

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.client.call(method, path, token=self.access_token, body=body, **options)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.call("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.call("PUT", path, body, **options)

    def delete(self, path: str) -> httpx.Response:
        return self.call("DELETE", path)


class World:
    """One organization. Callers and the group come into being when a test first asks for them."""

    def __init__(self, client: Client, database: Database, clock: FakeClock) -> None:
        self.client = client
        self.house = client.house
        self.database = database
        self.clock = clock
        self.operator = Operator(new_id())
        self.people: dict[str, Person] = {}
        self._connectors: dict[tuple[Permission, ...], CreatedConnector] = {}
        self.connector: CreatedConnector = self.do(_found_tenant, self)
        self._connectors[ALL_PERMISSIONS] = self.connector

    @property
    def tenant_id(self) -> str:
        return self.operator.tenant_id

    @property
    def application_id(self) -> str:
        return self.connector.connector.shown_id

    def do(self, rule: Callable[..., Any], request: Any) -> Any:
        """Run a writing rule as the operator; its result."""
        return self.client.run(self.house.store.write(rule, self.operator, request)).result

    def read(self, rule: Callable[..., Any], request: Any) -> Any:
        """Run a reading rule as the operator."""
        return self.client.run(self.house.store.read(rule, self.operator, request))

    @property
    def secret_key(self) -> SecretKey:
        """The organization's own."""
        return self.house.tenant_keys.born(self.tenant_id)

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """What the database itself says of the tenant, past the store; one %s in the question is the tenant's id."""
        return self.database.ask(question, self.tenant_id)

    def add_person(self, mobile_number: str, name: str = "", role: str = MEMBER) -> Person:
        person: Person = self.do(add_person, NewPerson(mobile_number, name, role))
        self.people[mobile_number] = person
        return person

    def connector_with(self, permissions: Iterable[Permission]) -> CreatedConnector:
        """A connector with these permissions and no others; the same one each time."""
        wanted = tuple(permission for permission in Permission if permission in set(permissions))
        if wanted not in self._connectors:
            draft = NewConnector(f"With {len(wanted)}", wanted)
            self._connectors[wanted] = self.do(create_connector, (draft, self.secret_key))
        return self._connectors[wanted]

    def grant(self, mobile_number: str, *, group_id: str = "", connector: CreatedConnector | None = None) -> Granted:
        """A new refresh token, made by the operator."""
        draft = NewToken(
            application_id=(connector or self.connector).connector.shown_id,
            mobile_number=mobile_number,
            settings=self.house.settings,
            secret_key=self.secret_key,
            group_id=group_id,
        )
        granted: Granted = self.do(create_token, draft)
        return granted

    def exchange(self, refresh_token: str, *, connector: CreatedConnector | None = None) -> httpx.Response:
        """GET /accessToken."""
        used = connector or self.connector
        headers = {
            "applicationId": used.connector.shown_id,
            "applicationSecret": used.application_secret,
            "refreshToken": refresh_token,
        }
        return self.client.call("GET", "/v1/accessToken", headers=headers)

    def sign_in(
        self, mobile_number: str, *, group_id: str = "", permissions: Iterable[Permission] = ALL_PERMISSIONS
    ) -> Caller:
        """Whoever has the number, with a new token of its own; an earlier one made so stops."""
        connector = self.connector_with(permissions)
        granted = self.grant(mobile_number, group_id=group_id, connector=connector)
        answer = self.exchange(granted.refresh_token, connector=connector)
        assert answer.status_code == 200, answer.text
        return Caller(self.client, answer.json()["accessToken"], self.people[mobile_number], granted.grant.grant_id)

    def make_bot(self, name: str = "Till", *, creator: Caller | None = None, group_id: str = "") -> Caller:
        """Gita, or someone else, makes a bot; with `group_id`, Gita makes it a member. With a token of its own."""
        maker = creator or self.group_admin
        answer = maker.post("/v1/bot", {"name": name})
        assert answer.status_code == 200, answer.text
        bot_id: str = answer.json()["botUserId"]
        if group_id:
            joined = self.group_admin.post(f"/groups/{group_id}/bot", {"botUserId": bot_id})
            assert joined.json() == {"result": "true"}, joined.text
        return self.bot(bot_id, creator=maker.number)

    def bot(self, bot_id: str, *, creator: str, permissions: Iterable[Permission] = ALL_PERMISSIONS) -> Caller:
        """A bot with a token that its creator has taken through a connector, whatever that connector may."""
        connector = self.connector_with(permissions).connector
        wanted = BotGrant(bot_id, connector_id=connector.connector_id, maker_id=self.people[creator].user_id)
        token, person = self.do(_sign_in_bot, (wanted, self.house.settings))
        text = self.house.signer.sign(
            token, issued_at_s=self.house.now_s, mobile_number="", application_id=connector.shown_id, scope=""
        )
        return Caller(self.client, text, person, token.grant_id)

    @cached_property
    def tenant_admin(self) -> Caller:
        return self.sign_in(ASHA)

    @cached_property
    def group_admin(self) -> Caller:
        return self.sign_in(GITA)

    @cached_property
    def member(self) -> Caller:
        return self.sign_in(MOHAN)

    @cached_property
    def outsider(self) -> Caller:
        return self.sign_in(OMAR)

    @cached_property
    def other_world(self) -> World:
        """Another organization in the same server, whose people have the same numbers."""
        return World(self.client, self.database, self.clock)

    @property
    def stranger(self) -> Caller:
        """The admin of the other organization."""
        return self.other_world.tenant_admin

    @cached_property
    def group_id(self) -> str:
        """The group of the tests: Gita is its admin, Mohan a member."""
        return self.make_group("Depot", members=[MOHAN], welcomeMessage=WELCOME)

    @cached_property
    def group_token(self) -> Caller:
        """The group's own token, made by Gita."""
        return self.sign_in(GITA, group_id=self.group_id)

    def make_group(self, name: str, **fields: Any) -> str:
        """Gita makes one more group; its id."""
        answer = self.group_admin.post("/v1/groups", {"name": name, **fields})
        assert answer.status_code == 200, answer.text
        group_id: str = answer.json()["groupId"]
        return group_id

    def send(self, text: str, *, sender: Caller | None = None, group_id: str = "") -> str:
        """Gita, or someone else, sends a message; its id."""
        answer = (sender or self.group_admin).post(f"/groups/{group_id or self.group_id}/messages", {"message": text})
        assert answer.status_code == 200, answer.text
        reference_id: str = answer.json()["referenceId"]
        return reference_id

    def post_action(self, body: dict[str, Any], *, sender: Caller | None = None, group_id: str = "") -> str:
        """Gita, or someone else, posts an action, with the whole body of the call; its id."""
        answer = (sender or self.group_admin).post(f"/groups/{group_id or self.group_id}/actions", body)
        assert answer.status_code == 200, answer.text
        action_id: str = answer.json()["actionId"]
        return action_id

    def texts(self, reader: Caller, *, group_id: str = "", **query: Any) -> list[str]:
        """The messages that someone sees, newest first."""
        answer = reader.get(f"/groups/{group_id or self.group_id}/messages", **(query or {"count": 100}))
        assert answer.status_code == 200, answer.text
        return [message["message"] for message in answer.json()["messages"]]

    def group_as_seen(self, group_id: str = "", *, by: Caller | None = None) -> dict[str, Any]:
        """GET of one group."""
        answer = (by or self.group_admin).get(f"/groups/{group_id or self.group_id}")
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json()
        return seen

    def pin_of(self, mobile_number: str) -> str:
        """The PIN that waits for a number."""
        waiting: WaitingPin = self.read(read_waiting_pin, (mobile_number, self.secret_key))
        return waiting.pin

    @property
    def position(self) -> int:
        """The last position of the tenant's event log."""
        position: int = self.read(_read_last_position, None)
        return position

    def events_after(self, position: int) -> list[StoredEvent]:
        """The events since, in order."""
        events: list[StoredEvent] = self.read(_read_events, (position, 5_000))
        return events

    def count_events_after(self, position: int) -> dict[str, int]:
        """How many events of each type there were since."""
        return dict(Counter(event.event_type for event in self.events_after(position)))


def _sign_in_bot(
    tx: Transaction, _operator: Operator, request: tuple[BotGrant, Settings]
) -> tuple[AccessToken, Person]:
    wanted, settings = request
    person = find_bot_person(tx, wanted.bot_id)
    assert person is not None
    return access_token_of(tx, ensure_bot_grant(tx, wanted, settings), settings), person


def _found_tenant(tx: Transaction, operator: Operator, world: World) -> CreatedConnector:
    create_tenant(tx, operator, "Organization")
    names = ((ASHA, "Asha", ADMIN), (GITA, "Gita", MEMBER), (MOHAN, "Mohan", MEMBER), (OMAR, "Omar", MEMBER))
    for number, name, role in names:
        world.people[number] = add_person(tx, operator, NewPerson(number, name, role))
    return create_connector(tx, operator, (NewConnector("Connector"), world.secret_key))


def _read_last_position(tx: Transaction, _operator: Operator, _request: None) -> int:
    ends = select_ends(tx)
    return ends[1] if ends else 0


def _read_events(tx: Transaction, _operator: Operator, place: tuple[int, int]) -> list[StoredEvent]:
    return read_after(tx, *place)
