"""Media whose bytes lie in a bucket of a real S3 store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaupal.media.media_store import make_media_store
from chaupal.settings import Settings
from tests.api.client import assert_error
from tests.api.files import PDF, WAV, Part, picture
from tests.api.test_media_rules import media_of, remove, states, sweep
from tests.api.uploads import fetched, objects_of, seen, temporary_files, upload
from tests.api.worlds import World
from tests.parts.s3 import S3Server, make_bucket

MIB = 1_048_576


@pytest.fixture
def bucket_settings(s3_server: S3Server) -> dict[str, Any]:
    return {
        "media_store": f"s3://{make_bucket(s3_server)}/some/prefix",
        "media_s3_endpoint": s3_server.endpoint,
        "media_s3_region": s3_server.region,
        "media_s3_key_id": s3_server.access_key,
        "media_s3_secret": s3_server.secret_key,
    }


@pytest.fixture
def world(world_with: Callable[..., World], bucket_settings: dict[str, Any]) -> World:
    """An organization on a server that keeps media in a bucket."""
    return world_with(**bucket_settings)


class TestBucket:
    def test_gives_back_what_was_put(self, world: World) -> None:
        found = seen(world.member, upload(world.member, Part(picture())))
        assert len(fetched(world, found["mediaUrl"]).content) == found["sizeBytes"]
        assert fetched(world, found["thumbnailUrl"]).status_code == 200
        assert objects_of(world) == []
        assert temporary_files(world) == []

    def test_takes_a_large_file_in_parts_and_gives_any_range(self, world: World) -> None:
        content = WAV + bytes(range(256)) * (20 * MIB // 256)
        found = seen(world.member, upload(world.member, Part(content, "a.wav")))
        assert fetched(world, found["mediaUrl"]).content == content
        for start, end in ((0, 1), (7 * MIB, 9 * MIB), (len(content) - 3, len(content))):
            part = fetched(world, found["mediaUrl"], headers={"Range": f"bytes={start}-{end - 1}"})
            assert (part.status_code, part.content) == (206, content[start:end])

    def test_the_sweep_removes_what_nobody_uses(self, world: World) -> None:
        answer = upload(world.member, Part(PDF, "a.pdf"))
        link = seen(world.member, answer)["mediaUrl"]
        [(sha256, object_id)] = world.ask("SELECT sha256, object_id FROM media_objects WHERE tenant_id = %s")
        remove(world, media_of(world, answer))
        world.clock.advance(hours=2)
        assert sweep(world) == 1
        assert states(world) == {}
        assert_error(fetched(world, link), code="NotFound")
        answer = upload(world.member, Part(PDF, "a.pdf"))
        assert fetched(world, seen(world.member, answer)["mediaUrl"]).content == PDF
        assert world.ask("SELECT sha256 FROM media_objects WHERE tenant_id = %s") == [(sha256,)]
        assert world.ask("SELECT object_id FROM media_objects WHERE tenant_id = %s") != [(object_id,)]

    @pytest.mark.parametrize(
        "wrong",
        [{"media_s3_secret": "wrong"}, {"media_s3_endpoint": "http://127.0.0.1:1"}],
        ids=["wrong key", "nobody there"],
    )
    def test_one_that_cannot_be_used_is_a_503_and_nothing_is_visible(
        self,
        world_with: Callable[..., World],
        bucket_settings: dict[str, Any],
        wrong: dict[str, str],
    ) -> None:
        world = world_with(**{**bucket_settings, **wrong})
        answer = upload(world.member, Part(PDF, "a.pdf"))
        assert_error(answer, code="Unavailable")
        assert world.ask("SELECT count(*) FROM media WHERE tenant_id = %s") == [(0,)]
        assert temporary_files(world) == []

    def test_nothing_is_opened_before_it_is_needed(self) -> None:
        make_media_store(Settings(media_store="s3://bucket", media_s3_endpoint="http://127.0.0.1:1"))
