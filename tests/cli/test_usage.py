"""The command line itself: help, `--json` everywhere, wrong usage, settings that cannot be used, what is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from chaupal.cli.commands import app, run_command
from tests.installations import ADMIN, Installation, ended

COMMANDS = {
    "serve",
    "init",
    "migrate",
    "doctor",
    "pin",
    "connector change",
    "connector create",
    "connector list",
    "connector delete",
    "person add",
    "person list",
    "person change",
    "token create",
    "token list",
    "token revoke",
    "tenant export",
    "tenant import",
    "tenant list",
    "tenant move",
    "tenant moved",
    "backup",
    "restore",
    "migrate-db",
    "webhook listen",
    "webhook list",
    "webhook deliveries",
    "webhook replay",
    "webhook test",
    "login",
    "logout",
    "whoami",
    "groups",
    "post",
    "actions",
    "tail",
    "completion",
    "profile list",
    "profile use",
    "members list",
    "members add",
    "export messages",
    "export responses",
    "cell add",
    "cell join",
    "cell list",
    "cell drain",
    "cell remove",
    "cell rotate-key",
    "import kaizala",
}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """(words, command) of every command that does something."""
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(path), command
        return
    for name, child in below.items():
        yield from commands(child, (*path, name))


EVERY = dict(commands(typer.main.get_command(app)))


class TestHelp:
    def test_these_are_all_commands(self) -> None:
        assert EVERY.keys() == COMMANDS

    @pytest.mark.parametrize("words", sorted(COMMANDS))
    def test_every_command_has_json_and_every_part_has_help(self, words: str) -> None:
        command = EVERY[words]
        assert command.help
        names = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in names
        for parameter in command.params:
            if parameter.name != "help":
                assert parameter.help, f"{words}: {parameter.name} has no help text"

    @pytest.mark.parametrize(
        "words", [*sorted(COMMANDS), "connector", "person", "token", "tenant", "cell", "import", ""]
    )
    def test_help_can_be_printed(self, words: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command([*words.split(), "--help"]) == 0
        assert capsys.readouterr().out.startswith("Usage: chaupal")

    def test_the_commands_stand_in_two_sections(self, capsys: pytest.CaptureFixture[str]) -> None:
        run_command(["--help"])
        operate, use = capsys.readouterr().out.split("Operate a server, on its machine:")[1].split("Use a server, ")
        assert {"serve", "backup", "connector", "import"} <= {line.split()[0] for line in operate.split("\n") if line}
        shown = [line.split()[0] for line in use.splitlines()[1:] if line]
        assert {"login", "post", "members", "export", "tail", "webhook"} <= set(shown)

    def test_no_command_for_people_loads_the_client_before_it_calls(self) -> None:
        program = (
            "import sys, chaupal.cli.commands; "
            "print({'chaupal_client', 'httpx', 'rich.table', 'sqlalchemy'} & sys.modules.keys())"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout == "set()\n"

    def test_a_group_alone_prints_its_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["connector"]) == 2
        assert "delete" in capsys.readouterr().out


class TestWrongUsage:
    @pytest.mark.parametrize(
        ("words", "part"),
        [
            ("connector create", "'NAME'"),
            ("connector delete", "'APPLICATION_ID'"),
            ("person add", "'NUMBER'"),
            ("person change +14155550100", "--name, --role or both"),
            ("token create --user +14155550100", "--connector"),
            ("token list", "--connector"),
            ("init --tenant T --admin +14155550100", "--connector"),
            ("tenant list --wrong", "--wrong"),
            ("nonsense", "nonsense"),
        ],
    )
    def test_code_2_and_a_sentence(self, words: str, part: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(words.split()) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert part in printed.err
        assert run_command([*words.split(), "--json"]) == 2
        error = json.loads(capsys.readouterr().out)
        assert error["errorCode"] == "InvalidParameters"
        assert part in error["message"]

    def test_an_argument_that_is_no_text(self, sqlite_installation: Installation) -> None:
        done = ended(sqlite_installation.begin("person", "add", ADMIN, "--name", b"\xff"))
        assert done.code == 2
        assert "is not UTF-8 text" in done.err


class TestSettings:
    @pytest.mark.parametrize("words", [("tenant", "list"), ("serve",), ("migrate",)])
    def test_a_refused_setting_is_a_sentence(self, sqlite_installation: Installation, words: tuple[str, ...]) -> None:
        sqlite_installation.settings["CHAUPAL_PIN_LIFE_S"] = "soon"
        assert sqlite_installation.refusal(*words) == "CHAUPAL_PIN_LIFE_S=soon: must be a whole number."

    def test_a_data_folder_that_cannot_be_made(self, sqlite_installation: Installation) -> None:
        sqlite_installation.data = Path("/proc/chaupal")
        for words in (("init", "--tenant", "T", "--admin", ADMIN, "--connector", "C"), ("serve",), ("migrate",)):
            done = sqlite_installation.command(*words)
            assert done.code == 1
            assert "/proc/chaupal" in done.err
            assert "Traceback" not in done.err

    def test_tls_files_that_are_not_there(self, sqlite_installation: Installation) -> None:
        sqlite_installation.settings |= {"CHAUPAL_TLS_CERT": "/none.crt", "CHAUPAL_TLS_KEY": "/none.key"}
        assert sqlite_installation.refusal("serve").startswith("CHAUPAL_TLS_CERT=/none.crt: No such file or directory.")

    def test_looking_makes_no_installation(self, sqlite_installation: Installation) -> None:
        message = sqlite_installation.refusal("connector", "list")
        assert str(sqlite_installation.data) in message
        assert "chaupal init" in message
        assert not sqlite_installation.data.exists()

    @pytest.mark.parametrize("url", ["postgresql://u:secret@127.0.0.1:1/x", "postgresql://u:secret@127.0.0.1:port/x"])
    def test_a_database_that_cannot_be_reached(self, sqlite_installation: Installation, url: str) -> None:
        sqlite_installation.database = url
        for words in (("tenant", "list"), ("migrate",), ("serve",)):
            message = sqlite_installation.refusal(*words)
            assert "CHAUPAL_DATABASE" in message
            assert "secret" not in message


class TestLoading:
    def test_the_server_loads_neither_typer_nor_rich(self, tmp_path: Path) -> None:
        program = (
            "import sys\n"
            "import chaupal.cli.main\n"
            "import chaupal.cli.serve as serve\n"
            "serve._keep_rich_out()\n"
            "import chaupal.app\n"
            "chaupal.app.serve = lambda settings: print({'rich', 'typer'} & sys.modules.keys() or 'neither')\n"
            "sys.argv = ['chaupal', 'serve']\n"
            "chaupal.cli.main.main()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={"CHAUPAL_DATA": str(tmp_path), "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout == "neither\n"
