"""The Python client goes on when its organization has moved to another cell, and remembers where."""

from __future__ import annotations

from typing import Any

from chaupal_client import Chaupal, MemoryTokens
from tests.cells.conftest import url_of
from tests.cells.test_moved_clients import PICTURE, Moved, moved, moved_organization

__all__ = ["moved", "moved_organization"]


def test_it_goes_on_at_the_new_cell(moved: Moved) -> None:
    old, new, kept = url_of(moved.old), url_of(moved.new), MemoryTokens()
    with Chaupal(old, access_token=moved.token, tokens=kept) as client:
        begin = client.events.page().cursor
        assert client.endpoint_url == new
        client.messages.post(moved.group_id, "நன்றி")
        resource = client.media.upload(PICTURE, file_name="rates.pdf").media_resource
        link = client.media.get(resource).media_url
        with client.events.follow(cursor=begin, group_id=[moved.group_id]) as events:
            assert next(events).group_id == moved.group_id
        assert client.media.facts(link.replace(new, old)).size_bytes == len(PICTURE)
    saved = kept.load()
    assert saved is not None
    assert saved.endpoint_url == new
    assert moved.messages() == ["நன்றி"]


def test_a_write_and_an_upload_that_come_first_are_sent_on(moved: Moved) -> None:
    with Chaupal(url_of(moved.old), access_token=moved.token) as client:
        client.messages.post(moved.group_id, "first")
    with Chaupal(url_of(moved.old), access_token=moved.token) as client:
        client.media.upload(PICTURE, file_name="rates.pdf")
        assert client.endpoint_url == url_of(moved.new)
    assert moved.messages() == ["first"]


def test_tokens_are_taken_where_they_always_were(moved: Moved) -> None:
    installed: dict[str, Any] = moved.installed
    with Chaupal(
        url_of(moved.old),
        application_id=installed["applicationId"],
        application_secret=installed["applicationSecret"],
        refresh_token=installed["refreshToken"],
    ) as client:
        client.messages.post(moved.group_id, "from the start")
        assert client.endpoint_url == url_of(moved.new)
    assert moved.messages() == ["from the start"]
