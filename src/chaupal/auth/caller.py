"""Who calls: the bearer of an access token, or the operator at the machine."""

from __future__ import annotations

import msgspec

from chaupal.auth.permissions import CallPermission
from chaupal.auth.signing import AccessToken


class Caller(msgspec.Struct, frozen=True):
    """A checked access token together with what the call that it makes needs. What it may is known only inside tx."""

    token: AccessToken
    permission: CallPermission

    @property
    def tenant_id(self) -> str:
        """The token's tenant."""
        return self.token.tenant_id


class Operator(msgspec.Struct, frozen=True):
    """Whoever has the machine: the command line, background jobs, and calls made before anyone is signed in."""

    tenant_id: str
    passes_gate: bool = False
    """Writes even to a tenant that is being moved, or has been: for what moves it."""


INSTALLATION = Operator("")
"""The caller for rows that belong to no tenant."""
