"""How a slice declares its routes: method, path, handler, what it needs, and the shapes that go in and out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from chaupal.auth.permissions import PERMISSIONS, CallPermission
from chaupal.errors import ChaupalError

if TYPE_CHECKING:
    from chaupal.serving.replies import Reply, StreamedReply, WholeReply
    from chaupal.serving.request import ApiRequest

Answer: TypeAlias = "msgspec.Struct | Reply | StreamedReply | WholeReply"
Handler = Callable[["ApiRequest"], Awaitable[Answer]]
Refusal = Callable[["ApiRequest", BaseException], "WholeReply"]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
HTML = "text/html"
MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One call of the API.

    `call` names the row of the permission table; "" for the calls that carry no access token. `body`, `query` and
    `reply` are the shapes, for the handlers' benefit and the API's documents. `refuse` answers an error where its form
    is not the API's own. What follows is for the OpenAPI document and the tests that hold every answer to it:

    - `errors`: what the call may answer beyond the errors that every call of its kind may, leaves rather than roots;
    - `error_body`: the shape of an error where `refuse` answers JSON;
    - `takes`, `gives`: media types of the body and of the answer of success; pages give HTML, in errors, too;
    - `other_answers`: what statuses beside 200 mean that are no errors, such as 206 or 302;
    - `credentials`: of a call without access token the headers that it is signed in by.
    """

    method: str
    path: str
    handler: Handler
    call: str = ""
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    reply: Any = None
    refuse: Refusal | None = None
    errors: tuple[type[ChaupalError], ...] = ()
    error_body: type[msgspec.Struct] | None = None
    takes: tuple[str, ...] = (JSON,)
    gives: tuple[str, ...] = (JSON,)
    other_answers: Mapping[int, str] = field(default_factory=dict)
    credentials: tuple[str, ...] = ()

    @property
    def permission(self) -> CallPermission | None:
        """What the call needs; None where it needs no access token."""
        return PERMISSIONS[self.call] if self.call else None

    @property
    def is_page(self) -> bool:
        """Whether the answers are pages for people, errors included."""
        return self.gives == (HTML,)
