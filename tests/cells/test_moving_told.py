"""Whoever is told of what happens hears all of it across a move: webhooks, streams and cursors go on there."""

from __future__ import annotations

import http.client
import json
import re

import pytest

from tests.api.hooks import HookReceiver
from tests.cells.conftest import MakeCell, join
from tests.cells.test_moving import PAIRS, Poster, moved, texts_at
from tests.cli.lives import Lived
from tests.crash.posting import NO_LIMITS, Place
from tests.crash.test_media_uploads import wait_until
from tests.crash.test_webhooks_killed import register
from tests.installations import Installation

_TEXT = r'"(m\d+)"'

SETTINGS = NO_LIMITS | {"CHAUPAL_CALLBACK_ALLOW": "127.0.0.1"}


class Stream:
    """A live stream from now on, until the server ends it."""

    def __init__(self, installation: Installation, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=120)
        self._connection.request("GET", "/v1/events", headers={"accessToken": token})
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        assert self._answer.readline()

    def rest(self) -> tuple[list[str], str]:
        """(texts of messages, the last event's id), read to the end."""
        said = self._answer.read().decode()
        self._connection.close()
        ids = re.findall(r"^id: ?(.+)$", said, re.MULTILINE)
        return re.findall(_TEXT, said), ids[-1]


def synced(installation: Installation, token: str, cursor: str) -> list[str]:
    """The texts of what has happened since, page by page."""
    texts: list[str] = []
    while True:
        status, page = installation.call("GET", f"/v1/sync?cursor={cursor}", {"accessToken": token})
        assert status == 200, page
        texts += re.findall(_TEXT, json.dumps(page, separators=(",", ":")))
        cursor = page["cursor"]
        if not page["hasMore"]:
            return texts


@pytest.mark.parametrize(("source", "target"), PAIRS[:2])
def test_webhooks_streams_and_cursors_miss_nothing(make_cell: MakeCell, source: str, target: str) -> None:
    here, there = make_cell(source, **SETTINGS), make_cell(target, **SETTINGS)
    lived = Lived(here)
    there.start()
    join(here, there, "north")
    with HookReceiver() as receiver:
        group_id = lived.paths[3].split("/")[3]
        register(Place(here, lived.token, group_id), receiver, group_id)
        cursor = here.call("GET", "/v1/sync", {"accessToken": lived.token})[1]["cursor"]
        stream = Stream(here, lived.token)
        poster = Poster(lived)
        poster.start()
        try:
            assert moved(here, lived.installed["tenantId"], "north")["phase"] == "done"
            streamed, last_id = stream.rest()
        finally:
            poster.stop()
        token = there.access_token(lived.installed)
        everything = texts_at(lived, there, token)[::-1][1:]
        assert everything[: len(poster.acknowledged)] == poster.acknowledged
        assert synced(there, token, cursor) == everything
        assert streamed + synced(there, token, last_id) == everything

        # What was on its way at the switch may come late, after what the new cell has sent.
        def heard() -> list[str]:
            found = (re.search(_TEXT, json.dumps(body)) for body in receiver.bodies)
            return list(dict.fromkeys(each[1] for each in found if each))

        wait_until(lambda: len(heard()) >= len(everything))
        assert sorted(heard()) == sorted(everything)
