"""POST /media/url. Source: contract, section 7. What the guard refuses is in tests/unit/outbound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.client import assert_error
from tests.api.files import PDF, picture
from tests.api.uploads import fetched, resource_of, seen, temporary_files
from tests.api.worlds import World
from tests.outbound.receivers import HttpReceiver


@pytest.fixture
def files(file_server: HttpReceiver) -> Iterator[HttpReceiver]:
    """The server, answering with a document."""
    file_server.status, file_server.body, file_server.headers = 200, PDF, {}
    file_server.received.clear()
    yield file_server


class TestFetch:
    def test_the_file_is_taken_as_if_it_were_uploaded(self, world: World, files: HttpReceiver) -> None:
        position = (world.member, world.position)[1]
        found = seen(world.member, world.member.post("/v1/media/url", {"mediaUrl": files.url + "/a/b%20c.pdf?x=y"}))
        assert (found["mediaFileName"], found["mediaType"]) == ("b c.pdf", "Document")
        assert fetched(world, found["mediaUrl"]).content == PDF
        assert world.count_events_after(position) == {"MediaAdded": 1}
        [got] = files.received
        assert (got.method, got.path) == ("GET", "/a/b%20c.pdf?x=y")
        assert "accesstoken" not in got.headers

    def test_the_server_may_name_it(self, world: World, files: HttpReceiver) -> None:
        files.headers = {"content-type": "application/pdf", "content-disposition": 'attachment; filename="r.pdf"'}
        found = seen(world.member, world.member.post("/media/url", {"MediaUrl": files.url + "/download"}))
        assert found["mediaFileName"] == "r.pdf"

    def test_a_picture_is_cleaned(self, world: World, files: HttpReceiver) -> None:
        files.body, files.headers = picture(), {"content-type": "image/jpeg"}
        found = seen(world.member, world.member.post("/media/url", {"mediaUrl": files.url}))
        assert (found["mediaFileName"], found["widthPx"]) == ("image.jpg", 640)

    def test_a_repeated_call_is_one(self, world: World, files: HttpReceiver) -> None:
        key = {"Idempotency-Key": "fetch-1"}
        body = {"mediaUrl": files.url + "/a.pdf"}
        resources = {resource_of(world.member.post("/media/url", body, headers=key)) for _ in range(2)}
        assert len(resources) == 1
        assert len(files.received) == 1, "the second needs the file no more"


class TestRefused:
    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("http://10.0.0.1/a.pdf", "CHAUPAL_MEDIA_FETCH_ALLOW"),
            ("http://[::1]/a.pdf", "CHAUPAL_MEDIA_FETCH_ALLOW"),
            ("http://169.254.169.254/latest/meta-data/", "CHAUPAL_MEDIA_FETCH_ALLOW"),
            ("http://2130706433/a.pdf", "four decimal numbers"),
            ("http://user:word@example.org/a.pdf", "user or password"),
            ("file:///etc/passwd", "must begin with https"),
            ("http://127.0.0.1:22/", "port"),
            ("", "must begin with https"),
        ],
    )
    def test_addresses_that_calls_may_not_go_to(self, world: World, url: str, reason: str) -> None:
        body = assert_error(world.member.post("/media/url", {"mediaUrl": url}), code="InvalidParameters")
        assert body["message"].startswith("mediaUrl: could not be fetched: ")
        assert reason in body["message"]
        assert temporary_files(world) == []

    def test_by_default_this_machine_is_one_of_them(self, world_with: Any, files: HttpReceiver) -> None:
        world = world_with(media_fetch_allow=())
        answer = world.member.post("/media/url", {"mediaUrl": files.url + "/a.pdf"})
        assert "CHAUPAL_MEDIA_FETCH_ALLOW" in assert_error(answer, code="InvalidParameters")["message"]
        assert files.received == []

    @pytest.mark.parametrize("status", [302, 404, 500])
    def test_whatever_is_no_success(self, world: World, files: HttpReceiver, status: int) -> None:
        files.status, files.headers = status, {"location": files.url + "/other"}
        answer = world.member.post("/media/url", {"mediaUrl": files.url + "/a.pdf"})
        assert f"status {status}" in assert_error(answer, code="InvalidParameters")["message"]
        assert len(files.received) == 1

    def test_what_is_too_large(self, world_with: Any, files: HttpReceiver) -> None:
        world = world_with(media_max_mb=1)
        files.body = PDF + bytes(1_048_576)
        answer = world.member.post("/media/url", {"mediaUrl": files.url + "/a.pdf"})
        assert "at most 1 MB" in assert_error(answer, code="PayloadTooLarge")["message"]
        assert temporary_files(world) == []

    def test_what_is_no_file_that_is_taken(self, world: World, files: HttpReceiver) -> None:
        files.body, files.headers = b"<html></html>", {"content-type": "text/html"}
        answer = world.member.post("/media/url", {"mediaUrl": files.url + "/a.pdf"})
        assert assert_error(answer, code="UnsupportedMedia")["message"].startswith("mediaUrl: ")

    @pytest.mark.parametrize("body", [{}, {"mediaUrl": None}, {"mediaUrl": ["a", "b"]}])
    def test_a_body_without_a_url(self, world: World, body: dict[str, Any]) -> None:
        assert "mediaUrl" in assert_error(world.member.post("/media/url", body), code="InvalidParameters")["message"]
