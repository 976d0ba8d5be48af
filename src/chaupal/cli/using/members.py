"""`chaupal members`: who is in a group, and adding many at once from a list."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import msgspec
import typer

from chaupal.cli.options import Json, new_group
from chaupal.cli.output import print_json, print_table
from chaupal.cli.using.connecting import connected, is_watched
from chaupal.cli.using.finding import find_group
from chaupal.cli.using.number_lists import ListedNumber, ListRefused, read_number, read_number_list
from chaupal.cli.using.options import Group, ProfileName
from chaupal.control.protocol import OperationFailed

if TYPE_CHECKING:
    from chaupal_client import Chaupal

app = new_group("Members of a group.")

BATCH_MEMBERS = 500
"""A call takes 1,000; smaller ones let a person see that it goes on."""

DONE, REFUSED, REPEATED, NOT_SENT = "member", "refused", "repeated", "not sent"


class AddedRow(msgspec.Struct, frozen=True, rename="camel"):
    """What has become of a row: `member`, `refused`, `repeated` (a number that stands further up) or `not sent`."""

    row: int
    number: str
    result: str
    role: str = ""
    reason: str = ""


class Step(Protocol):
    """Is told how many rows are done."""

    def __call__(self, count: int, /) -> None: ...


@app.command("list")
def list_all(group: Group, profile: ProfileName = "", as_json: Json = False) -> None:
    """List the members of a group."""
    with connected(profile) as client:
        members = list(client.members.iterate(find_group(client, group), count=1_000))
    if as_json:
        print_json({"members": members})
        return
    print_table(
        ("number", "name", "role", "has signed in", "id"),
        [
            (member.mobile_number or "", member.name, member.role, member.is_provisioned, member.id)
            for member in members
        ],
        empty="There are none.",
    )


@app.command("add")
def add(  # noqa: PLR0913 - one for each option
    group: Group,
    number: Annotated[list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Mobile numbers.")] = None,
    *,
    file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="A list: CSV from a spreadsheet, or one number a line.")
    ] = None,
    column: Annotated[
        str, typer.Option("--column", metavar="NAME", help="The list's column with the numbers, if it is not found.")
    ] = "",
    country: Annotated[
        str, typer.Option("--country", metavar="CODE", help="Country of numbers without a country code, such as IN.")
    ] = "",
    check: Annotated[bool, typer.Option("--check", help="Only read the list, and say what would be sent.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write what has become of each row, as CSV.")
    ] = None,
    profile: ProfileName = "",
    as_json: Json = False,
) -> int:
    """Add people to a group by their numbers, and say what has become of each; code 1 where one could not be added.

    A column with roles makes admins of those that it calls so. Doing it again changes nothing.
    """
    listed = _listed(number or [], file, column=column, country=country)
    if not listed:
        raise typer.BadParameter("there is nobody to add: give numbers, --csv or both")
    rows, failure = _checked(listed), None
    if not check:
        with connected(profile) as client, _shown_progress(len(rows)) as step:
            rows, failure = _add_all(client, find_group(client, group), rows, step)
    if report is not None:
        _write_report(report, rows)
    _print(rows, as_json=as_json, is_check=check, lacks_report=failure is not None)
    if failure is not None:
        raise failure
    return 1 if any(row.result == REFUSED for row in rows) else 0


def _listed(numbers: Sequence[str], file: Path | None, *, column: str, country: str) -> list[ListedNumber]:
    listed = []
    for place, text in enumerate(numbers, start=1):
        number, problem = read_number(text, country)
        listed.append(ListedNumber(place, text, number, problem=problem))
    if file is None:
        return listed
    try:
        return listed + read_number_list(file, column=column, country=country)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    except ListRefused as error:
        raise typer.BadParameter(f"{error}") from error


def _checked(listed: Sequence[ListedNumber]) -> list[AddedRow]:
    """What is to be sent is `not sent`, the first of equal numbers alone."""
    known: set[str] = set()
    rows = []
    for each in listed:
        role = "Admin" if each.is_admin else ""
        digits = _digits(each.number)
        if each.problem:
            rows.append(AddedRow(each.row, each.text, REFUSED, role, each.problem))
        elif digits in known:
            rows.append(AddedRow(each.row, each.number, REPEATED, role))
        else:
            rows.append(AddedRow(each.row, each.number, NOT_SENT, role))
            known.add(digits)
    return rows


def _add_all(
    client: Chaupal, group_id: str, rows: list[AddedRow], step: Step
) -> tuple[list[AddedRow], OperationFailed | None]:
    """The rows as they are then, and what kept the rest from being sent; None if nothing did."""
    from chaupal.cli.using.connecting import failure_of
    from chaupal_client import ChaupalError

    rows = list(rows)
    waiting = [place for place, row in enumerate(rows) if row.result == NOT_SENT]
    step(len(rows) - len(waiting))
    try:
        for begin in range(0, len(waiting), BATCH_MEMBERS):
            batch = waiting[begin : begin + BATCH_MEMBERS]
            reasons = _add_batch(client, group_id, [rows[place].number for place in batch])
            for place in batch:
                reason = reasons.get(rows[place].number, "")
                result = REFUSED if reason else DONE
                rows[place] = msgspec.structs.replace(rows[place], result=result, reason=reason)
            step(len(batch))
        _make_admins(client, group_id, rows)
    except ChaupalError as error:
        return rows, failure_of(error)
    return rows, None


def _add_batch(client: Chaupal, group_id: str, numbers: list[str]) -> dict[str, str]:
    """Why numbers were refused."""
    answer = client.members.add(group_id, numbers)
    return {failed.subscriber: failed.error_reason for failed in answer.failed_result or ()}


def _make_admins(client: Chaupal, group_id: str, rows: list[AddedRow]) -> None:
    wanted = {_digits(row.number): place for place, row in enumerate(rows) if row.role and row.result == DONE}
    if not wanted:
        return
    for member in client.members.iterate(group_id, count=1_000):
        place = wanted.pop(_digits(member.mobile_number or ""), None)
        if place is not None and member.role != "Admin":
            client.members.change(group_id, member.id, "Admin")
    for place in wanted.values():
        rows[place] = msgspec.structs.replace(rows[place], role="", reason="was added, but not found to be made admin")


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number)).removeprefix("00")


def _write_report(path: Path, rows: Sequence[AddedRow]) -> None:
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("row", "number", "result", "role", "reason"))
            writer.writerows((row.row, row.number, row.result, row.role, row.reason) for row in rows)
    except OSError as error:
        print(f"chaupal: the report cannot be written: {path}: {error.strerror}", file=sys.stderr)


def _print(rows: Sequence[AddedRow], *, as_json: bool, is_check: bool, lacks_report: bool) -> None:
    counts = {result: sum(row.result == result for row in rows) for result in (DONE, REFUSED, REPEATED, NOT_SENT)}
    if as_json:
        if not lacks_report:
            print_json({"rows": rows, "counts": counts})
        return
    told = [row for row in rows if row.reason]
    if told:
        print_table(
            ("row", "number", "result", "reason"),
            [(row.row, row.number, row.result, row.reason) for row in told],
            empty="",
        )
        print()
    waiting = "would be sent" if is_check else "not sent"
    shown = {DONE: "are members", REFUSED: "refused", REPEATED: "repeated", NOT_SENT: waiting}
    print(f"{len(rows)} rows: {', '.join(f'{count} {shown[result]}' for result, count in counts.items() if count)}.")


@contextmanager
def _shown_progress(total: int) -> Iterator[Step]:
    """A bar on the terminal, if there is one."""
    if not is_watched():
        yield lambda _count: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(*Progress.get_default_columns(), console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("adding", total=total)
        yield lambda count: shown.advance(task, count)
