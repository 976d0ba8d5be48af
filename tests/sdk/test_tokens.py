"""Tokens are renewed when it is time, by one call for all, and are kept where the program says."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from chaupal_client import AsyncChaupal, FileTokens, InvalidToken, MemoryTokens, Tokens, Unauthenticated
from tests.api.worlds import GITA, MOHAN
from tests.browser.sites import LoopThread, Site
from tests.sdk.clients import Counting, OpenClient, at_once
from tests.sdk.elsewhere import Elsewhere


def renewals(elsewhere: Elsewhere) -> int:
    return sum(asked.target == "/v1/accessToken" for asked in elsewhere.asked)


class TestRenewal:
    def test_it_comes_before_the_token_ends(self, site: Site, open_client: OpenClient) -> None:
        kept = Counting()
        client = open_client(tokens=kept, refresh_token=site.world.grant(GITA).refresh_token)
        client.users.me()
        client.users.me()
        assert len(kept.saved) == 1
        before = kept.saved[0]
        assert before.access_token_expiry_ms == site.clock.now_ms + 24 * 3600 * 1000
        site.clock.advance(hours=23, minutes=54)
        client.users.me()
        assert len(kept.saved) == 1
        site.clock.advance(minutes=1)
        client.users.me()
        assert [tokens.access_token == before.access_token for tokens in kept.saved] == [True, False]

    def test_a_refused_token_is_renewed_once(self, site: Site, open_client: OpenClient) -> None:
        refresh_token = site.world.grant(GITA).refresh_token
        stale = Tokens(refresh_token=refresh_token, access_token="nonsense", access_token_expiry_ms=2**50)
        kept = Counting(stale)
        client = open_client(tokens=kept)
        assert client.users.me().mobile_number == GITA
        assert len(kept.saved) == 1

    def test_a_token_that_cannot_be_renewed_is_told_of(self, open_client: OpenClient) -> None:
        with pytest.raises(InvalidToken) as refused:
            open_client(access_token="nonsense").users.me()
        assert refused.value.details == "The access token is malformed."
        assert str(refused.value).endswith("(The access token is malformed.)")

    def test_a_revoked_grant_is_told_of(self, site: Site, open_client: OpenClient) -> None:
        client = open_client()
        client.users.me()
        site.world.grant(GITA)  # ends the earlier one
        with pytest.raises(Unauthenticated):
            client.users.me()

    def test_what_another_program_has_renewed_is_taken(self, site: Site, open_client: OpenClient) -> None:
        refresh_token = site.world.grant(GITA).refresh_token
        fresh = open_client(refresh_token=refresh_token).sign_in.renew()
        kept = Counting(Tokens(refresh_token=refresh_token, access_token="nonsense"))
        client = open_client(tokens=kept)
        kept.save(Tokens(refresh_token=refresh_token, access_token=fresh, access_token_expiry_ms=2**50))
        client.users.me()
        assert [tokens.access_token for tokens in kept.saved] == [fresh]

    def test_many_calls_at_once_renew_once(self, site: Site, elsewhere: Elsewhere, client_loop: LoopThread) -> None:
        elsewhere.pass_on_to(site.url)
        connector = site.world.connector

        async def make() -> AsyncChaupal:
            return AsyncChaupal(
                elsewhere.url,
                application_id=connector.connector.shown_id,
                application_secret=connector.application_secret,
                refresh_token=site.world.grant(GITA).refresh_token,
                now_s=lambda: site.clock.now_ms / 1000,
            )

        client = client_loop.run(make())
        people = at_once(client_loop, *(client.users.me() for _ in range(20)))
        client_loop.run(client.aclose())
        assert [person.mobile_number for person in people] == [GITA] * 20
        assert renewals(elsewhere) == 1


class TestKeepingTokens:
    def test_a_file_keeps_a_sign_in(self, site: Site, open_client: OpenClient, tmp_path: Path) -> None:
        path = tmp_path / "new" / "tokens.json"
        client = open_client(tokens=FileTokens(path))
        client.sign_in.send_pin(MOHAN)
        client.sign_in.with_pin(MOHAN, site.world.pin_of(MOHAN))
        client.users.me()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [each.name for each in path.parent.iterdir()] == ["tokens.json"]
        assert open_client(tokens=FileTokens(path)).users.me().mobile_number == MOHAN

    def test_a_file_with_something_else_is_not_overwritten(self, open_client: OpenClient, tmp_path: Path) -> None:
        path = tmp_path / "tokens.json"
        path.write_text("shopping list")
        with pytest.raises(ValueError, match="does not hold tokens"):
            open_client(tokens=FileTokens(path))
        assert path.read_text() == "shopping list"

    def test_what_is_kept_wins_over_what_is_given(self, site: Site, open_client: OpenClient) -> None:
        kept = MemoryTokens(Tokens(refresh_token=site.world.grant(MOHAN).refresh_token))
        client = open_client(tokens=kept, refresh_token="older")
        assert client.users.me().mobile_number == MOHAN

    def test_what_is_given_counts_where_what_is_kept_was_revoked(self, site: Site, open_client: OpenClient) -> None:
        kept: Any = MemoryTokens()
        first = site.world.grant(GITA).refresh_token
        open_client(tokens=kept, refresh_token=first).users.me()
        second = site.world.grant(GITA).refresh_token  # ends the first
        client = open_client(tokens=kept, refresh_token=second)
        assert client.users.me().mobile_number == GITA
        assert kept.load().refresh_token == second
        site.world.grant(GITA)
        with pytest.raises(Unauthenticated):
            client.users.me()

    def test_after_a_sign_in_nobody_else_is_acted_for(self, site: Site, open_client: OpenClient) -> None:
        client = open_client()
        client.sign_in.send_pin(MOHAN)
        client.sign_in.with_pin(MOHAN, site.world.pin_of(MOHAN))
        assert client.users.me().mobile_number == MOHAN
        site.world.grant(MOHAN)  # ends what the PIN gave
        with pytest.raises(Unauthenticated):
            client.users.me()

    def test_a_new_refresh_token_takes_the_place_of_the_old(self, site: Site, open_client: OpenClient) -> None:
        kept: Any = MemoryTokens()
        first = site.world.grant(GITA).refresh_token
        client = open_client(tokens=kept, refresh_token=first)
        client.users.me()
        assert kept.load().refresh_token == first
        site.clock.advance(days=330)  # past 90 % of its life
        client.users.me()
        second = kept.load().refresh_token
        assert second not in ("", first)
        site.clock.advance(days=40)  # past the end of the first
        assert client.users.me().mobile_number == GITA
