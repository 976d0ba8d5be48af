"""Keys of tenants: each its own, the same each time, and none for whom nobody knows."""

from __future__ import annotations

import pytest

from chaupal.auth.sealing import SealBroken, SecretKey
from chaupal.auth.tenant_keys import TenantKeys, seal_tenant_key
from chaupal.errors import InvalidToken

INSTALLATION = SecretKey(bytes(range(32)))


class TestTenantKeys:
    def test_a_tenants_key_is_the_same_in_every_process(self) -> None:
        first, second = (TenantKeys(INSTALLATION).born("asha") for _ in range(2))
        assert second.unseal("pin", first.seal("pin", b"123456")) == b"123456"
        assert first.hash("pin", "123456") == second.hash("pin", "123456")

    def test_no_key_opens_what_another_has_sealed(self) -> None:
        keys = TenantKeys(INSTALLATION)
        sealed = keys.born("asha").seal("pin", b"123456")
        for other in (keys.born("gita"), INSTALLATION, TenantKeys(SecretKey(bytes(32))).born("asha")):
            with pytest.raises(SealBroken):
                other.unseal("pin", sealed)
            assert other.hash("pin", "1") != keys.of("asha").hash("pin", "1")

    def test_a_tenant_that_nobody_has_met_has_none(self) -> None:
        keys = TenantKeys(INSTALLATION)
        assert "asha" not in keys
        with pytest.raises(InvalidToken):
            keys.of("asha")

    def test_what_belongs_to_no_tenant_is_the_installations(self) -> None:
        assert TenantKeys(INSTALLATION).of("") is INSTALLATION

    def test_a_known_key_stays(self) -> None:
        keys = TenantKeys(INSTALLATION)
        known = keys.keep("asha", SecretKey(bytes(32)))
        assert keys.born("asha") is keys.keep("asha", INSTALLATION) is keys.of("asha") is known

    def test_a_key_at_rest_cannot_be_read_without_the_installations(self) -> None:
        brought = SecretKey(bytes(reversed(range(32))))
        sealed = seal_tenant_key(TenantKeys(INSTALLATION), brought.exported())
        assert brought.exported() not in sealed
        assert INSTALLATION.unseal("tenant key", sealed) == brought.exported()
        with pytest.raises(SealBroken):
            SecretKey(bytes(32)).unseal("tenant key", sealed)
