"""What a newcomer needs next, as commands that can be pasted: after the first start, and after `chaupal init`."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from chaupal.control.calls import Installed
from chaupal.settings import Settings

_EXAMPLE_NUMBER = "+919876543210"


def first_steps(settings: Settings) -> str:
    """The text for a server that has no tenant yet; its commands work from any folder, beside the running server."""
    chaupal = pasteable_command(settings)
    kept = "\nwith the same CHAUPAL_* settings as this server:" if settings.is_postgres else ":"
    how_pins_go = (
        "shows the PIN of someone who signs in; no SMS is sent yet (CHAUPAL_SMS)"
        if settings.sms in ("console", "outbox")
        else "shows a PIN that was sent"
    )
    return f"""
There is no organization here yet. In another terminal, make one with its admin and a connector
(names and number are yours to choose){kept}

  {chaupal} init --tenant 'My organization' --admin {_EXAMPLE_NUMBER} --connector 'My first connector'

It prints the connector's id, its secret, a refresh token, and the first calls to try. Then:

  {chaupal} pin {_EXAMPLE_NUMBER}   # {how_pins_go}
  {chaupal} doctor              # shows every setting and checks the installation
  {chaupal} --help              # lists all commands

The whole API is at {settings.endpoint_url}docs, to be read and tried out in a browser.
"""


def first_calls(installed: Installed) -> str:
    """The first calls of the API with what `init` made: an access token, a group, a message."""
    headers = " \\\n  ".join(
        f"-H {shlex.quote(f'{name}: {value}')}"
        for name, value in (
            ("applicationId", installed.application_id),
            ("applicationSecret", installed.application_secret),
            ("refreshToken", installed.refresh_token),
        )
    )
    return f"""\
API={shlex.quote(installed.api_root.rstrip("/"))}
TOKEN=$(curl -sS "$API/v1/accessToken" \\
  {headers} \\
  | sed -n 's/.*"accessToken":"\\([^"]*\\)".*/\\1/p')
GROUP=$(curl -sS "$API/v1/groups" -H "accessToken: $TOKEN" -H "Content-Type: application/json" \\
  -d '{{"name": "First group", "welcomeMessage": "Welcome", "members": []}}' \\
  | sed -n 's/.*"groupId":"\\([^"]*\\)".*/\\1/p')
curl -sS "$API/v1/groups/$GROUP/messages" -H "accessToken: $TOKEN" -H "Content-Type: application/json" \\
  -d '{{"message": "Hello from Chaupal"}}'
"""


def pasteable_command(settings: Settings) -> str:
    """`chaupal` as it can be typed in another terminal: found from any folder, and with this data folder."""
    program = _program()
    if settings.is_postgres:  # its URL holds a password, which is not printed
        return program
    return f"CHAUPAL_DATA={shlex.quote(str(settings.data.absolute()))} {program}"


def _program() -> str:
    started = Path(sys.argv[0])
    if started.name != "chaupal":  # started as a module, or inside another program
        started = Path(sys.executable).with_name("chaupal")
    found = shutil.which("chaupal")
    if found is not None and started.exists() and Path(found).samefile(started):
        return "chaupal"
    return shlex.quote(str(started.absolute())) if started.exists() else "chaupal"
