"""`chaupal tail`: what happens, as it happens."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from chaupal.cli.failures import plain
from chaupal.cli.options import Json
from chaupal.cli.using.connecting import connected
from chaupal.cli.using.finding import find_group
from chaupal.cli.using.options import ProfileName
from chaupal.control.protocol import OperationFailed

if TYPE_CHECKING:
    from chaupal_client.events import Event

_ENDING = (signal.SIGINT, signal.SIGTERM)
_TOLD = ("text", "title", "question", "caption", "comment", "member_name", "member", "group_name", "name")
"""What of an event's data says most; the first that is there."""


def tail(
    group: Annotated[
        list[str] | None, typer.Argument(metavar="[GROUP]...", help="Only of these groups: their ids or names.")
    ] = None,
    place: Annotated[
        Path | None,
        typer.Option("--place", metavar="FILE", help="Keep the place in this file, and go on from there next time."),
    ] = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> int:
    """Show what happens in your groups, as it happens, until it is stopped; after a break it goes on where it was.

    With --json each event is one JSON document on a line of its own.
    """
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        with connected(profile) as client:
            chosen = [find_group(client, each) for each in group or []] or None
            names = {each.group_id: each.group_name for each in client.groups.list().groups}
            cursor = _read_place(place) or client.events.page().cursor
            _write_place(place, cursor)
            print("Following; Ctrl-C ends it.", file=sys.stderr, flush=True)
            with client.events.follow(cursor=cursor, group_id=chosen) as events:
                for event in events:
                    with _undisturbed():
                        _print(event, names, as_json=as_json)
                        _write_place(place, events.cursor)
    except KeyboardInterrupt:
        pass
    return 0


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What stops the command waits until the block is done, so that an event is told and noted, or neither."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _print(event: Event, names: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        line = msgspec.json.encode(event).decode()
    else:
        where = names.get(event.source_group_id) or event.source_group_id
        who = event.from_user_name or event.from_user
        head = "  ".join(filter(None, (event.event_time[11:19], where, who)))
        line = plain(f"{head}  {event.event_type}: {said_by(event)}".rstrip(": "))
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def said_by(event: Event) -> str:
    """What an event says, on one line."""
    data = getattr(event, "data", None)
    values = data if isinstance(data, dict) else msgspec.to_builtins(data, builtin_types=()) or {}
    fields = {msgspec_name.replace("_", "").casefold(): value for msgspec_name, value in values.items()}
    said = next((str(fields[name]) for name in map(_plain_name, _TOLD) if fields.get(name)), "")
    answers = (fields.get("responsedetails") or {}).get("responseWithQuestions") or ()
    given = [_shown(each["answer"]) for each in answers if each.get("answer") is not None and not each["isInvisible"]]
    return " ".join(" ".join(filter(None, (said, ", ".join(given)))).split())


def _plain_name(name: str) -> str:
    return name.replace("_", "")


def _shown(answer: object) -> str:
    if isinstance(answer, list):
        return " + ".join(map(_shown, answer))
    if isinstance(answer, dict):
        return str(answer.get("mediaFileName") or answer.get("n") or answer.get("pn") or answer)
    return str(answer)


def _read_place(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error


def _write_place(path: Path | None, cursor: str) -> None:
    """Replaced as a whole: a kill leaves the place before or the place after."""
    if path is None:
        return
    draft = path.with_name(f"{path.name}.new")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(cursor)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> OperationFailed:
    reason = error.strerror if isinstance(error, OSError) else "it is no text"
    return OperationFailed(f"{path}: {reason}.", error_code="InvalidParameters", category="ValidationException")
