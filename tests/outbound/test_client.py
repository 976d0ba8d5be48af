"""The one HTTP client, against a real server."""

from __future__ import annotations

import socket
import subprocess
import sys
import zlib

import pytest

from chaupal import __version__
from chaupal.outbound.client import OutboundAnswer, OutboundClient, OutboundFailed
from tests.outbound.receivers import HttpReceiver

pytestmark = pytest.mark.anyio

SECRET = "key-in-the-path"


async def post(outbound: OutboundClient, url: str, *, timeout_s: float = 30, max_bytes: int = 1000) -> OutboundAnswer:
    return await outbound.post(
        url, headers={"X-Key": "abc"}, body=b"hello", timeout_s=timeout_s, answer_max_bytes=max_bytes
    )


class TestPost:
    async def test_sends_headers_and_body_and_gives_the_answer(
        self, outbound: OutboundClient, receiver: HttpReceiver
    ) -> None:
        receiver.status, receiver.body = 201, b"made"
        assert await post(outbound, receiver.url + "/a?b=c") == OutboundAnswer(201, b"made")
        [got] = receiver.received
        assert (got.method, got.path, got.body) == ("POST", "/a?b=c", b"hello")
        assert got.headers["x-key"] == "abc"
        assert got.headers["user-agent"] == f"Chaupal/{__version__}"

    async def test_follows_no_redirect(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        receiver.status, receiver.headers = 302, {"location": receiver.url + "/elsewhere"}
        assert (await post(outbound, receiver.url)).status == 302
        assert len(receiver.received) == 1

    async def test_uses_no_proxy_from_the_environment(
        self, outbound: OutboundClient, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert (await post(outbound, receiver.url)).status == 200

    async def test_keeps_no_cookies(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        receiver.headers = {"set-cookie": "a=b"}
        for _ in range(2):
            await post(outbound, receiver.url)
        assert "cookie" not in receiver.received[1].headers

    async def test_reads_no_more_than_allowed(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        receiver.body = b"x" * 5_000_000
        assert len((await post(outbound, receiver.url, max_bytes=1000)).body) == 1000
        receiver.body = b"short"
        assert (await post(outbound, receiver.url)).body == b"short"

    async def test_unpacks_nothing(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        receiver.body = zlib.compress(b"x" * 1_000_000)
        receiver.headers = {"content-encoding": "deflate"}
        answer = await post(outbound, receiver.url, max_bytes=10_000_000)
        assert answer.body == receiver.body

    async def test_gives_up_when_the_time_is_over(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        receiver.is_silent = True
        with pytest.raises(OutboundFailed, match=r"no answer within 0\.05 s"):
            await post(outbound, receiver.url, timeout_s=0.05)

    async def test_names_the_reason_of_a_refused_connection_and_not_the_url(self, outbound: OutboundClient) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/{SECRET}"
            with pytest.raises(OutboundFailed, match="no connection") as raised:
                await post(outbound, url)
        assert SECRET not in str(raised.value)

    @pytest.mark.parametrize("url", ["", "nothing", "ftp://127.0.0.1/", f"http://[{SECRET}", "http://a b/"])
    async def test_what_is_no_url_fails_without_being_shown(self, outbound: OutboundClient, url: str) -> None:
        with pytest.raises(OutboundFailed) as raised:
            await post(outbound, url)
        assert SECRET not in str(raised.value)

    async def test_a_name_that_does_not_exist_fails(self, outbound: OutboundClient) -> None:
        with pytest.raises(OutboundFailed, match="cannot be resolved"):
            await post(outbound, "http://nowhere.invalid/")

    async def test_a_header_cannot_smuggle_another_one(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        with pytest.raises(OutboundFailed):
            await outbound.post(receiver.url, headers={"x": "a\r\ny: b"}, body=b"", timeout_s=30)
        assert receiver.received == []

    async def test_works_again_after_a_close(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        await post(outbound, receiver.url)
        await outbound.close()
        await outbound.close()
        assert (await post(outbound, receiver.url)).status == 200

    def test_the_library_is_not_loaded_before_it_is_needed(self) -> None:
        asked = "import sys, chaupal.outbound.client, chaupal.sms.choosing; print('aiohttp' in sys.modules)"
        answered = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
        assert answered.stdout.strip() == "False"
