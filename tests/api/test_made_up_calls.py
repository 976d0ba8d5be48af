"""Calls that Schemathesis makes up from the OpenAPI document, one by one and along its links, on a real server.

No answer is a 5xx, and none is one that the document does not declare. `make fuzz` lets it choose freely, and longer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from string import Template

import pytest

from chaupal.app import SERVED_ROUTES
from tests.api.files import picture
from tests.api.hooks import HookReceiver
from tests.api.made_up_calls import ANSWERS, PLACE
from tests.api.made_up_place import TENANT_ADMIN, Place
from tests.conftest import PROJECT
from tests.installations import Installation, installation, warm_commands

__all__ = ["installation", "warm_commands"]

EACH_TIME_THE_SAME = ("--generation-deterministic",)
OTHERS_ON = {False: ("member",), True: ("group", "bot")}
"""Who else calls, on SQLite and on PostgreSQL: rights do not depend on the database, and each run costs seconds."""
NEVER_DONE = {
    "POST /loginWithPinAndApplicationId": "nobody guesses a PIN",
    "POST /api/oauth/token": "or a code",
    "POST /api/Oauth/Authorize": "or what a sign-in's page has in its form",
    "POST /groups/{groupId}/leave": "a last admin stays",
}


class Schemathesis:
    """Its command line with this project's settings; each run is one more identity's."""

    def __init__(self, place: Place, folder: Path, other_url: str) -> None:
        self._place, self._folder = place, folder
        self._settings, self._answers = place.settings(), folder / "answers"
        told = {PLACE: json.dumps(place.told(other_url, self._settings["file_name"])), ANSWERS: str(self._answers)}
        self._environment = {**os.environ, **told, "PYTHONPATH": str(PROJECT)}
        (folder / "identities.json").write_text(json.dumps(place.identities()))

    @property
    def is_postgres(self) -> bool:
        return self._place.made.is_postgres

    def run(self, identity: str, *options: str) -> dict[str, Counter[int]]:
        """How often each call was answered with which status, in a run that found nothing wrong."""
        settings, identities = self._folder / "schemathesis.toml", self._folder / "identities.json"
        template = Template((PROJECT / "tests/api/made_up_calls.toml").read_text())
        settings.write_text(template.substitute(self._settings, identities=identities, identity=identity))
        self._answers.write_text("")
        url = f"http://127.0.0.1:{self._place.made.port}/v1"
        command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(settings), "run",
                   "docs/openapi.json", "--url", url, "--no-color", "--warnings", "off", *options]  # fmt: skip
        done = subprocess.run(command, cwd=PROJECT, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"as the {identity}:\n{done.stdout[-20_000:]}\n{done.stderr[-5_000:]}"
        statuses: dict[str, Counter[int]] = defaultdict(Counter)
        for line in self._answers.read_text().splitlines():
            status, _, call = line.partition(" ")
            statuses[call][int(status)] += 1
        return statuses


@pytest.fixture
def schemathesis(installation: Installation, tmp_path: Path) -> Iterator[Schemathesis]:
    with HookReceiver() as receiver:
        receiver.body, receiver.headers = picture(size=(16, 10)), {"Content-Type": "image/jpeg"}
        yield Schemathesis(Place(installation), tmp_path, receiver.url)


def test_every_answer_to_made_up_calls_is_declared(schemathesis: Schemathesis, pytestconfig: pytest.Config) -> None:
    fuzz_s: int = pytestconfig.getoption("--fuzz-s")
    if fuzz_s:
        for identity in (TENANT_ADMIN, "member", "group", "bot"):
            schemathesis.run(identity, "--max-time", str(fuzz_s))
        return
    statuses = schemathesis.run(TENANT_ADMIN, *EACH_TIME_THE_SAME, "--max-examples", "2")
    never = {call for call, counts in statuses.items() if not any(200 <= status < 400 for status in counts)}
    assert never <= NEVER_DONE.keys(), "what is always refused shows nothing"
    assert len(statuses) == len(SERVED_ROUTES) - 1  # all but the stream
    for identity in OTHERS_ON[schemathesis.is_postgres]:
        statuses = schemathesis.run(identity, *EACH_TIME_THE_SAME, "--max-examples", "1", "--phases", "fuzzing")
        assert len(statuses) == len(SERVED_ROUTES) - 1
