"""Files go in and come back piece by piece, whatever happens to the connection, and are never half there."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from chaupal_client import ConnectionFailed, EndpointRefused, NotFound, UnreadableAnswer, UnsupportedMedia
from tests.api.files import PDF, picture
from tests.browser.sites import Site
from tests.sdk.clients import OpenClient
from tests.sdk.elsewhere import NO_ANSWER, Answer, Elsewhere

LARGE = PDF + bytes(range(256)) * 4096
"""A document of more than a megabyte."""


class Shown:
    """What a progress bar is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.told.append((done, total))


class TestUpload:
    def test_a_path_is_sent_and_comes_back(self, client: Any, tmp_path: Path) -> None:
        path, sent, come = tmp_path / "दरें 2026.pdf", Shown(), Shown()
        path.write_bytes(LARGE)
        resource = client.media.upload(path, progress=sent).media_resource
        stored = client.media.get(resource)
        assert (stored.media_file_name, stored.media_type, stored.size_bytes) == (path.name, "Document", len(LARGE))
        assert sent.told[-1] == (len(LARGE), len(LARGE))
        assert len(sent.told) > 4
        assert [done for done, _ in sent.told] == sorted({done for done, _ in sent.told})
        copy = tmp_path / "copy.pdf"
        assert client.media.download(stored.media_url, copy, progress=come) == len(LARGE)
        assert copy.read_bytes() == LARGE
        assert come.told[-1] == (len(LARGE), len(LARGE))
        assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.pdf", path.name]

    def test_bytes_and_open_files_are_sent_too(self, client: Any, tmp_path: Path) -> None:
        path = tmp_path / "rates.pdf"
        path.write_bytes(b"left out" + PDF)
        with path.open("rb") as file:
            file.seek(len(b"left out"))
            from_file = client.media.upload(file).media_resource
        from_bytes = client.media.upload(PDF, file_name="rates.pdf").media_resource
        found = [client.media.get(resource) for resource in (from_file, from_bytes)]
        assert [(one.media_file_name, one.size_bytes) for one in found] == [("rates.pdf", len(PDF))] * 2

    def test_bytes_need_a_name(self, client: Any) -> None:
        with pytest.raises(ValueError, match="file_name is needed"):
            client.media.upload(PDF)

    def test_several_pictures_make_an_album(self, client: Any) -> None:
        pictures, sent = [picture(size=(8, 8)), picture(size=(16, 8))], Shown()
        names = ["one.jpg", 'a "second".jpg']
        resource = client.media.upload_album(pictures, file_names=names, progress=sent).media_resource
        album = client.media.get(resource)
        assert (album.media_type, [one.width_px for one in album.media]) == ("Album", [8, 16])
        assert sent.told[-1][0] == sent.told[-1][1]
        with pytest.raises(ValueError, match="shorter"):
            client.media.upload_album(pictures, file_names=names[:1])

    def test_what_is_not_taken_is_told(self, client: Any) -> None:
        with pytest.raises(UnsupportedMedia):
            client.media.upload(b"#!/bin/sh\n", file_name="run.sh")

    def test_a_file_is_fetched_from_a_url(self, client: Any, elsewhere: Elsewhere) -> None:
        elsewhere.then = lambda _asked: Answer(body=PDF, headers={"Content-Type": "application/pdf"})
        resource = client.media.fetch(f"{elsewhere.url}/rates.pdf").media_resource
        assert client.media.get(resource).size_bytes == len(PDF)

    def test_a_broken_upload_begins_again_and_is_there_once(
        self, site: Site, open_client: OpenClient, elsewhere: Elsewhere, tmp_path: Path
    ) -> None:
        client = open_client(url=elsewhere.url, access_token=open_client().sign_in.renew())
        elsewhere.pass_on_to(site.url)
        elsewhere.answers = [NO_ANSWER, Answer(502)]
        path = tmp_path / "rates.pdf"
        path.write_bytes(LARGE)
        client.media.upload(path)
        assert [hashlib.sha256(asked.body).digest() for asked in elsewhere.asked] == [
            hashlib.sha256(LARGE).digest()
        ] * 3
        assert len({asked.headers["idempotency-key"] for asked in elsewhere.asked}) == 1
        assert elsewhere.asked[0].headers["content-length"] == str(len(LARGE))

    def test_a_file_that_is_not_there_is_told_at_once(self, client: Any, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            client.media.upload(tmp_path / "none.pdf")


class TestDownload:
    @pytest.fixture
    def link(self, client: Any) -> str:
        resource = client.media.upload(LARGE, file_name="rates.pdf").media_resource
        return str(client.media.get(resource).media_url)

    def test_what_a_link_leads_to_is_told_without_fetching_it(self, client: Any, link: str) -> None:
        facts = client.media.facts(link)
        assert (facts.size_bytes, facts.content_type) == (len(LARGE), "application/pdf")
        assert facts.etag.startswith('"')

    def test_a_thumbnail_is_smaller(self, client: Any) -> None:
        view = client.media.get(client.media.upload(picture(size=(1000, 500)), file_name="view.jpg").media_resource)
        into = io.BytesIO()
        client.media.download(view.media_url, into, size="thumbnail")
        assert client.media.facts(view.media_url, size="thumbnail").size_bytes == len(into.getvalue())
        assert len(into.getvalue()) < view.size_bytes

    def test_a_link_that_was_changed_leaves_no_file(self, client: Any, link: str, tmp_path: Path) -> None:
        with pytest.raises(NotFound):
            client.media.download(link.replace("/files/A", "/files/B"), tmp_path / "copy.pdf")
        assert list(tmp_path.iterdir()) == []

    def test_no_token_goes_along(self, open_client: OpenClient, elsewhere: Elsewhere) -> None:
        open_client(url=elsewhere.url, access_token="secret").media.download(f"{elsewhere.url}/f", io.BytesIO())
        [asked] = elsewhere.asked
        assert "secret" not in str(asked)

    def test_a_broken_connection_is_taken_up_where_it_was(
        self, open_client: OpenClient, elsewhere: Elsewhere, tmp_path: Path
    ) -> None:
        elsewhere.answers = [
            NO_ANSWER,
            Answer(body=LARGE, headers={"ETag": '"one"'}, cut_bytes=len(LARGE) - 1000),
            Answer(206, LARGE[1000:], {"ETag": '"one"'}, cut_bytes=500),
            Answer(206, LARGE[-500:], {"ETag": '"one"'}),
        ]
        copy, client = tmp_path / "copy.pdf", open_client(url=elsewhere.url, access_token="t")
        assert client.media.download(f"{elsewhere.url}/f", copy) == len(LARGE)
        assert copy.read_bytes() == LARGE
        assert [asked.headers.get("range") for asked in elsewhere.asked] == [
            None,
            None,
            "bytes=1000-",
            f"bytes={len(LARGE) - 500}-",
        ]
        assert elsewhere.asked[-1].headers["if-range"] == '"one"'

    def test_a_file_that_changes_meanwhile_is_not_mixed(
        self, open_client: OpenClient, elsewhere: Elsewhere, tmp_path: Path
    ) -> None:
        elsewhere.answers = [Answer(body=LARGE, headers={"ETag": '"one"'}, cut_bytes=10), Answer(body=b"other")]
        with pytest.raises(UnreadableAnswer, match="has changed"):
            open_client(url=elsewhere.url).media.download(f"{elsewhere.url}/f", tmp_path / "copy.pdf")
        assert list(tmp_path.iterdir()) == []

    def test_it_gives_up_in_the_end(self, open_client: OpenClient, elsewhere: Elsewhere) -> None:
        client = open_client(url=elsewhere.url)
        elsewhere.answers = [Answer(body=LARGE, cut_bytes=10)]
        with pytest.raises(ConnectionFailed, match="after 10"):  # without an ETag it cannot be taken up
            client.media.download(f"{elsewhere.url}/f", io.BytesIO())
        elsewhere.then = lambda _asked: NO_ANSWER
        with pytest.raises(ConnectionFailed, match="GET"):
            client.media.download(f"{elsewhere.url}/f", io.BytesIO())

    def test_a_link_leads_on_where_its_organization_has_moved(
        self, client: Any, elsewhere: Elsewhere, link: str, tmp_path: Path
    ) -> None:
        path = "/" + link.split("/", 3)[3]
        elsewhere.answers = [Answer(308, headers={"Location": link})] * 2
        assert client.media.download(elsewhere.url + path, tmp_path / "copy.pdf") == len(LARGE)
        assert client.media.facts(elsewhere.url + path).size_bytes == len(LARGE)
        elsewhere.then = lambda asked: Answer(308, headers={"Location": asked.target + "x"})
        with pytest.raises(EndpointRefused):
            client.media.facts(elsewhere.url + path)
        elsewhere.then = lambda asked: Answer(308, headers={"Location": asked.target})
        with pytest.raises(EndpointRefused):
            client.media.facts(elsewhere.url + path)

    def test_a_link_that_leads_elsewhere_is_not_followed(self, open_client: OpenClient, elsewhere: Elsewhere) -> None:
        elsewhere.answers = [Answer(302, headers={"Location": "http://169.254.169.254/"})]
        with pytest.raises(EndpointRefused):
            open_client(url=elsewhere.url).media.download(f"{elsewhere.url}/f", io.BytesIO())
