#!/usr/bin/env python3
"""Writes the answers to a survey into an XLSX file, as they come.

    pip install -r requirements.txt
    APPLICATION_ID=... APPLICATION_SECRET=... REFRESH_TOKEN=... python3 form_to_sheet.py --group GROUP_ID \\
      --survey ACTION_ID --sheet answers.xlsx --callback https://hooks.example.org/answers --listen 127.0.0.1:8098

One row an answer. At its start it takes over what was answered before; from then on a webhook tells it. Every event
comes at least once, so the answer's id decides: an answer that is known is not written twice, a changed one replaces
its row. The server is answered once the file is on disk; where that fails it comes again, for two days. The file is
replaced as a whole, so whoever reads it never finds half of it.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import secrets
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
from chaupal_account import Account, Refused, Unreachable
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

BODY_MAX_BYTES = 1_000_000
CELL_MAX_CHARACTERS = 32_767
EVENTS = ("SurveyResponse", "ActionResponse")
FIXED = ("Answer", "Answered at", "Name", "Number")


class NotOurs(Exception):
    """The file holds something else, which is not to be overwritten."""


class Sheet:
    """The file, and its rows by the answer's id. Thread-safe."""

    def __init__(self, path: Path, questions: list[str]) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._head = [*FIXED, *map(shown, questions)]
        self._rows: dict[str, list[Any]] = {}
        if path.exists():
            head, *rows = read_rows(path)
            if head[: len(FIXED)] != list(FIXED):
                raise NotOurs(f"{path} is not a sheet of this program; name another file")
            self._rows = {str(row[0]): row for row in rows if row[0]}

    def put(self, answers: dict[str, list[Any]], *, only_new: bool = False) -> int:
        """Keep answers, on disk when this returns; how many of them are new or changed.

        Raises:
            OSError: the file cannot be written; nothing has changed.
        """
        with self._turn:
            rows = {name: [name, *row] for name, row in answers.items() if not (only_new and name in self._rows)}
            rows = {name: row for name, row in rows.items() if self._rows.get(name) != row}
            if rows or not self._path.exists():
                self._save({**self._rows, **rows})
                self._rows.update(rows)
            return len(rows)

    def _save(self, rows: dict[str, list[Any]]) -> None:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("Answers")
        sheet.freeze_panes = "A2"
        for row in (self._head, *rows.values()):
            sheet.append([self._cell(sheet, value) for value in row])
        draft = self._path.with_name(f".{self._path.name}.new")
        book.save(draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(self._path)

    @staticmethod
    def _cell(sheet: Any, value: Any) -> Any:
        """Texts stay texts: what somebody has answered must not become a formula."""
        cell = WriteOnlyCell(sheet, value)
        if isinstance(value, str):
            cell.data_type = "s"
            cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
        return cell


def read_rows(path: Path) -> list[list[Any]]:
    """All rows with their head; an empty cell is an empty text, as it was written.

    Raises:
        NotOurs.
    """
    try:
        book = openpyxl.load_workbook(path, read_only=True)
    except (zipfile.BadZipFile, KeyError, InvalidFileException) as error:
        raise NotOurs(f"{path} cannot be read: {error}") from error
    rows = [["" if value is None else value for value in row] for row in book.active.iter_rows(values_only=True)]
    book.close()
    return rows or [[]]


def shown(answer: Any) -> Any:
    """An answer as a cell holds it."""
    match answer:
        case None:
            return ""
        case bool() | int() | float():
            return answer
        case str():
            kept = "".join(each for each in answer if each.isprintable() or each in "\n\t")
            return kept[:CELL_MAX_CHARACTERS]
        case list():
            return shown("\n".join(str(shown(each)) for each in answer))
        case {"mediaUrl": url}:
            return shown(url)
        case {"cc": country, "pn": number}:
            return shown(f"{country}{number}")
        case {"lt": latitude, "lg": longitude, **rest}:
            return shown(f"{latitude}, {longitude} {rest.get('n', '')}".strip())
    return shown(json.dumps(answer, ensure_ascii=False))


class Survey:
    """One survey, its questions, and the answers that are there already."""

    def __init__(self, account: Account, *, group_id: str, action_id: str) -> None:
        self._account = account
        self._path = f"/groups/{group_id}/actions/{action_id}"
        self.action_id = action_id
        details = account.call("GET", self._path)["actionDetails"]
        self.questions = [str(question["title"]) for question in details["questions"]]
        self._types = [question["type"] for question in details["questions"]]

    def answers(self) -> Iterator[tuple[str, list[Any]]]:
        """(id, row) of each that is there, page by page."""
        cursor = ""
        while True:
            details = self._account.call("GET", f"{self._path}?getDetails=true&count=100{cursor}")["actionDetails"]
            for each in details["responses"]:
                yield each["responseId"], self.row(each, each["answers"], each["respondedAt"])
            if not details.get("hasMore"):
                return
            cursor = f"&cursor={details['cursor']}"

    def told(self, event: dict[str, Any]) -> tuple[str, list[Any]]:
        """(id, row) of the answer that an event tells of."""
        data = event["data"]
        entries = data["responseDetails"]["responseWithQuestions"]
        answers = [entry.get("answer") for entry in entries]
        answered_at = next(
            (entry.get("answer") for entry in reversed(entries) if entry["title"] == "ResponseTime"), None
        )
        return data["responseId"], self.row(data, answers[: len(self.questions)], answered_at)

    def row(self, who: dict[str, Any], answers: list[Any], answered_at: Any) -> list[Any]:
        """A row but for its id; anonymous answers have neither name nor number."""
        filled = [*answers, *[None] * len(self._types)]
        cells = [
            moment(answer) if kind in ("Date", "DateTime") else shown(answer)
            for answer, kind in zip(filled, self._types, strict=False)
        ]
        return [moment(answered_at), shown(who.get("responderName")), shown(who.get("responder")), *cells]


def moment(value: Any) -> str:
    """A time as text, in UTC: the webhook tells it in milliseconds, the API as ISO 8601."""
    if isinstance(value, int):
        return f"{datetime.fromtimestamp(value // 1000, tz=UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, str) and value:
        return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return ""


class Receiver(BaseHTTPRequestHandler):
    """What the server calls."""

    server: SheetServer
    timeout = 70

    def do_GET(self) -> None:
        """The proof that this address is ours."""
        [token] = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[:1]
        self._answer(200 if token.isdigit() else 404, token if token.isdigit() else "")

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        given = self.headers.get("kz-callback-token", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self.server.token.encode()):
            self._answer(403, "")
        elif not size.isdigit() or int(size) > BODY_MAX_BYTES:
            self._answer(413, "")
        else:
            self._answer(self._keep(self.rfile.read(int(size))), "")

    def _keep(self, body: bytes) -> int:
        try:
            event = json.loads(body)
            if event["eventType"] not in EVENTS:
                return 200
            answer_id, row = self.server.survey.told(event)
            is_change = bool(event["data"]["isUpdateResponse"])
        except (ValueError, LookupError, TypeError) as error:
            print(f"not understood: {error!r}", file=sys.stderr, flush=True)
            return 400
        try:
            count = self.server.sheet.put({answer_id: row}, only_new=not is_change)
        except OSError as error:
            print(f"the sheet cannot be written: {error}", file=sys.stderr, flush=True)
            return 503  # the server comes again
        if count:
            print(f"{'changed' if is_change else 'wrote'} {answer_id}", flush=True)
        return 200

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing of its own."""


class SheetServer(ThreadingHTTPServer):
    """With what its receivers need."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], survey: Survey, sheet: Sheet, token: str) -> None:
        super().__init__(address, Receiver)
        self.survey, self.sheet, self.token = survey, sheet, token


def find_webhook(account: Account, action_id: str, url: str) -> dict[str, Any] | None:
    """The webhook that an earlier run has left, with its token: what came meanwhile is still on its way to it."""
    listed = account.call("GET", f"/webhook?objectType=Action&objectId={action_id}")["webhooks"]
    return next((webhook for webhook in listed if webhook["callbackUrl"] == url), None)


def ensure_webhook(account: Account, found: dict[str, Any] | None, *, action_id: str, url: str, token: str) -> None:
    """Have the server call the address."""
    if found is None:
        wanted = {"objectId": action_id, "objectType": "Action", "eventTypes": list(EVENTS)}
        account.call("POST", "/webhook", {**wanted, "callBackUrl": url, "callBackToken": token})
    elif not found["active"]:
        account.call("PUT", f"/webhook/{found['id']}", {"Active": "true"})


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the answers to a survey into an XLSX file, as they come.")
    parser.add_argument("--group", required=True, metavar="GROUP_ID")
    parser.add_argument("--survey", required=True, metavar="ACTION_ID")
    parser.add_argument("--sheet", default="answers.xlsx", type=Path, metavar="FILE")
    parser.add_argument("--callback", required=True, metavar="URL", help="where the server reaches this program")
    parser.add_argument("--listen", default="127.0.0.1:8098", metavar="HOST:PORT")
    parser.add_argument("--forget", action="store_true", help="only take the webhook away")
    chosen = parser.parse_args()
    account = Account.of_environment()
    found = find_webhook(account, chosen.survey, chosen.callback)
    if chosen.forget:
        if found is not None:
            account.call("DELETE", f"/webhook/{found['id']}")
        return 0
    survey = Survey(account, group_id=chosen.group, action_id=chosen.survey)
    sheet = Sheet(chosen.sheet, survey.questions)
    token = found["callbackToken"] if found is not None else secrets.token_urlsafe(32)
    host, _, port = chosen.listen.rpartition(":")
    server = SheetServer((host, int(port)), survey, sheet, token)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    ensure_webhook(account, found, action_id=chosen.survey, url=chosen.callback, token=token)
    earlier = sheet.put(dict(survey.answers()), only_new=True)  # changes of what is known come by the webhook
    print(f"{earlier} answers taken over; listening on {chosen.listen}", flush=True)
    serving.join()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (NotOurs, Refused, Unreachable) as error:
        sys.exit(str(error))
