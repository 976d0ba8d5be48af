"""What a server does with a tenant that was made elsewhere, or before tenants had keys of their own."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from chaupal.auth.caller import Operator
from chaupal.auth.sealing import SecretKey
from chaupal.auth.tenant_keys import seal_tenant_key, store_tenant_key
from chaupal.connectors.rules import CreatedConnector, NewConnector, create_connector
from chaupal.directory.rules import create_tenant
from chaupal.serving.house import House
from chaupal.store.clock import new_id
from chaupal.tokens.rules import Granted, NewToken, create_token
from tests.api.files import PDF, Part
from tests.api.test_media_files import fetched
from tests.api.uploads import seen, upload
from tests.api.worlds import ASHA, World


def made_with(world: World, request: SecretKey) -> tuple[CreatedConnector, Granted]:
    """A connector and a refresh token, hashed with this key."""
    connector: CreatedConnector = world.do(create_connector, (NewConnector("From elsewhere"), request))
    token = NewToken(connector.connector.shown_id, ASHA, world.house.settings, request)
    granted: Granted = world.do(create_token, token)
    return connector, granted


class TestTenantFromElsewhere:
    def test_is_let_in_by_what_was_hashed_with_the_key_that_it_brought(
        self, world: World, world_with: Callable[..., World]
    ) -> None:
        brought = SecretKey(secrets.token_bytes(32))
        world.do(store_tenant_key, seal_tenant_key(world.house.tenant_keys, brought.exported()))
        connector, granted = made_with(world, brought)
        unaware = world.exchange(granted.refresh_token, connector=connector)
        assert unaware.status_code == 401  # this server has known the tenant under its own key: it was made here
        there = at_another_server(world, world_with)
        assert there.exchange(granted.refresh_token, connector=connector).status_code == 200
        assert there.client.run(there.house.key_of(world.tenant_id)).exported() == brought.exported()

    def test_its_links_to_files_are_signed_with_that_key(self, world: World, world_with: Callable[..., World]) -> None:
        link = seen(world.member, upload(world.member, Part(PDF, "a.pdf")))["mediaUrl"]
        assert fetched(at_another_server(world, world_with), link).status_code == 200
        brought = SecretKey(secrets.token_bytes(32))
        world.do(store_tenant_key, seal_tenant_key(world.house.tenant_keys, brought.exported()))
        there = at_another_server(world, world_with)
        assert fetched(there, link).status_code == 404


class TestTenantFromBefore:
    def test_goes_on_with_the_key_of_the_installation(self, world: World, world_with: Callable[..., World]) -> None:
        world.do(store_tenant_key, b"")
        connector, granted = made_with(world, world.house.secret_key)
        there = at_another_server(world, world_with)
        assert there.exchange(granted.refresh_token, connector=connector).status_code == 200
        assert there.client.run(there.house.key_of(world.tenant_id)) is there.house.secret_key


class TestNobodysTenant:
    def test_has_no_key_and_is_not_remembered(self, world: World, house: House) -> None:
        nobody = new_id()
        world.client.run(house.meet_tenant(nobody))
        assert nobody not in house.tenant_keys

    def test_is_met_once_it_is_there(self, world: World, house: House) -> None:
        made = Operator(new_id())
        world.client.run(house.meet_tenant(made.tenant_id))
        world.client.run(house.store.write(create_tenant, made, "Later"))
        assert world.client.run(house.key_of(made.tenant_id)).exported() != house.secret_key.exported()


def at_another_server(world: World, world_with: Callable[..., World]) -> World:
    """A server on the same database that has not met the organization yet."""
    there = world_with()
    assert world.tenant_id not in there.house.tenant_keys
    return there
