"""What docs/operate tells an operator to write and run, written and run."""

from __future__ import annotations

import configparser
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import yaml

from chaupal.serving.metrics import LOOPS, Metrics
from chaupal.settings import describe_settings, load_settings
from chaupal.sms.choosing import make_sender
from chaupal.webhooks.delivering.place import Tally
from tests.docs.pages import PROJECT, README, Page, page
from tests.installations import Installation, sqlite_installation, warm_commands

__all__ = ["sqlite_installation", "warm_commands"]

INSTALL = page("docs/operate/install.md")
BACKUPS = page("docs/operate/backups.md")
HEALTH = page("docs/operate/health-and-logs.md")


def only_block(shown: Page, language: str) -> str:
    [block] = [block for block in shown.blocks if block.language == language]
    return block.text


class TestSettings:
    def test_the_sample_file_is_read(self, tmp_path: Path) -> None:
        sample = only_block(page("docs/operate/settings.md"), "toml")
        file = tmp_path / "chaupal.toml"
        file.write_text(sample)
        settings = load_settings({"CHAUPAL_CONFIG": str(file)})
        for name, value in tomllib.loads(sample).items():
            assert str(getattr(settings, name)) in (str(value), str(tuple(value)))

    def test_the_environment_wins(self, tmp_path: Path) -> None:
        file = tmp_path / "chaupal.toml"
        file.write_text('sms = "outbox"\n')
        assert load_settings({"CHAUPAL_CONFIG": str(file), "CHAUPAL_SMS": "console"}).sms == "console"

    def test_the_words_for_yes_and_no(self) -> None:
        sentence = " ".join(page("docs/operate/settings.md").text.split()).split(
            "A setting that is yes or no takes", 1
        )[1]
        yes, no = sentence.split(", and ", 1)
        for words, expected in ((yes, True), (no.split(".", 1)[0], False)):
            for word in re.findall(r"`(\w+)`", words):
                assert load_settings({"CHAUPAL_STRICT_JSON": word}).strict_json is expected, word


class TestInstalling:
    def test_the_units_environment_is_accepted(self) -> None:
        unit = configparser.RawConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        text = (PROJECT / "deploy" / "chaupal.service").read_text()
        unit.read_string(text)
        assigned = re.findall(r"^Environment=(CHAUPAL_\w+)=(\S+)$", text, re.MULTILINE)
        settings = load_settings(dict(assigned))
        assert str(settings.data) == f"/var/lib/{unit['Service']['StateDirectory']}"
        assert settings.endpoint_url == "https://chat.example.org/"
        assert int(unit["Service"]["TimeoutStopSec"]) > settings.stop_grace_s
        assert int(unit["Service"]["LimitNOFILE"]) > settings.connections_max
        assert shlex.split(unit["Service"]["ExecStart"])[1:] == ["serve"]

    def test_each_sender_of_pins_works_with_the_settings_it_is_said_to_need(self) -> None:
        rows = re.findall(r"^\| `([a-z]+)` \|[^|]*\|([^|]*)\|$", INSTALL.text, re.MULTILINE)
        [sms] = [setting for setting in describe_settings() if setting.name == "sms"]
        assert {name for name, _ in rows} == set(re.findall(r"`(\w+)`", sms.meaning))
        values = {"CHAUPAL_SMS_HTTP_URL": "https://sms.example.org", "CHAUPAL_SMS_SMTP_URL": "smtp://mail.example.org"}
        for name, needed in rows:
            variables = re.findall(r"`(CHAUPAL_\w+)`", needed.split(";")[0])
            environment = {variable: values.get(variable, "something") for variable in variables}
            assert make_sender(load_settings({"CHAUPAL_SMS": name, **environment}), outbound=_NOBODY) is not None


_NOBODY: Any = None
"""Nothing is sent."""


