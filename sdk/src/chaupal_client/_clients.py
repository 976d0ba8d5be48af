"""The two clients."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from chaupal_client._driving import AsyncDriver, Driver
from chaupal_client._operations import Operation
from chaupal_client._retrying import Retrying
from chaupal_client._session import Credentials, Session
from chaupal_client._tokens import MemoryTokens, Tokens, TokenStore
from chaupal_client.resources import AsyncResources, Resources

TIMEOUT_S = 60.0
"""No call of the server takes longer."""


class Chaupal(Resources):
    """A client whose calls wait for their answers. May be used by several threads at a time.

    `url` is the server's address. A program is a connector: `application_id` and `application_secret`. It acts as
    someone by a `refresh_token`, by a sign-in (`sign_in`), or by an `access_token` that somebody else renews. With
    `bot_user_id` it acts as this bot, whose tokens it takes by those of the person.

    `tokens` keeps what a sign-in gives beyond the end of the program; what it has wins over `refresh_token`, which may
    be older, unless it was revoked. `retrying` says how patient it is. `http` is a client of httpx with settings of
    your own, such as a proxy; it is closed with this one.

    Raises ValueError where `url` is no http or https address.
    """

    def __init__(
        self,
        url: str,
        *,
        application_id: str = "",
        application_secret: str = "",
        refresh_token: str = "",
        access_token: str = "",
        bot_user_id: str = "",
        tokens: TokenStore | None = None,
        retrying: Retrying | None = None,
        timeout_s: float = TIMEOUT_S,
        http: httpx.Client | None = None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        credentials = Credentials(application_id, application_secret, bot_user_id)
        store = tokens or MemoryTokens()
        session = Session(url, credentials, store, retrying or Retrying(), now_s)
        session.begin_with(Tokens(refresh_token=refresh_token, access_token=access_token))
        super().__init__(session, Driver(http or httpx.Client(timeout=timeout_s)))

    def call(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        """Any call, as `call("GET", "/users/me")`, and its answer as Python has JSON: for what this version lacks."""
        return self._driver.run(self._session.call(any_operation(method, path), query=query, body=body))

    @property
    def endpoint_url(self) -> str:
        """Where calls go, as the server has said."""
        return self._session.endpoint_url

    def close(self) -> None:
        """End all connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncChaupal(AsyncResources):
    """A client whose calls are awaited; otherwise it is as `Chaupal`."""

    def __init__(
        self,
        url: str,
        *,
        application_id: str = "",
        application_secret: str = "",
        refresh_token: str = "",
        access_token: str = "",
        bot_user_id: str = "",
        tokens: TokenStore | None = None,
        retrying: Retrying | None = None,
        timeout_s: float = TIMEOUT_S,
        http: httpx.AsyncClient | None = None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        credentials = Credentials(application_id, application_secret, bot_user_id)
        store = tokens or MemoryTokens()
        session = Session(url, credentials, store, retrying or Retrying(), now_s)
        session.begin_with(Tokens(refresh_token=refresh_token, access_token=access_token))
        super().__init__(session, AsyncDriver(http or httpx.AsyncClient(timeout=timeout_s)))

    async def call(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        """As `Chaupal.call`."""
        return await self._driver.run(self._session.call(any_operation(method, path), query=query, body=body))

    @property
    def endpoint_url(self) -> str:
        """Where calls go, as the server has said."""
        return self._session.endpoint_url

    async def aclose(self) -> None:
        """End all connections."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def any_operation(method: str, path: str) -> Operation[Any]:
    """A call that the document of this version need not have."""
    answer: Any = Any
    return Operation(method, path, answer, has_idempotency_key=method == "POST")
