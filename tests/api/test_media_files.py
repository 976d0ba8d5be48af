"""The files themselves, behind their links. Source: contract, section 11; RFC 9110."""

from __future__ import annotations

import base64
import string
from typing import Any

import httpx
import pytest

from chaupal.auth.sealing import SecretKey
from chaupal.auth.tenant_keys import TenantKeys
from chaupal.media.links import LinkTarget, MediaLinks
from chaupal.media.rules import delete_media
from tests.api.client import assert_error
from tests.api.files import PDF, SAMPLES, WAV, Part, picture
from tests.api.uploads import fetched, objects_of, seen, upload
from tests.api.worlds import World

CONTENT = PDF + string.ascii_letters.encode() * 20


@pytest.fixture
def link(world: World) -> str:
    """The path of a file."""
    found = seen(world.member, upload(world.member, Part(CONTENT, "रिपोर्ट.pdf")))
    url: str = found["mediaUrl"]
    assert url.startswith("https://chat.example.org/media/files/")
    return url.removeprefix("https://chat.example.org")


def get(world: World, link: str, method: str = "GET", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.client.call(method, link, headers=named)


def read_link(links: MediaLinks, url: str, *, now_s: int) -> LinkTarget | None:
    """What a server that knows the link's tenant makes of it."""
    claimed = links.claimed(url.rpartition("/")[2])
    return None if claimed is None else links.check(claimed, now_s=now_s)


def media_id_of(world: World) -> str:
    [(media_id,)] = world.ask("SELECT media_id FROM media WHERE tenant_id = %s")
    return str(media_id)


class TestWholeFile:
    def test_it_comes_without_a_token_and_says_what_it_is(self, world: World, link: str) -> None:
        answer = get(world, link)
        assert (answer.status_code, answer.content) == (200, CONTENT)
        expected = {
            "content-type": "application/pdf",
            "content-length": str(len(CONTENT)),
            "accept-ranges": "bytes",
            "x-content-type-options": "nosniff",
            "access-control-allow-origin": "*",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "cross-origin",
            "cache-control": "private, max-age=3600",
        }
        assert {name: answer.headers[name] for name in expected} == expected
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-request-id"]

    def test_its_name_is_in_full_beside_a_plain_one(self, world: World, link: str) -> None:
        disposition = get(world, link).headers["content-disposition"]
        name = "%E0%A4%B0%E0%A4%BF%E0%A4%AA%E0%A5%8B%E0%A4%B0%E0%A5%8D%E0%A4%9F.pdf"
        plain = "_" * len("रिपोर्ट")
        assert disposition == f"attachment; filename=\"{plain}.pdf\"; filename*=UTF-8''{name}"

    @pytest.mark.parametrize(("extension", "kind"), [("jpg", "inline"), ("mp3", "inline"), ("mp4", "inline")])
    def test_what_is_looked_at_or_heard_is_shown_in_place(self, world: World, extension: str, kind: str) -> None:
        content, declared, _ = SAMPLES[extension]
        found = seen(world.member, upload(world.member, Part(content, f"a b.{extension}", declared)))
        answer = fetched(world, found["mediaUrl"])
        assert answer.headers["content-disposition"] == f'{kind}; filename="a b.{extension}"'

    def test_head_says_the_same_and_sends_nothing(self, world: World, link: str) -> None:
        whole, head = get(world, link), get(world, link, "HEAD")
        assert (head.status_code, head.content) == (200, b"")
        changing = {"x-request-id"}
        assert {name: head.headers[name] for name in head.headers.keys() - changing} == {
            name: whole.headers[name] for name in whole.headers.keys() - changing
        }

    @pytest.mark.parametrize("spelling", ["/v1{}", "/V1{}", "/{}", "{}/"])
    def test_the_path_is_read_in_every_spelling(self, world: World, link: str, spelling: str) -> None:
        assert get(world, spelling.format(link)).content == CONTENT

    def test_a_browser_may_ask_first(self, world: World, link: str) -> None:
        answer = get(world, link, "OPTIONS", Access_Control_Request_Headers="range")
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-headers"] == "range"

    def test_another_size_is_a_mistake(self, world: World, link: str) -> None:
        assert_error(get(world, link + "?size=huge"), code="InvalidParameters")


class TestRange:
    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [
            ("bytes=0-9", 0, 10),
            ("bytes=5-5", 5, 6),
            ("bytes=10-", 10, len(CONTENT)),
            ("bytes=-7", len(CONTENT) - 7, len(CONTENT)),
            ("bytes=-999999", 0, len(CONTENT)),
            ("bytes=20-999999999999", 20, len(CONTENT)),
            ("Bytes = 1-2", 1, 3),
        ],
    )
    def test_a_part(self, world: World, link: str, asked: str, start: int, end: int) -> None:
        answer = get(world, link, Range=asked)
        assert (answer.status_code, answer.content) == (206, CONTENT[start:end])
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
        assert answer.headers["content-length"] == str(end - start)
        assert get(world, link, "HEAD", Range=asked).headers["content-range"] == answer.headers["content-range"]

    @pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=9-5", "lines=0-1", "bytes=a-b", "bytes=", "bytes=--1"])
    def test_several_or_none_that_can_be_read_is_the_whole(self, world: World, link: str, asked: str) -> None:
        answer = get(world, link, Range=asked)
        assert (answer.status_code, answer.content) == (200, CONTENT)

    @pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=999999-", "bytes=-0"])
    def test_beyond_the_end(self, world: World, link: str, asked: str) -> None:
        answer = get(world, link, Range=asked)
        assert (answer.status_code, answer.content) == (416, b"")
        assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"

    def test_only_if_it_is_still_the_same(self, world: World, link: str) -> None:
        tag = get(world, link).headers["etag"]
        assert get(world, link, Range="bytes=0-1", If_Range=tag).status_code == 206
        for other in ('"other"', "W/" + tag, "Mon, 05 Jan 2026 10:00:00 GMT"):
            assert get(world, link, Range="bytes=0-1", If_Range=other).status_code == 200