class TestHealth:
    def test_the_metrics_named_are_there(self) -> None:
        metrics = Metrics()
        metrics.observe("GET", "/groups", 200, 0.001)
        metrics.note_webhooks(Tally())
        metrics.cell_heard_at.labels("root")
        loops = next(line for line in HEALTH.text.splitlines() if "chaupal_background_errors_total" in line)
        assert tuple(re.findall(r"`(\w+)` \(", loops)) == LOOPS
        rendered = metrics.render().decode()
        named = re.findall(r"^\| `(chaupal_\w+)` \|", HEALTH.text, re.MULTILINE)
        assert len(named) >= 4
        assert [name for name in named if f"\n{name}" not in rendered] == []
        ours = set(re.findall(r"^# TYPE (chaupal_\w+)", rendered, re.MULTILINE))
        assert {name for name in ours if not name.endswith("_created")} <= {*named}

    def test_the_rules_for_alarms_speak_of_metrics_labels_and_outcomes_that_there_are(self) -> None:
        rules = yaml.safe_load((PROJECT / "docs" / "operate" / "alerts.yml").read_text())["groups"][0]["rules"]
        metrics = Metrics()
        metrics.observe("GET", "/groups", 200, 0.001)
        metrics.cell_heard_at.labels("root")
        rendered = metrics.render().decode()
        assert len({rule["alert"] for rule in rules}) == len(rules) > 5
        for rule in rules:
            assert rule["annotations"].keys() == {"summary", "action"}
            for name, labels in re.findall(r"(chaupal_\w+)\{([^}]*)\}", rule["expr"]):
                assert f"\n{name}" in rendered, name
                for label in set(re.findall(r"(\w+)=", labels)) - {"job"}:
                    assert re.search(rf"\n{name}\{{[^}}]*{label}=", rendered), (name, label)
            for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
                assert label == "instance" or re.search(rf"{label}=\"", rendered), label

    def test_the_log_events_named_are_written_somewhere(self) -> None:
        table = HEALTH.text.split("| event | what it means |", 1)[1].split("\n\n", 1)[0]
        sources = "".join(path.read_text() for path in (PROJECT / "src" / "chaupal").rglob("*.py"))
        for event in re.findall(r"`([a-z ]+)`", "".join(re.findall(r"^\| ([^|]*)", table, re.MULTILINE))):
            assert f'"{event}"' in sources or ('"job "' in sources and f'"{event.removeprefix("job ")}"' in sources), (
                event
            )


class TestBackups:
    def test_the_drill_ends_with_a_server_that_knows_the_old_tokens(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        server = sqlite_installation
        server.start()
        installed = server.init()
        backup, restore, check = (
            shlex.split(block.text) for block in BACKUPS.blocks if "backup" in block.text or "restore" in block.text
        )
        token = server.access_token(installed)
        file = server.result(*backup[1:])["file"]
        words = {"FILE": file}
        assert server.result(*[words.get(word, word) for word in check[1:]])["rows"] > 5
        server.stop()
        server.data.rename(tmp_path / "old")
        server.result(*[words.get(word, word) for word in restore[1:]])
        server.result("doctor")
        server.start()
        assert server.me(token)[0] == 200

    def test_the_digest_is_the_one_that_the_page_describes(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        sqlite_installation.init()
        file = sqlite_installation.cwd / sqlite_installation.result("backup")["file"]
        with zipfile.ZipFile(file) as archive:
            assert {name.partition("/")[0] for name in archive.namelist()} == {"manifest.json", "rows", "secret.key"}
            tables = json.loads(archive.read("manifest.json"))["tables"]
            for each in tables:
                lines = archive.read(f"rows/{each['table']['name']}.jsonl").splitlines()
                hashes = [int.from_bytes(hashlib.blake2b(line, digest_size=16).digest(), "big") for line in lines]
                assert (each["rowCount"], int(each["digest"], 16)) == (len(lines), sum(hashes) % 2**128)
        assert sum(each["rowCount"] for each in tables) > 5

    def test_a_copy_of_the_folder_of_a_stopped_server_starts_again(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        server = sqlite_installation
        server.start()
        installed = server.init()
        server.stop()
        shutil.copytree(server.data, tmp_path / "kept")
        shutil.rmtree(server.data)
        shutil.copytree(tmp_path / "kept", server.data)
        server.start()
        assert server.me(server.access_token(installed))[0] == 200

    def test_without_its_key_the_server_says_what_the_page_says(self, sqlite_installation: Installation) -> None:
        sqlite_installation.init()
        (sqlite_installation.data / "secret.key").unlink()
        message = sqlite_installation.refusal("person", "list")
        [quoted] = re.findall(r'"(a sealed [^"]*)"', " ".join(BACKUPS.text.split()))
        assert message.lower() == f"{quoted.lower()}."

    def test_what_a_data_folder_holds_is_named(self, sqlite_installation: Installation) -> None:
        sqlite_installation.start()
        sqlite_installation.init()
        held = {path.name for path in sqlite_installation.data.iterdir()}
        assert {name for name in held if f"`{name}`" not in BACKUPS.text} == set()


class TestTwoCommands:
    """The README's own; `make test` runs this."""

    def test_make_serve_runs_the_server(self) -> None:
        """Its recipe alone: installing is `make environment`'s, which these tests rely on already."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(
            ["make", "--dry-run", "serve"], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1].split() == ["exec", ".venv/bin/chaupal", "serve"]

    def test_the_targets_named_exist(self) -> None:
        makefile = (PROJECT / "Makefile").read_text()
        for shown in (README, INSTALL, page("CONTRIBUTING.md")):
            for target in re.findall(r"\bmake ([a-z-]+)\b", " ".join(shown.codes + [b.text for b in shown.blocks])):
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), (shown.name, target)
