"""What Schemathesis, which loads this module, has to know beside the document to make up calls that mean something.

Formats that only this product has, bodies whose shape another field decides, and the refusals that no schema foresees.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from zlib import crc32

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, HookContext, Response
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

from chaupal.openapi.places import PARAMETERS
from chaupal.wire.cursors import write_cursor
from tests.api.answering import TYPES
from tests.api.files import picture

PLACE = "CHAUPAL_FUZZ_PLACE"
"""The variable that says, as JSON, what there is to call about: see `Place.told` in `test_made_up_calls.py`."""
ANSWERS = "CHAUPAL_FUZZ_ANSWERS"
"""The variable that names the file for (status, call) of every answer."""

KEY = "Idempotency-Key"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOT_THERE = "01a20000-0000-7000-8000-000000000000"
LONG_AS_AN_ID = 26
DOCUMENT = Path("docs/openapi.json").read_text()

# Some of them are people of the caller's organization, the others are new to it.
NUMBERS = st.integers(0, 20).map(lambda last: f"+9198765432{last:02d}")
CURSORS = st.sampled_from(["0", "x", write_cursor(("x", 1)), write_cursor((True, 1, "x")), write_cursor(("x",))])
INSTANTS = st.one_of(
    st.datetimes().map(lambda at: f"{at.isoformat()}Z"), st.integers(0, 2**32).map(str), st.dates().map(str)
)
schemathesis.openapi.format("mobile-number", NUMBERS)
schemathesis.openapi.format("cursor", CURSORS)
schemathesis.openapi.format("instant", INSTANTS)
schemathesis.openapi.media_type("image/*", st.just(picture(size=(16, 10))))

UNFORESEEABLE_OF_WEBHOOKS = {
    "eventTypes: must name at least one of": "names that are not known are dropped by contract (section 11)",
    "callBackHeaders: must be names of headers of your own": "which are the server's own",
    "callBackContext: must be at most": "bytes of JSON are not counted by a schema",
    "signingSecret: ": "nor those that base64 holds",
    "validity: ": "it may be a number or a text",
}

UNFORESEEABLE = {
    "GET /api/Oauth/Authorize": {"": "which programs and addresses are registered, and which sign-in has begun"},
    "POST /api/Oauth/Authorize": {"": "which programs and addresses are registered, and which sign-in has begun"},
    "POST /api/oauth/token": {
        "client_id: is required": "a program may name itself in the header Authorization",
        "code: is required, or refresh_token": "either will do",
    },
    "POST /groups/{groupId}/reaction": {"comment: must not be empty for a Comment": "a Like has none"},
    "POST /media": {"body: ": "what a file is shows in its bytes, and that a part is one in its name"},
    "POST /groups/{groupId}/actions": {
        "actionType: is required": "`id` may stand for it",
        "actionBody": "the type decides what it holds",
    },
    "POST /groups/{groupId}/actions/{actionId}/responses": {"": "the action decides what an answer holds"},
    "PUT /groups/{groupId}/actions/{actionId}": {"updateProperties[": "the type of one decides what it holds"},
    "PUT /groups/{groupId}/actions/{actionId}/properties": {
        "updateProperties[": "the type of one decides what it holds"
    },
    "POST /groups/{groupId}/actions/{actionId}/reminder": {"subscribers: must name": "only the server knows who is"},
    "POST /groups": {"members: must name at most": "members and admins count together"},
    "POST /groups/{groupId}/subGroups": {"members: must name at most": "members and admins count together"},
    "GET /webhook": {"objectType: must be one of": "it goes with `objectId`"},
    "POST /webhook": UNFORESEEABLE_OF_WEBHOOKS,
    "PUT /webhook/{webhookId}": UNFORESEEABLE_OF_WEBHOOKS,
    "GET /groups/{groupId}/messages": {"GET needs count, cursor or direction": "any of them will do"},
}
"""By call: how the messages of a refusal begin that no bound in the document can foresee, and why none can."""

UNFORESEEABLE_ANYWHERE = {
    "cursor: must be a cursor that this call gave": "only the server knows its cursors",
    "groupId: must be a ConnectGroup": "what kind a group is of stands in no path",
    "groupId: a ConnectGroup has no subgroups": "likewise",
    "subscribers: is only for a ConnectGroup": "likewise",
    "sendToAllSubscribers: is only for a ConnectGroup": "likewise",
}


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Any, case: Case, response: Response) -> bool:
    """Whether a failure counts: not where a refusal of what fits the document could not be foreseen.

    Nor where a bot's token is there after DELETE of its tokens: a GET of it makes another (contract, section 10).
    """
    if isinstance(failure, UseAfterFree):
        return case.operation.label != "GET /bot/accessToken/{botUserId}"
    if not isinstance(failure, RejectedPositiveData):
        return True
    said = response.json()["message"] if response.headers["content-type"][0].startswith("application/json") else ""
    known = UNFORESEEABLE.get(case.operation.label, {}) | UNFORESEEABLE_ANYWHERE
    return not any(said.startswith(beginning) for beginning in known)


@schemathesis.hook
def before_call(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Let ids be of one place that is there, and what is fetched lie on this machine.

    Keys of intentions are told apart, or all calls but the first would be refused for the key in the example.
    """
    place = json.loads(os.environ[PLACE])
    settle(case, place)
    if f'"cursor": "{case.query.get("cursor")}"' in DOCUMENT:
        del case.query["cursor"]
    if isinstance(case.body, dict):
        put_in(case.body, place["urls"])
    if case.headers.get(KEY) == PARAMETERS[KEY]["example"]:
        case.headers[KEY] += f"-{crc32(repr((case.formatted_path, case.body)).encode())}"


