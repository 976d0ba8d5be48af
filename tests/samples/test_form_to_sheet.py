"""The program that writes answers into a sheet: each is one row, whatever is repeated, killed or not written."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.installations import OTHER
from tests.samples.conftest import Office
from tests.samples.programs import PATIENCE_S, begin, finish, read_until, running

QUESTIONS = [
    {"title": "Sales", "type": "SingleOption", "options": [{"title": "अच्छी"}, {"title": "Poor"}]},
    {"title": "Which", "type": "MultiOption", "options": [{"title": "Tea"}, {"title": "Rice"}], "isOptional": True},
    {"title": "=Remarks", "type": "Text", "isOptional": True},
    {"title": "Where", "type": "Location", "isOptional": True},
    {"title": "When", "type": "DateTime", "isOptional": True},
    {"title": "Customers", "type": "Numeric", "isOptional": True},
]
PLACE = {"lt": 17.385, "lg": 78.4867, "n": "Depot"}
HEAD = ("Answer", "Answered at", "Name", "Number", "Sales", "Which", "=Remarks", "Where", "When", "Customers")


class Form:
    """A survey, and the program that follows it."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.path = folder / "answers.xlsx"
        self.group_id = office.post("/groups", {"name": "Shops", "members": [OTHER]})["groupId"]
        body = {"title": "Day", "questions": QUESTIONS, "acceptMultipleResponses": True}
        posted = office.post(f"/groups/{self.group_id}/actions", {"actionType": "Survey", "actionBody": body})
        self.survey_id = posted["actionId"]
        self.callback = f"http://127.0.0.1:{office.callback_port}/answers"

    @property
    def arguments(self) -> tuple[str, ...]:
        of_survey = ("--group", self.group_id, "--survey", self.survey_id, "--sheet", str(self.path))
        listen = f"127.0.0.1:{self.office.callback_port}"
        return (*of_survey, "--callback", self.callback, "--listen", listen)

    def answer(self, *answers: Any, **further: str) -> str:
        body = {"actionBody": {"answers": answers}, **further}
        path = f"/groups/{self.group_id}/actions/{self.survey_id}/responses"
        return str(self.office.post(path, body)["responseId"])

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """All of the sheet but its head."""
        head, *rows = openpyxl.load_workbook(self.path).active.iter_rows(values_only=True)  # type: ignore[union-attr]
        assert head == HEAD
        return rows

    @property
    def webhooks(self) -> list[Any]:
        found: list[Any] = self.office.get(f"/webhook?objectType=Action&objectId={self.survey_id}")["webhooks"]
        return found

    def call(self, body: bytes, token: str) -> int:
        """Call the program as the server does."""
        request = urllib.request.Request(self.callback, data=body, headers={"kz-callback-token": token})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own http://
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code


@pytest.fixture
def form(sqlite_office: Office, tmp_path: Path) -> Form:
    return Form(sqlite_office, tmp_path)


class TestAnswers:
    def test_each_becomes_a_row(self, office: Office, tmp_path: Path) -> None:
        form = Form(office, tmp_path)
        earlier = form.answer("Poor")
        with running(office, "form_to_sheet", *form.arguments) as program:
            assert read_until(program, "listening").startswith("1 answers taken over")
            later = form.answer("अच्छी", ["Tea", "Rice"], '=HYPERLINK("http://x")', PLACE, 1795583676, 42)
            read_until(program, f"wrote {later}")
            first, second = form.rows
            assert (first[0], *first[3:]) == (earlier, "+919876543210", "Poor", *[None] * 5)
            assert (second[0], *second[3:7]) == (
                later,
                "+919876543210",
                "अच्छी",
                "Tea\nRice",
                '=HYPERLINK("http://x")',
            )
            assert second[7:] == ("17.385, 78.4867 Depot", "2026-11-25 05:14:36", 42)
            assert len(str(first[1])) == len(str(second[1])) == len("2026-11-25 05:14:36")

    def test_no_text_becomes_a_formula(self, form: Form) -> None:
        form.answer("Poor", [], "=1+1")
        with running(form.office, "form_to_sheet", *form.arguments) as program:
            read_until(program, "listening")
        sheet = openpyxl.load_workbook(form.path).active
        assert sheet is not None
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}  # type: ignore[union-attr]

    def test_a_changed_one_replaces_its_row(self, form: Form) -> None:
        with running(form.office, "form_to_sheet", *form.arguments) as program:
            read_until(program, "listening")
            answer_id = form.answer("Poor")
            read_until(program, f"wrote {answer_id}")
            form.answer("अच्छी", responseId=answer_id)
            read_until(program, f"changed {answer_id}")
        assert [row[4] for row in form.rows] == ["अच्छी"]


