"""Each tenant's own key, with which its rows are hashed and sealed, so that it can take them elsewhere.

A tenant's key is derived from the installation's secret key where the tenant was made. One that came from elsewhere has
brought its key along: the database keeps it, sealed with the installation's. A tenant from the time before there were
keys of tenants goes on with the installation's own. A tenant's key never changes, so what is known of it stays true.
"""

from __future__ import annotations

from chaupal.auth.caller import Operator
from chaupal.auth.queries import replace_tenant_key, select_tenant_key
from chaupal.auth.sealing import SecretKey
from chaupal.errors import InvalidToken
from chaupal.store.transaction import Transaction

_PURPOSE = "tenant key"


class TenantKeys:
    """The keys that this process knows. Used from any thread."""

    def __init__(self, installation: SecretKey) -> None:
        self.installation = installation
        # What belongs to no tenant.
        self._known: dict[str, SecretKey] = {"": installation}

    def __contains__(self, tenant_id: str) -> bool:
        return tenant_id in self._known

    def of(self, tenant_id: str) -> SecretKey:
        """The key of a tenant that this process has met.

        Raises:
            InvalidToken: it has not, so the tenant is none of this installation.
        """
        found = self._known.get(tenant_id)
        if found is None:
            raise InvalidToken("The access token's organization is not here.")
        return found

    def born(self, tenant_id: str) -> SecretKey:
        """The key of a tenant that is made here, now."""
        return self.keep(tenant_id, self.read(tenant_id, None))

    def read(self, tenant_id: str, sealed: bytes | None) -> SecretKey:
        """The key of a tenant by what the database keeps of it; None where that is nothing.

        Raises:
            SealBroken: the installation's key is not the one that sealed it.
        """
        if sealed is None:
            return self.installation.derive(f"tenant:{tenant_id}")
        return SecretKey(self.installation.unseal(_PURPOSE, sealed)) if sealed else self.installation

    def keep(self, tenant_id: str, key: SecretKey) -> SecretKey:
        """Know a key from now on."""
        return self._known.setdefault(tenant_id, key)


def meet_tenant(tx: Transaction, _caller: Operator, keys: TenantKeys) -> SecretKey | None:
    """The key of the transaction's tenant, known from now on; None, and nothing known, where there is no such tenant.

    Raises:
        SealBroken: the installation's key is not the one that sealed it.
    """
    if tx.tenant_id in keys:
        return keys.of(tx.tenant_id)
    is_there, sealed = select_tenant_key(tx)
    if not is_there:
        return None
    return keys.keep(tx.tenant_id, keys.read(tx.tenant_id, sealed))


def seal_tenant_key(keys: TenantKeys, key_bytes: bytes) -> bytes:
    """As the database keeps the key of a tenant that comes from elsewhere."""
    if key_bytes == keys.installation.exported():
        return b""
    return keys.installation.seal(_PURPOSE, key_bytes)


def store_tenant_key(tx: Transaction, _caller: Operator, sealed: bytes) -> None:
    """Write the key of a tenant that comes from elsewhere, in the transaction that makes its row."""
    replace_tenant_key(tx, sealed)
