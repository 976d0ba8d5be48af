"""The guarded client, against real servers on this machine and a resolver that lies."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from chaupal.outbound.failures import AddressRefused, AnswerTooLarge, OutboundFailed
from chaupal.outbound.guard import read_networks
from chaupal.outbound.guarded import GuardedClient
from tests.outbound.receivers import HttpReceiver

pytestmark = pytest.mark.anyio

SETTING = "CHAUPAL_MEDIA_FETCH_ALLOW"
LOCAL = ("127.0.0.1",)


class Names:
    """A resolver whose answers a test chooses; each call takes the next, the last one again and again."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not answer:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answer


@pytest.fixture
async def guarded() -> AsyncIterator[Callable[..., GuardedClient]]:
    """Call it for a client: `guarded(Names([...]), allow=[...])`."""
    made: list[GuardedClient] = []

    def make(names: Names | None = None, allow: tuple[str, ...] = ()) -> GuardedClient:
        options = {} if names is None else {"resolve": names}
        made.append(GuardedClient(allow=read_networks(allow), setting=SETTING, **options))
        return made[-1]

    yield make
    for client in made:
        await client.close()


async def fetch(client: GuardedClient, url: str, *, max_bytes: int = 1_000, timeout_s: float = 30) -> bytes:
    taken = bytearray()

    async def take(chunk: bytes) -> None:
        taken.extend(chunk)

    await client.download(url, take, max_bytes=max_bytes, timeout_s=timeout_s)
    return bytes(taken)


def named(receiver: HttpReceiver, host: str = "files.example") -> str:
    return f"http://{host}:{urlsplit(receiver.url).port}/a.jpg"


Make = Callable[..., GuardedClient]


