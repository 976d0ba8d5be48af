"""How a slice declares its routes: method, path, handler, what it needs, and the shapes that go in and out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from chaupal.auth.permissions import PERMISSIONS, CallPermission

if TYPE_CHECKING:
    from chaupal.serving.replies import Reply, StreamedReply, WholeReply
    from chaupal.serving.request import ApiRequest

Handler = Callable[["ApiRequest"], Awaitable["msgspec.Struct | Reply | StreamedReply | WholeReply"]]
Refusal = Callable[["ApiRequest", BaseException], "WholeReply"]


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One call of the API.

    `call` names the row of the permission table; "" for the calls that sign someone in, which carry no access token.
    `body`, `query` and `reply` are the shapes, for the handlers' benefit and the API's documents. `refuse` answers an
    error where its form is not the API's own; `is_page` says that the answers are pages for people.
    """

    method: str
    path: str
    handler: Handler
    call: str = ""
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    reply: Any = None
    refuse: Refusal | None = None
    is_page: bool = False

    @property
    def permission(self) -> CallPermission | None:
        """What the call needs; None where it needs no access token."""
        return PERMISSIONS[self.call] if self.call else None
