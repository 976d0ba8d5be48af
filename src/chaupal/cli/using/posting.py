"""`chaupal post`: a message to a group, or files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaupal.cli.options import Json
from chaupal.cli.output import print_facts, print_json
from chaupal.cli.using.connecting import connected, is_watched
from chaupal.cli.using.finding import find_group
from chaupal.cli.using.options import Group, ProfileName
from chaupal.control.protocol import OperationFailed

if TYPE_CHECKING:
    from chaupal_client import Chaupal

_TYPES = {
    "Image": ("jpg", "jpeg", "png"),
    "Audio": ("mp3", "wav"),
    "Document": ("doc", "docx", "xls", "xlsx", "ppt", "pptx", "pdf"),
    "Video": ("mp4", "3gp", "3gpp"),
}
_TYPE_OF = {suffix: kind for kind, suffixes in _TYPES.items() for suffix in suffixes}


def post(
    group: Group,
    text: Annotated[str, typer.Argument(metavar="[TEXT|-]", help="The text; `-` reads it from standard input.")] = "",
    *,
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", metavar="FILE", help="Send a file, with the text below it; several pictures: an album."),
    ] = None,
    reply_to: Annotated[
        str, typer.Option("--reply-to", metavar="ID", help="The message or action that this answers.")
    ] = "",
    once: Annotated[
        str,
        typer.Option("--once", metavar="KEY", help="Post it once, however often this is run with the key in a week."),
    ] = "",
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Post a message to a group, or files of any kind that the server takes."""
    files = file or []
    kind = _kind_of(files)
    content = _read_text() if text == "-" else text
    if not files and not content.strip():
        raise typer.BadParameter("there is nothing to post: give a text, --file or both")
    with connected(profile) as client:
        group_id = find_group(client, group)
        if kind is None:
            receipt: Any = client.messages.post(
                group_id, content, reply_to_reference_id=reply_to or None, idempotency_key=once or None
            )
        else:
            receipt = client.actions.post(
                group_id,
                action_type=kind,
                action_body={"mediaResource": _upload(client, files, once), "caption": content},
                reply_to_reference_id=reply_to or None,
                idempotency_key=once or None,
            )
    if as_json:
        print_json(receipt)
    else:
        print_facts([("posted", receipt.reference_id)])


def _read_text() -> str:
    try:
        return sys.stdin.buffer.read().decode().rstrip("\n")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"standard input is not UTF-8 text: {error.reason}") from error


def _kind_of(files: list[Path]) -> str | None:
    """The type of action that the files become; None where there are none."""
    if not files:
        return None
    kinds = []
    for path in files:
        suffix = path.suffix.lower().removeprefix(".")
        if suffix not in _TYPE_OF:
            raise typer.BadParameter(f"{path}: files may end in {', '.join(_TYPE_OF)}")
        if not path.is_file():
            raise typer.BadParameter(f"{path}: there is no such file")
        kinds.append(_TYPE_OF[suffix])
    if len(files) == 1:
        return kinds[0]
    if set(kinds) != {"Image"}:
        raise typer.BadParameter("only pictures can be sent together, as an album; send other files one by one")
    return "Album"


def _upload(client: Chaupal, files: list[Path], once: str) -> str:
    """The mediaResource. The files' key is made of the post's, so that the post is the same each time."""
    key = f"{once}:files" if once else None
    with _shown_progress() as progress:
        try:
            if len(files) == 1:
                return client.media.upload(files[0], progress=progress, idempotency_key=key).media_resource
            return client.media.upload_album(files, progress=progress, idempotency_key=key).media_resource
        except OSError as error:
            raise OperationFailed(
                f"{error.filename}: {error.strerror}.", error_code="InvalidParameters", category="ValidationException"
            ) from error


@contextmanager
def _shown_progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on the terminal, if there is one."""
    if not is_watched():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    with Progress(
        "sending", BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=Console(stderr=True), transient=True
    ) as shown:
        task = shown.add_task("sending", total=None)
        yield lambda sent, total: shown.update(task, completed=sent, total=total)
