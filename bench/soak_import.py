"""The soak's import: a past of many messages is taken in beside the running server, in flat memory on both sides."""

import csv
import json
import os
import subprocess
import time
from pathlib import Path

from bench.product import CHAUPAL, Product
from chaupal.importing.headers import MESSAGE_HEADERS

GROUPS = 40
SENDERS = 300
COMMAND_MOST_MB = 200.0
"""What the command takes for any number of messages; on PostgreSQL it opens the database itself."""
SERVER_GROWTH_MOST_MB = 40.0


def check_import(product: Product, count: int) -> list[str]:
    """Import so many messages, and say what was wrong with the account or the memory."""
    path = product.folder / "MicrosoftKaizala_TenantMessages.csv"
    _write_export(path, count)
    before_mb = product.server.memory().rss_mb
    began_s = time.monotonic()
    answer, command_mb = _run(product, path)
    took_s = time.monotonic() - began_s
    grown_mb = product.server.memory().rss_mb - before_mb
    path.unlink()
    print(
        f"{count} messages imported in {took_s:.0f} s; the command had {command_mb:.1f} MB at most, "
        f"the server {before_mb:.1f} MB before, {grown_mb:+.1f} MB"
    )
    faults = []
    if answer.get("taken") != {"message": count} or answer.get("skipped"):
        faults.append(f"of {count} messages were imported: {answer}")
    if command_mb > COMMAND_MOST_MB:
        faults.append(f"the importing command had {command_mb:.1f} MB, at most {COMMAND_MOST_MB:.1f} MB")
    if grown_mb > SERVER_GROWTH_MOST_MB:
        faults.append(f"the server grew by {grown_mb:.1f} MB under an import, at most {SERVER_GROWTH_MOST_MB:.1f} MB")
    return faults


def _run(product: Product, path: Path) -> tuple[dict[str, object], float]:
    """What the command printed, and its highest memory."""
    answer_path = product.folder / "import.json"
    with answer_path.open("wb") as out:
        process = subprocess.Popen(
            [str(CHAUPAL), "import", "kaizala", str(path), "--json"],
            env={"PATH": os.environ["PATH"], **product.environment},
            cwd=product.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    answer: dict[str, object] = json.loads(answer_path.read_bytes() or b"{}")
    return answer, used.ru_maxrss / 1024


def _write_export(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(MESSAGE_HEADERS)
        for number in range(count):
            minute, second = divmod(number, 60)
            hour, minute = divmod(minute, 60)
            day, hour = divmod(hour, 24)
            at = f"2022-{1 + day // 28 % 12:02}-{1 + day % 28:02}T{hour:02}:{minute:02}:{second:02}Z"
            group, sender = f"Past {number % GROUPS}", f"Person {number % SENDERS}"
            table.writerow((group, f"past-{number}", sender, "Text", at, "", f"text {number}\nनमस्ते, all"))
