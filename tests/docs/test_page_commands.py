"""Commands and code that stand in pages of other kinds, run as they stand there."""

from __future__ import annotations

import base64
import json
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chaupal_client._event_lines import EventLines
from tests.docs.pages import page
from tests.docs.shell_pages import PROGRAM, assert_lets_in, run_steps, steps_of
from tests.installations import Installation, free_port, sqlite_installation, warm_commands

__all__ = ["sqlite_installation", "warm_commands"]


class TestBringBack:
    def test_its_commands_let_an_old_integration_in(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        sqlite_installation.start()
        steps = steps_of(page("docs/bring-back.md"))
        run_steps(steps, sqlite_installation, tmp_path)
        assert_lets_in(steps, sqlite_installation)


class TestOAuth:
    def test_its_command_registers_where_sign_ins_lead_back(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        sqlite_installation.start()
        sqlite_installation.init()
        steps = steps_of(page("docs/api/oauth.md"))
        run_steps(steps, sqlite_installation, tmp_path, replaced={"chaupal connector": f"{PROGRAM} connector"})
        [made] = [
            each for each in sqlite_installation.result("connector", "list")["connectors"] if each["name"] == "Rota"
        ]
        assert made["redirectUrls"] == ["https://app.example.org/callback"]


class TestSamples:
    def test_its_command_makes_what_a_sample_needs(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        [printed] = run_steps(steps_of(page("docs/samples.md")), sqlite_installation, tmp_path)
        assert all(word in printed for word in ("application id", "application secret", "refresh token"))


class TestStream:
    def test_the_lines_shown_are_read_as_the_events_they_are(self) -> None:
        [shown] = [block for block in page("docs/api/events.md").blocks if block.language == "eventstream"]
        _request, _, answer = shown.text.partition("\n\n")
        begin, event, alive = EventLines().feed(f"{answer}\n".encode())
        assert (begin.data, alive.data) == ("", "")
        assert json.loads(event.data)["eventType"] == "TextMessageCreated"
        assert len({begin.id, event.id, alive.id}) == 3


class TestInstall:
    def test_its_commands_make_an_organization_and_find_nothing_wrong(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        steps = steps_of(page("docs/operate/install.md"))
        as_the_user = "sudo -u chaupal env CHAUPAL_DATA=/var/lib/chaupal /opt/chaupal/"
        assert all(as_the_user in step.commands.text for step in steps)
        [printed] = run_steps(steps, sqlite_installation, tmp_path, replaced={as_the_user: ""})
        assert "refresh token" in printed
        assert " 0 faults, 0 warnings." in printed


class TestImport:
    def test_its_commands_take_in_what_is_kept(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        [kept] = [block for block in page("docs/import.md").blocks if block.language == "jsonl"]
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / "kept.jsonl").write_text(
            kept.text.replace("7f0c…", "7f0c2f0e-5d0b-4b6e-9b39-0d2f6f9f7f10")
        )
        installed = sqlite_installation.init(tenant="Asha Traders")
        steps = steps_of(page("docs/import.md"))
        run_steps(steps, sqlite_installation, tmp_path)
        group = "df91cb37-97bf-4ccd-a8c2-b2a3ba5eac62"
        sqlite_installation.start()
        headers = {"accessToken": sqlite_installation.access_token(installed)}
        read = sqlite_installation.call("GET", f"/v1/groups/{group}/messages?count=10", headers)
        assert [message["message"] for message in read[1]["messages"]] == ["नमस्ते"]


class TestMoving:
    def test_its_commands_carry_an_organization_with_its_tokens_over(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        [block] = [block for block in page("docs/operate/moving.md").blocks if block.language == "bash"]
        take, put = (shlex.split(line)[1:] for line in block.text.splitlines())
        (tmp_path / "passphrase.txt").write_text("a long passphrase that nobody guesses")
        installed = sqlite_installation.init(tenant="Acme Ltd.")
        other = replace(sqlite_installation, data=tmp_path / "other", port=free_port(), server=None)
        other.start()
        try:
            for there, command in ((sqlite_installation, take), (other, put)):
                done = there.command(*command)
                assert done.code == 0, done
            assert other.me(other.access_token(installed))[0] == 200
        finally:
            other.stop()


class TestReceivingWebhooks:
    @pytest.fixture
    def snippet(self) -> str:
        [block] = [block for block in page("docs/webhooks.md").blocks if block.language == "python"]
        return block.text

    def test_its_code_takes_what_is_signed_and_nothing_else(self, snippet: str) -> None:
        [secret] = re.findall(r"whsec_\w+", snippet)
        now = datetime.now(UTC)
        body = json.dumps({"eventType": "TextMessageCreated"})
        signature = Webhook(secret).sign("event", now, body)
        headers = {
            "webhook-id": "event",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        defined: dict[str, Any] = {"body": body, "headers": headers}
        exec(snippet, defined)  # noqa: S102
        assert defined["event"] == json.loads(body)
        with pytest.raises(WebhookVerificationError):
            exec(snippet, {"body": f"{body} ", "headers": headers})  # noqa: S102

    @pytest.mark.parametrize("name", ["docs/webhooks.md", "docs/guides/webhooks.md"])
    def test_the_command_beside_it_makes_a_secret(self, name: str) -> None:
        text = " ".join(page(name).text.split())
        [command] = re.findall(r"`(python3 -c \"[^`]+)`", text)
        done = subprocess.run([sys.executable, *shlex.split(command)[1:]], capture_output=True, text=True, check=True)
        prefix, _, encoded = done.stdout.strip().partition("_")
        assert prefix == "whsec"
        assert len(base64.b64decode(encoded)) == 32
