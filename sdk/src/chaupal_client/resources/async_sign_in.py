"""The calls of `sign_in`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client._resource import AsyncResource
from chaupal_client.flows import sign_in as flows
from chaupal_client.flows.sign_in import Authorization
from chaupal_client.models import RefreshTokenAnswer, TokenAnswer


class AsyncSignIn(AsyncResource):
    """The asynchronous twin of `SignIn`."""

    async def send_pin(self, mobile_number: str) -> None:
        """As `SignIn.send_pin`. Have a PIN sent to the number of a person. Nothing tells whether the number is
        known.
        """
        return await self._driver.run(flows.send_pin(self._session, mobile_number))

    async def with_pin(self, mobile_number: str, pin: str) -> RefreshTokenAnswer:
        """As `SignIn.with_pin`. Sign in with the PIN that has come. From now on the client acts as this person, and
        keeps that in its store.
        """
        return await self._driver.run(flows.with_pin(self._session, mobile_number, pin))

    def begin(self, redirect_uri: str, *, language: str | None = None) -> Authorization:
        """As `SignIn.begin`. Begin a sign-in on the server's own pages, with PKCE. No call is made: send the person
        to the answer's `url`.
        """
        return flows.begin(self._session, redirect_uri, language=language)

    async def finish(self, authorization: Authorization, address: str) -> TokenAnswer:
        """As `SignIn.finish`. Finish it with the whole address at which the person has come back. From now on the
        client acts as this person.
        """
        return await self._driver.run(flows.finish(self._session, authorization, address))

    async def renew(self) -> str:
        """As `SignIn.renew`. Take a new access token now, and answer it. Calls do this by themselves when it is
        time.
        """
        return await self._driver.run(flows.renew(self._session))