def settle(case: Case, place: dict[str, Any]) -> None:
    """Where a path holds ids, and not along links, put those of the place: a message of one group is in no other.

    What takes something away is about what can be spared, or about what the run itself has made.
    """
    call, path, kept = case.operation.definition.raw["operationId"], case.path_parameters, place["kept"]
    if call in TAKING_AWAY:
        put_in(path, {name: NOT_THERE for name, value in path.items() if value == kept.get(name)})
    if case.meta is None or case.meta.phase.name is not TestPhase.STATEFUL:
        if call in place["own"]:
            path.update(place["own"][call])
        elif call not in TAKING_AWAY and all(ID.fullmatch(str(value)) for value in path.values()):
            put_in(path, kept)
    for held in (path, case.query, case.body):
        if isinstance(held, dict):
            put_in(held, {name: value for name, value in kept.items() if is_example(held.get(name))})


def put_in(held: dict[str, Any], values: dict[str, Any]) -> None:
    """Replace those values that have a name in `values`."""
    held.update({name: values[name] for name in held if name in values})


def is_example(value: Any) -> bool:
    """Whether a value is an id, or a list that begins with one, of the document's examples."""
    text = str(value[0] if isinstance(value, list) and value else value)
    return len(text) >= LONG_AS_AN_ID and f'"{text}"' in DOCUMENT


TAKING_AWAY = {
    "groups.delete", "groups.leave", "members.remove", "members.change", "messages.retract", "actions.retract",
    "actions.close", "bots.delete", "bots.revoke", "webhooks.change", "webhooks.delete",
    "reactions.remove", "subgroups.unlink",
}  # fmt: skip
"""Calls after which others would find nothing."""


@schemathesis.hook
def after_call(_context: HookContext, case: Case, response: Response) -> None:
    """Note what was answered; the report leaves out what came along links."""
    with Path(os.environ[ANSWERS]).open("a") as answers:
        answers.write(f"{response.status_code} {case.operation.label}\n")


@schemathesis.hook
def flatmap_body(context: HookContext, body: Any) -> st.SearchStrategy[Any]:
    """Where the type of an action decides what a body holds, send each type's, whole or with something else in it."""
    place = {"POST /groups/{groupId}/actions": 0, "POST /groups/{groupId}/actions/{actionId}/responses": 1}
    label = context.operation.label if context.operation is not None else ""
    if label not in place or not isinstance(body, dict):
        return st.just(body)
    return st.sampled_from(list(TYPES)).flatmap(
        lambda name: altered(TYPES[name][place[label]]).map(
            lambda held: {("id" if "." in name else "actionType"): name, "actionBody": held}
        )
    )


ODDITIES: tuple[Any, ...] = (
    None, "", " ", 0, -1, 1.5, 2**63, 1e308, True, [], {}, [[]], [None], {"x": None}, "x" * 5_000, "9" * 400, "\u202e",
    ["x"] * 1_001, {"title": {}}, "+919876543210", "2026-01-05T00:00:00Z", 4_000_000_000,
)  # fmt: skip


def altered(held: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The object as it is, or with an oddity in place of one of its values, or without one."""
    names = st.sampled_from(list(held))
    return st.one_of(
        st.just(held),
        names.map(lambda left_out: {name: value for name, value in held.items() if name != left_out}),
        st.tuples(names, st.sampled_from(ODDITIES)).map(lambda change: {**held, change[0]: change[1]}),
    )
