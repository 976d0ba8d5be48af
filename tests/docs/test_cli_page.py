"""The page of the commands for people: every command is on it, and its commands do what they are said to do."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

from chaupal.cli.commands import USING
from tests.api.hooks import HookReceiver, draft
from tests.docs.pages import page
from tests.installations import ADMIN, Installation, sqlite_installation, warm_commands
from tools.write_docs import all_commands

__all__ = ["sqlite_installation", "warm_commands"]

PAGE = page("docs/cli.md")
APPLICATION_ID = "3f2b6a58-4d0e-4c9b-9a51-7c1e08d2f6b4"
ACTION_ID = "01a20bfb-0001-7000-8000-000000000001"
WEBHOOK_ID = "01a20bfb-4b10-7c52-a6d9-0f3e7b2c8d41"


def run(text: str, home: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """A block of the page, pasted into bash."""
    bash = shutil.which("bash")
    assert bash is not None
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        [bash, "-euo", "pipefail", "-c", text],
        cwd=home,
        env={"HOME": str(home), "PATH": path, "LANG": "C.UTF-8"},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done
    return done


def test_every_command_is_on_the_page_and_no_other() -> None:
    commands = {path for path, _ in all_commands() if path.split()[0] in USING}
    shown = {
        " ".join(word for word in heading.strip("`").split()[1:] if word.islower() and word.isalpha())
        for heading in PAGE.sections(3)
    }
    assert shown == commands
    assert len(commands) > 12


def test_the_examples_do_what_they_say(sqlite_installation: Installation, tmp_path: Path) -> None:
    sqlite_installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
    sqlite_installation.start()
    installed = sqlite_installation.result(
        *("init", "--tenant", "T", "--admin", ADMIN, "--connector", "C", "--application-id", APPLICATION_ID)
    )
    token = {"accessToken": sqlite_installation.access_token(installed)}

    def call(method: str, path: str, body: object = None) -> dict[str, object]:
        status, answer = sqlite_installation.call(method, f"/v1{path}", token, body)
        assert status == 200, answer
        return dict(answer)

    group = call("POST", "/groups", {"name": "Shop floor"})["groupId"]
    survey = {"title": "Day", "questions": [{"title": "How?", "type": "Text"}]}
    action = call("POST", f"/groups/{group}/actions", {"actionType": "Survey", "actionBody": survey})["actionId"]
    (tmp_path / "people.csv").write_text("Name;Mobile\nAsha;9876500003\n")
    content = io.BytesIO()
    Image.new("RGB", (2, 2)).save(content, "JPEG")
    (tmp_path / "shelf.jpg").write_bytes(content.getvalue())

    login, _by_pin, *blocks = [block.text for block in PAGE.blocks if block.language == "bash"]
    url = f"http://127.0.0.1:{sqlite_installation.port}"
    secrets = f"{installed['applicationSecret']}\n{installed['refreshToken']}\n"
    run(login.replace("https://chat.example.org", url), tmp_path, secrets)
    ran = [block for block in blocks if not block.startswith(("chaupal tail", "source"))]
    assert len(ran) == len(blocks) - 2 >= 3
    with HookReceiver() as receiver:
        webhook = call("POST", "/webhook", draft(receiver, str(group)))["webhookId"]
        said = [
            run(block.replace(ACTION_ID, str(action)).replace(WEBHOOK_ID, str(webhook)), tmp_path).stdout
            for block in ran
        ]
    assert "TextMessageCreated: 200 after" in said[-1]
    assert said[-1].endswith("There are none.\n0 events are sent again.\n")
    members = call("GET", f"/groups/{group}/members")["members"]
    assert [member["mobileNumber"] for member in members] == [ADMIN, "+919876500003"]  # type: ignore[attr-defined]
    messages = call("GET", f"/groups/{group}/messages?count=10")["messages"]
    assert [message["message"] for message in messages] == ["Backup done", "The shop opens at nine."]  # type: ignore[attr-defined]
    assert "The new shelf" in (tmp_path / "messages.csv").read_text()
    assert (tmp_path / "answers.csv").exists()
