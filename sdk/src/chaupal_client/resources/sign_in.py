"""The calls of `sign_in`. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client._resource import Resource
from chaupal_client.flows import sign_in as flows
from chaupal_client.flows.sign_in import Authorization
from chaupal_client.models import RefreshTokenAnswer, TokenAnswer


class SignIn(Resource):
    """What can be done; one call a method."""

    def send_pin(self, mobile_number: str) -> None:
        """Have a PIN sent to the number of a person. Nothing tells whether the number is known."""
        return self._driver.run(flows.send_pin(self._session, mobile_number))

    def with_pin(self, mobile_number: str, pin: str) -> RefreshTokenAnswer:
        """Sign in with the PIN that has come. From now on the client acts as this person, and keeps that in its
        store.

        Raises:
            Unauthenticated: the PIN is wrong or has expired.
        """
        return self._driver.run(flows.with_pin(self._session, mobile_number, pin))

    def begin(self, redirect_uri: str, *, language: str | None = None) -> Authorization:
        """Begin a sign-in on the server's own pages, with PKCE. No call is made: send the person to the answer's
        `url`.
        """
        return flows.begin(self._session, redirect_uri, language=language)

    def finish(self, authorization: Authorization, address: str) -> TokenAnswer:
        """Finish it with the whole address at which the person has come back. From now on the client acts as this
        person.

        Raises:
            SignInRefused: the person has said no, or the address belongs to another sign-in.
            InvalidParameters: the code is wrong, used or expired.
        """
        return self._driver.run(flows.finish(self._session, authorization, address))

    def renew(self) -> str:
        """Take a new access token now, and answer it. Calls do this by themselves when it is time.

        Raises:
            Unauthenticated: application id, secret or refresh token is wrong.
            SignInNeeded.
        """
        return self._driver.run(flows.renew(self._session))