class TestDownload:
    async def test_gives_the_bytes_and_what_was_said_of_them(self, guarded: Make, receiver: HttpReceiver) -> None:
        receiver.body, receiver.headers = b"x" * 300_000, {"content-type": "image/jpeg", "set-cookie": "a=b"}
        client, taken = guarded(allow=LOCAL), bytearray()

        async def take(chunk: bytes) -> None:
            taken.extend(chunk)

        for _ in range(2):
            taken.clear()
            head = await client.download(receiver.url + "/a", take, max_bytes=300_000, timeout_s=30)
        assert (bytes(taken), head.content_type) == (receiver.body, "image/jpeg")
        got = receiver.received[1]
        assert (got.method, got.path, got.body) == ("GET", "/a", b"")
        assert got.headers["accept-encoding"] == "identity"
        assert "cookie" not in got.headers

    async def test_nothing_is_sent_to_an_address_that_is_not_public(
        self, guarded: Make, receiver: HttpReceiver
    ) -> None:
        with pytest.raises(AddressRefused, match=SETTING):
            await fetch(guarded(), receiver.url)
        with pytest.raises(AddressRefused, match=SETTING):
            await fetch(guarded(Names(["127.0.0.1"])), named(receiver))
        with pytest.raises(AddressRefused, match=SETTING):
            await fetch(guarded(), named(receiver, "localhost"))
        assert receiver.received == []

    async def test_a_name_that_changes_its_address_gains_nothing(self, guarded: Make, receiver: HttpReceiver) -> None:
        names = Names(["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"])
        client = guarded(names, allow=LOCAL)
        receiver.body, receiver.headers = b"first", {"connection": "close"}
        assert await fetch(client, named(receiver)) == b"first"
        for _ in range(2):
            with pytest.raises(AddressRefused):
                await fetch(client, named(receiver))
        assert len(names.asked) == 3, "resolved once for each connection"
        assert len(receiver.received) == 1

    async def test_the_address_that_was_checked_is_the_one_connected_to(
        self, guarded: Make, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Should the library ever resolve by itself, the socket is refused."""
        client = guarded(Names(["8.8.8.8"]))
        real = client._doors["http"].guard.open_among
        monkeypatch.setattr(client._doors["http"].guard, "open_among", lambda found: (real(found), ["127.0.0.1"])[1])
        with pytest.raises(AddressRefused, match=SETTING):
            await fetch(client, named(receiver))
        assert receiver.received == []

    async def test_of_several_addresses_the_open_ones_are_used(self, guarded: Make, receiver: HttpReceiver) -> None:
        receiver.body = b"here"
        client = guarded(Names(["10.0.0.1", "::1", "127.0.0.1"]), allow=LOCAL)
        assert await fetch(client, named(receiver)) == b"here"

    async def test_follows_no_redirect(self, guarded: Make, receiver: HttpReceiver) -> None:
        receiver.status, receiver.headers = 302, {"location": receiver.url + "/elsewhere"}
        with pytest.raises(OutboundFailed, match="status 302"):
            await fetch(guarded(allow=LOCAL), receiver.url)
        assert len(receiver.received) == 1

    async def test_uses_no_proxy_from_the_environment(
        self, guarded: Make, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        receiver.body = b"x"
        assert await fetch(guarded(allow=LOCAL), receiver.url) == b"x"

    async def test_stops_reading_at_the_limit_whatever_was_announced(
        self, guarded: Make, receiver: HttpReceiver
    ) -> None:
        receiver.body = b"x" * 1_001
        with pytest.raises(AnswerTooLarge):
            await fetch(guarded(allow=LOCAL), receiver.url)
        receiver.body, receiver.headers = b"x" * 5_000_000, {"content-length": "", "connection": "close"}
        with pytest.raises(OutboundFailed):
            await fetch(guarded(allow=LOCAL), receiver.url)

    async def test_unpacks_nothing(self, guarded: Make, receiver: HttpReceiver) -> None:
        receiver.body = zlib.compress(b"x" * 1_000_000)
        receiver.headers = {"content-encoding": "deflate"}
        with pytest.raises(OutboundFailed, match="compressed"):
            await fetch(guarded(allow=LOCAL), receiver.url, max_bytes=10_000_000)

    async def test_gives_up_when_the_time_is_over(self, guarded: Make, receiver: HttpReceiver) -> None:
        receiver.is_silent = True
        with pytest.raises(OutboundFailed, match=r"no answer within 0\.05 s"):
            await fetch(guarded(allow=LOCAL), receiver.url, timeout_s=0.05)

    async def test_a_name_that_does_not_exist_fails(self, guarded: Make, receiver: HttpReceiver) -> None:
        with pytest.raises(OutboundFailed, match="cannot be resolved"):
            await fetch(guarded(Names([])), named(receiver))

    async def test_a_body_that_ends_early_is_no_success(self, guarded: Make, receiver: HttpReceiver) -> None:
        receiver.body, receiver.headers = b"x" * 10, {"content-length": "20", "connection": "close"}
        with pytest.raises(OutboundFailed, match="no answer"):
            await fetch(guarded(allow=LOCAL), receiver.url)


class TestCall:
    async def test_posts_and_gives_the_answer_whatever_its_status(self, guarded: Make, receiver: HttpReceiver) -> None:
        receiver.status, receiver.body = 410, b"gone" * 100
        client = guarded(allow=LOCAL)
        answer = await client.call(
            "POST", receiver.url + "/hook", headers={"X-Key": "abc"}, body=b"{}", timeout_s=30, answer_max_bytes=4
        )
        assert (answer.status, answer.body) == (410, b"gone")
        [got] = receiver.received
        assert (got.method, got.path, got.body, got.headers["x-key"]) == ("POST", "/hook", b"{}", "abc")

    async def test_waits_no_longer_than_it_is_told(
        self, guarded: Make, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loop = asyncio.get_running_loop()
        call_at, deadlines = loop.call_at, list[float]()

        def noting(when: float, *args: Any, **options: Any) -> asyncio.TimerHandle:
            deadlines.append(when)
            return call_at(when, *args, **options)

        monkeypatch.setattr(loop, "call_at", noting)
        # Where its clock stands just behind a whole second, rounding up would add nearly another.
        monkeypatch.setattr(loop, "time", lambda: 1_000.25)
        await guarded(allow=LOCAL).call("GET", receiver.url, headers={}, timeout_s=5)
        assert 1_005.25 in deadlines

    async def test_is_guarded_as_well(self, guarded: Make, receiver: HttpReceiver) -> None:
        with pytest.raises(AddressRefused):
            await guarded().call("GET", receiver.url, headers={}, timeout_s=30)
        assert receiver.received == []


class TestNeedsTls:
    """Callbacks: plain HTTP is for the allowed addresses alone."""

    @pytest.fixture
    async def strict(self) -> AsyncIterator[Callable[..., GuardedClient]]:
        made: list[GuardedClient] = []

        def make(names: Names, allow: tuple[str, ...] = ()) -> GuardedClient:
            made.append(GuardedClient(allow=read_networks(allow), setting=SETTING, resolve=names, needs_tls=True))
            return made[-1]

        yield make
        for client in made:
            await client.close()

    async def test_a_public_address_is_not_called_without_tls(self, strict: Make) -> None:
        client = strict(Names(["8.8.8.8"]))
        for url in ("http://hooks.example/", "http://8.8.8.8/"):
            with pytest.raises(AddressRefused, match="must begin with https://"):
                await client.call("GET", url, headers={}, timeout_s=5)

    async def test_an_allowed_address_is_and_it_is_told_that_it_is_private(
        self, strict: Make, receiver: HttpReceiver
    ) -> None:
        receiver.headers = {"retry-after": "7"}
        client = strict(Names(["8.8.8.8", "127.0.0.1"]), allow=LOCAL)
        answer = await client.call("GET", named(receiver), headers={}, timeout_s=30)
        assert (answer.status, answer.retry_after, answer.is_private) == (200, "7", True)
        await client.call("GET", named(receiver), headers={}, timeout_s=30)
        assert len(receiver.received) == 2

    async def test_a_name_that_leads_elsewhere_on_the_next_call_is_looked_at_again(
        self, strict: Make, receiver: HttpReceiver
    ) -> None:
        receiver.headers = {"connection": "close"}
        client = strict(Names(["127.0.0.1"], ["10.0.0.1"]), allow=LOCAL)
        assert (await client.call("GET", named(receiver), headers={}, timeout_s=30)).status == 200
        with pytest.raises(AddressRefused):
            await client.call("GET", named(receiver), headers={}, timeout_s=30)
        assert len(receiver.received) == 1
