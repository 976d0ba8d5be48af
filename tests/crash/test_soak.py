"""`make soak`, for a few seconds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


def test_a_short_soak_holds() -> None:
    command = [sys.executable, str(PROJECT / "bench" / "soak.py"), "--minutes", "0.083", "--clients", "4"]
    command += ["--members", "3000", "--imported", "5000", "--waiting", "800"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180, cwd=PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr
    calls, messages = map(int, re.findall(r"(\d+) (?:calls|messages)", done.stdout)[:2])
    assert calls > messages > 0
    assert re.search(r"memory: .* MB at the end", done.stdout)
    assert re.search(r"file: .* bytes a message", done.stdout)
    assert re.search(r"3001 members in .* MB at most", done.stdout)
    assert re.search(r"5000 messages imported in .* the server .* MB before", done.stdout)
    assert re.search(r"\d+ deliveries tried at 15 webhooks, [1-9]\d* of them refused at first", done.stdout)
    assert re.search(r"with 800 .* MB", done.stdout)
    assert done.stdout.endswith("all held\n")
