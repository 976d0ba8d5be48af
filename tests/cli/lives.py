"""An installation in use, for tests that take what is in it elsewhere."""

from __future__ import annotations

import json
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.api.files import Part, multipart, picture
from tests.installations import OTHER, Installation, free_port

PICTURE = picture(size=(700, 500))


class Lived:
    """An installation in use, in several scripts, with a file, an answered survey and a reaction."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.installed = installation.init("ज़िला परिषद")
        if not installation.is_ready():
            installation.start()
        self.token = installation.access_token(self.installed)
        group = self._post("/v1/groups", {"name": "गाँव की बैठक", "members": [OTHER]})["groupId"]
        self.message = self._post(f"/v1/groups/{group}/messages", {"message": "नमस्ते 🙏 'சென்னை'\n\"x\""})["referenceId"]
        resource = self._upload()
        self._post(f"/v1/groups/{group}/actions", {"actionType": "Image", "actionBody": {"mediaResource": resource}})
        survey = self._post(
            f"/v1/groups/{group}/actions",
            {"actionType": "Survey", "actionBody": {"title": "Água?", "questions": [{"title": "?", "type": "Text"}]}},
        )["actionId"]
        path = f"/v1/groups/{group}/actions/{survey}/responses"
        self._post(path, {"actionType": "Survey", "actionBody": {"answers": ["sim"]}})
        like = {"referenceId": self.message, "sourceGroupId": group, "reactionType": "Like"}
        self._post(f"/v1/groups/{group}/reaction", like)
        self.paths = (
            "/v1/users/me",
            f"/v1/groups/{group}?showDetails=true",
            f"/v1/groups/{group}/members",
            f"/v1/groups/{group}/messages?count=100",
            f"/v1/groups/{group}/actions",
            f"/v1/groups/{group}/actions/{survey}?getDetails=true",
            f"/v1/groups/{group}/reaction/{self.message}/summary?sourceGroupId={group}",
        )
        self.picture_path = f"/v1/media/{resource}"

    def answers(self, installation: Installation) -> list[Any]:
        """What the old token is answered there."""
        found = [installation.call("GET", path, {"accessToken": self.token}) for path in self.paths]
        assert [status for status, _ in found] == [200] * len(found)
        return [json.loads(json.dumps(body).replace(f":{installation.port}/", ":port/")) for _, body in found]

    def picture(self, installation: Installation) -> bytes:
        status, found = installation.call("GET", self.picture_path, {"accessToken": self.token})
        assert status == 200, found
        with urllib.request.urlopen(found["mediaUrl"], timeout=30) as answer:  # noqa: S310 - our own http://
            content: bytes = answer.read()
        return content

    def _post(self, path: str, body: Any) -> Any:
        status, answer = self.installation.call("POST", path, {"accessToken": self.token}, body)
        assert status == 200, answer
        return answer

    def _upload(self) -> str:
        body, headers = multipart(Part(PICTURE, "मेला.jpg", "image/jpeg"))
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.installation.port}/v1/media",
            data=body,
            headers=headers | {"accessToken": self.token},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own http://
            return str(json.loads(answer.read())["mediaResource"])


@pytest.fixture
def lived(installation: Installation) -> Lived:
    return Lived(installation)


Other = Callable[[str], Installation]


@pytest.fixture
def other(
    sqlite_installation: Installation, tmp_path: Path, new_postgres_database: Callable[[], str]
) -> Iterator[Other]:
    """Makes a further, empty installation on either database."""
    made: list[Installation] = []

    def make(database: str) -> Installation:
        folder = tmp_path / f"other-{len(made)}"
        folder.mkdir()
        made.append(
            replace(
                sqlite_installation,
                data=folder / "data",
                cwd=folder,
                port=free_port(),
                database=new_postgres_database() if database == "postgresql" else "",
                settings={},
                server=None,
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.stop()


def digests(file: Path) -> dict[str, tuple[int, str]]:
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    return {each["table"]["name"]: (each["rowCount"], each["digest"]) for each in manifest["tables"]}