class TestCondition:
    def test_what_the_client_has_is_not_sent_again(self, world: World, link: str) -> None:
        tag = get(world, link).headers["etag"]
        for named in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            for method in ("GET", "HEAD"):
                answer = get(world, link, method, If_None_Match=named, Range="bytes=0-1")
                assert (answer.status_code, answer.content) == (304, b"")
                assert answer.headers["etag"] == tag
        for named in ('"other"', tag.strip('"'), ""):
            assert get(world, link, If_None_Match=named).status_code == 200

    def test_the_thumbnail_is_another_thing(self, world: World) -> None:
        found = seen(world.member, upload(world.member, Part(picture())))
        tag = fetched(world, found["mediaUrl"]).headers["etag"]
        answer = fetched(world, found["thumbnailUrl"], headers={"If-None-Match": tag})
        assert answer.status_code == 200


class TestLinksThatLeadNowhere:
    def test_every_changed_character_makes_it_one(self, world: World, link: str) -> None:
        name = link.rpartition("/")[2]
        for place in range(len(name) - 4):
            changed = "A" if name[place] != "A" else "B"
            assert_error(get(world, f"/media/files/{name[:place]}{changed}{name[place + 1 :]}"), code="NotFound")

    def test_all_answer_alike(self, world: World, link: str) -> None:
        name = link.rpartition("/")[2]
        other = base64.urlsafe_b64encode(bytes(51)).decode().strip("=")
        answers = [
            get(world, f"/media/files/{wrong}")
            for wrong in ("x", "x.pdf", f"{other}.pdf", name[:-4] + ".html", name[:-4], "A" * 190 + ".pdf")
        ]
        assert {assert_error(answer, code="NotFound")["message"] for answer in answers} == {"No such media."}

    def test_every_one_costs_the_same_statements(self, world: World, link: str, monkeypatch: Any) -> None:
        """Wrong signature, no such file, deleted: nobody learns which by the time it takes."""
        from chaupal.store.transaction import Transaction

        counts = []
        original = Transaction.all

        def count(self: Transaction, *args: Any, **params: Any) -> Any:
            counts[-1] += 1
            return original(self, *args, **params)

        monkeypatch.setattr(Transaction, "all", count)
        deleted = world.house.media_links.url(LinkTarget(world.tenant_id, media_id_of(world), 9, "pdf"))
        for path in (link, "/media/files/x", deleted.removeprefix("https://chat.example.org")):
            counts.append(0)
            get(world, path)
        assert len(set(counts)) == 1
        assert counts[0] > 0

    def test_of_another_organization(self, world: World) -> None:
        target = LinkTarget(world.other_world.tenant_id, "01a20bf7-0000-7000-8000-000000000000", 1, "pdf")
        url = world.house.media_links.url(target)
        assert_error(fetched(world, url), code="NotFound")

    def test_of_another_installation(self, world: World, link: str) -> None:
        target = read_link(world.house.media_links, link, now_s=0)
        assert target is not None
        keys = TenantKeys(SecretKey(bytes(32)))
        keys.born(world.tenant_id)
        other = MediaLinks(keys, "https://chat.example.org/").url(target)
        assert_error(fetched(world, other), code="NotFound")

    def test_one_that_is_removed_stops_at_once(self, world: World, link: str) -> None:
        position = world.position
        assert world.do(lambda tx, _caller, ids: delete_media(tx, ids), [media_id_of(world)]) == 1
        assert_error(get(world, link), code="NotFound")
        assert world.count_events_after(position) == {"MediaRemoved": 1}
        assert world.do(lambda tx, _caller, ids: delete_media(tx, ids), ["11111111-2222-4333-8444-555555555555"]) == 0

    def test_whose_bytes_were_lost(self, world: World, link: str) -> None:
        [path] = objects_of(world)
        path.unlink()
        assert_error(get(world, link), code="NotFound")


