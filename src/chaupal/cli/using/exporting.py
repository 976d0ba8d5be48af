"""`chaupal export`: the messages of a group, and the answers to an action, as CSV or JSON.

The CSV has the headers and times of Kaizala's own exports, because programs read them by name; `chaupal import` reads
it, too. Pages are read and written one after another, so memory stays flat; a file gets its name when it is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from chaupal.cli.options import Json, new_group
from chaupal.cli.output import print_json
from chaupal.cli.using.connecting import connected, is_watched
from chaupal.cli.using.export_files import RecordWriter, new_file
from chaupal.cli.using.finding import find_group
from chaupal.cli.using.options import Group, ProfileName
from chaupal.importing.headers import MESSAGE_HEADERS

if TYPE_CHECKING:
    from chaupal_client import Chaupal
    from chaupal_client.models import Message, ShownAction, ShownResponse

app = new_group("Take what is in a group out: as CSV or JSON.")

RESPONSE_FIRST_HEADERS = ("Responder Name", "Group Name")
RESPONSE_LAST_HEADERS = (
    "Responder Location Latitude",
    "Responder Location Longitude",
    "Responder Location Location",
    "ResponseTime (UTC)",
    "Server Receipt Timestamp (UTC)",
)
_PAGE = 100
_BEGINNING = "1970-01-01T00:00:01Z"


class Form(StrEnum):
    """How it is written."""

    CSV = "csv"
    JSON = "json"


class Exported(msgspec.Struct, frozen=True):
    """What was written."""

    file: str
    records: int


_File = Annotated[Path, typer.Argument(metavar="FILE", help="A new file that ends in .csv or .json.")]
_Action = Annotated[str, typer.Argument(metavar="ACTION_ID", help="The action, as `chaupal actions` shows it.")]


@app.command("messages")
def messages(group: Group, file: _File, profile: ProfileName = "", as_json: Json = False) -> None:
    """Write the messages and actions of a group that you see, oldest first. What was retracted is left out."""
    form = _form_of(file)
    with connected(profile) as client:
        group_id = find_group(client, group)
        group_name = client.groups.get(group_id).group_name
        sent: Iterator[Message | ShownAction]
        sent = merge(_messages(client, group_id), _actions(client, group_id), key=lambda each: each.sent_at)
        kept = (each for each in sent if not each.is_retracted)
        rows = (_message_row(each, group_name) for each in kept) if form is Form.CSV else map(msgspec.to_builtins, kept)
        count = _write(file, form, rows, MESSAGE_HEADERS, encoding="utf-8")
    _print(Exported(str(file), count), as_json=as_json)


@app.command("responses")
def responses(group: Group, action: _Action, file: _File, profile: ProfileName = "", as_json: Json = False) -> None:
    """Write the answers to an action that you see, in the order in which they came."""
    form = _form_of(file)
    with connected(profile) as client:
        group_id = find_group(client, group)
        group_name = client.groups.get(group_id).group_name
        details = client.actions.get(group_id, action).action_details
        questions = [question.title for question in details.questions or ()]
        if not questions:
            questions = [details.question or details.title or "Answer"]
        answers = client.responses.iterate(group_id, action, count=_PAGE)
        headers = (*RESPONSE_FIRST_HEADERS, *questions, *RESPONSE_LAST_HEADERS)
        rows: Iterator[Any] = (
            (_response_row(each, group_name, len(questions)) for each in answers)
            if form is Form.CSV
            else map(msgspec.to_builtins, answers)
        )
        count = _write(file, form, rows, headers, encoding="utf-8-sig")
    _print(Exported(str(file), count), as_json=as_json)


def _form_of(file: Path) -> Form:
    suffix = file.suffix.lower().removeprefix(".")
    if suffix not in list(Form):
        raise typer.BadParameter(f"{file}: the name has to end in .csv or .json")
    return Form(suffix)


def _messages(client: Chaupal, group_id: str) -> Iterator[Message]:
    """Oldest first; the server's pages are newest first, in either direction."""
    cursor = None
    while True:
        page = client.messages.list(group_id, direction="newer", count=_PAGE, cursor=cursor)
        yield from reversed(page.messages)
        cursor = page.cursor
        if not cursor:
            return


def _actions(client: Chaupal, group_id: str) -> Iterator[ShownAction]:
    """Oldest first."""
    cursor = None
    while True:
        page = client.actions.list(group_id, from_date=_BEGINNING, count=_PAGE, cursor=cursor)
        yield from page.actions
        cursor = page.cursor
        if not page.has_more or not cursor:
            return


def _message_row(sent: Message | ShownAction, group_name: str) -> tuple[str, ...]:
    """In the words of the tenant export: an album's files are joined by ` : `."""
    from chaupal_client.models import Message

    if isinstance(sent, Message):
        kind, stored_at, text = "Text", "", sent.message
    else:
        body = sent.action_body
        files = [each.media_url for each in body.media or () if each.media_url]
        kind, stored_at = sent.action_type, " : ".join(files)
        text = body.caption or body.title or body.question or body.message or body.name or ""
    sender = sent.sender or sent.sender_name
    return (group_name, sent.reference_id, sender, kind, in_seconds(sent.sent_at), stored_at, text)


def _response_row(answer: ShownResponse, group_name: str, question_count: int) -> tuple[Any, ...]:
    answers = list(answer.answers or (_other_answer(answer),))
    filled = [*map(cell_of, answers), *[""] * question_count][:question_count]
    place = answer.response_location or answer.location
    where = (place.lt, place.lg, place.n) if place else ("", "", "")
    name = answer.responder_name or answer.response_name or answer.responder
    received = in_seconds(answer.updated_at or answer.responded_at)
    return (name, group_name, *filled, *where, in_seconds(answer.responded_at), received)


def _other_answer(answer: ShownResponse) -> object:
    """Of what has no questions: a job, an invitation, a checklist, a roll call."""
    if answer.is_completed is not None:
        return "Completed" if answer.is_completed else "Not completed"
    return " ".join(filter(None, (answer.item, answer.choice or answer.response or answer.status))) or None


def cell_of(answer: Any) -> Any:
    """An answer in one cell."""
    match answer:
        case None:
            return ""
        case list() | tuple():
            return ", ".join(str(cell_of(each)) for each in answer)
        case {"mediaUrl": url}:
            return url
        case {"cc": country, "pn": number}:
            return f"{country}{number}"
        case {"lt": latitude, "lg": longitude}:
            return f"{latitude}, {longitude} {answer.get('n', '')}".strip()
        case _:
            return answer


def in_seconds(time: str) -> str:
    """`2023-02-16T07:31:59Z`, as the old exports had it."""
    return f"{time[:19]}Z" if time else ""


def _write(file: Path, form: Form, records: Iterable[Any], headers: tuple[str, ...], *, encoding: str) -> int:
    """How many records were written, whole."""
    with new_file(file, encoding=encoding if form is Form.CSV else "utf-8") as opened, _shown_progress() as step:
        writer = RecordWriter(opened, headers if form is Form.CSV else None)
        for record in records:
            writer.write(record)
            step(writer.count)
        writer.end()
    return writer.count


@contextmanager
def _shown_progress() -> Iterator[Any]:
    """How many there are so far, on the terminal, if there is one."""
    if not is_watched():
        yield lambda _count: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield lambda count: status.update(f"{count:,} records")


def _print(exported: Exported, *, as_json: bool) -> None:
    if as_json:
        print_json(exported)
    else:
        print(f"{exported.records:,} records were written to {exported.file}.")
