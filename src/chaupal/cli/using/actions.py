"""`chaupal actions`: the cards of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaupal.cli.options import Json
from chaupal.cli.output import one_line, print_json, print_table
from chaupal.cli.using.connecting import connected
from chaupal.cli.using.finding import find_group
from chaupal.cli.using.options import Group, ProfileName

if TYPE_CHECKING:
    from chaupal_client.models import ShownAction


def actions(
    group: Group,
    kind: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="Only of this type, such as Survey, or of this package.")
    ] = "",
    count: Annotated[
        int, typer.Option("--count", metavar="NUMBER", min=1, max=100, help="How many of the newest.")
    ] = 30,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """List the newest actions of a group, newest last: announcements, jobs, polls, surveys, files."""
    with connected(profile) as client:
        answer = client.actions.list(find_group(client, group), action_type=kind or None, count=count)
    if as_json:
        print_json(answer)
        return
    print_table(
        ("sent", "type", "title", "sender", "answers", "id"),
        [
            (
                action.sent_at[:16].replace("T", " "),
                action.action_type,
                title_of(action),
                action.sender_name or action.sender,
                "" if action.action_body.response_count is None else action.action_body.response_count,
                action.reference_id,
            )
            for action in answer.actions
        ],
        empty="There are none.",
    )


def title_of(action: ShownAction) -> str:
    """What stands at the head of its card, on one line."""
    body = action.action_body
    text = body.title or body.question or body.caption or body.message or body.name or body.media_file_name or ""
    return one_line(text)