class TestExpiry:
    def test_a_link_works_until_its_time_and_not_at_it(self, world: World, link: str) -> None:
        now_s = world.house.now_s
        target = LinkTarget(world.tenant_id, media_id_of(world), 1, "pdf", expires_at_s=now_s + 60)
        url = world.house.media_links.url(target)
        answer = fetched(world, url)
        assert answer.content == CONTENT
        assert answer.headers["cache-control"] == "private, max-age=60"
        world.clock.advance(seconds=59)
        assert fetched(world, url).status_code == 200
        world.clock.advance(seconds=1)
        assert_error(fetched(world, url), code="NotFound")
        assert get(world, link).status_code == 200

    def test_ordinary_links_work_for_years(self, world: World, link: str) -> None:
        read = read_link(world.house.media_links, link, now_s=world.house.now_s + 50 * 365 * 86_400)
        assert read is not None
        assert read.expires_at_s is None

    @pytest.mark.parametrize("tenant_id", ["organisation-7", "", "00000000-0000-0000-0000-000000000000", "A" * 50])
    def test_a_tenants_id_may_have_any_form(self, world: World, tenant_id: str) -> None:
        keys = TenantKeys(SecretKey(bytes(32)))
        keys.born(tenant_id)
        links = MediaLinks(keys, "https://chat.example.org/")
        target = LinkTarget(tenant_id, "01a20bf7-0000-7000-8000-000000000000", 10, "jpeg", expires_at_s=2**33)
        assert read_link(links, links.url(target), now_s=0) == target


class TestLargeFile:
    def test_comes_in_pieces(self, world: World) -> None:
        content = WAV + bytes(range(256)) * 4_096
        found = seen(world.member, upload(world.member, Part(content, "a.wav")))
        assert fetched(world, found["mediaUrl"]).content == content
        part = fetched(world, found["mediaUrl"], headers={"Range": "bytes=300000-900000"})
        assert part.content == content[300_000:900_001]