class TestBreaks:
    def test_what_comes_while_the_program_is_dead_is_not_lost(self, form: Form) -> None:
        with running(form.office, "form_to_sheet", *form.arguments) as program:
            read_until(program, "listening")
            form.answer("Poor")
            read_until(program, "wrote")
        form.answer("अच्छी")
        [before] = form.webhooks
        with running(form.office, "form_to_sheet", *form.arguments) as program:
            assert read_until(program, "listening").startswith("1 answers taken over")
        assert [row[4] for row in form.rows] == ["Poor", "अच्छी"]
        assert [webhook["id"] for webhook in form.webhooks] == [before["id"]]

    def test_an_event_that_comes_again_is_written_once_and_one_that_could_not_be_written_later(
        self, form: Form
    ) -> None:
        with running(form.office, "form_to_sheet", *form.arguments) as program:
            read_until(program, "listening")
            [webhook] = form.webhooks
            event = json.dumps(made_up_event("01a20bfc-0001-7000-8000-000000000001")).encode()
            assert form.call(event, "wrong") == 403
            in_the_way = form.path.with_name(".answers.xlsx.new")
            in_the_way.mkdir()
            assert form.call(event, webhook["callbackToken"]) == 503
            assert form.rows == []
            shutil.rmtree(in_the_way)
            assert form.call(event, webhook["callbackToken"]) == 200
            assert form.call(event, webhook["callbackToken"]) == 200
            assert [row[:5] for row in form.rows] == [
                ("01a20bfc-0001-7000-8000-000000000001", "2026-11-25 05:14:36", "Asha", "+919876543210", "Poor")
            ]
            for broken in (b"", b"[]", b'{"eventType": "SurveyResponse"}'):
                assert form.call(broken, webhook["callbackToken"]) == 400
            assert form.call(b'{"eventType": "TextMessageCreated"}', webhook["callbackToken"]) == 200
        assert len(form.rows) == 1

    def test_a_file_of_somebody_else_is_left_alone(self, form: Form) -> None:
        for content in (b"my notes", sheet_of("Salary", "Name")):
            form.path.write_bytes(content)
            code, printed = finish(begin(form.office, "form_to_sheet", *form.arguments))
            assert code == 1
            assert str(form.path) in printed
            assert "Traceback" not in printed
            assert form.path.read_bytes() == content
        assert form.webhooks == []

    def test_forget_takes_the_webhook_away(self, form: Form) -> None:
        with running(form.office, "form_to_sheet", *form.arguments) as program:
            read_until(program, "listening")
        assert len(form.webhooks) == 1
        assert finish(begin(form.office, "form_to_sheet", *form.arguments, "--forget")) == (0, "")
        assert form.webhooks == []


def made_up_event(answer_id: str) -> dict[str, Any]:
    """A SurveyResponse as webhooks bring it."""
    entries: list[dict[str, Any]] = [{"title": question["title"], "type": question["type"]} for question in QUESTIONS]
    entries[0]["answer"] = ["Poor"]
    system = [
        {"title": "Responder Name", "type": "Text", "answer": "Asha"},
        {"title": "Responder Location", "type": "Location"},
        {"title": "ResponseTime", "type": "DateTime", "answer": 1795583676000},
    ]
    data = {
        "responseId": answer_id,
        "isUpdateResponse": False,
        "responder": "+919876543210",
        "responderName": "Asha",
        "responseDetails": {"responseWithQuestions": [*entries, *system]},
    }
    return {"eventType": "SurveyResponse", "eventId": answer_id, "data": data}


def sheet_of(*head: str) -> bytes:
    """Somebody's workbook."""
    import io

    book = openpyxl.Workbook()
    book.active.append(head)  # type: ignore[union-attr]
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
