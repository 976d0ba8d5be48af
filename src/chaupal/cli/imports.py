"""`chaupal import`: what an organization has kept of its past elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from chaupal.cli.asking import set_up_quiet_logs
from chaupal.cli.options import Json, Tenant, new_group
from chaupal.cli.output import print_facts, print_json
from chaupal.control import calls
from chaupal.control.client import Operations
from chaupal.control.protocol import OperationFailed
from chaupal.settings import load_settings

if TYPE_CHECKING:
    from chaupal.importing.reading.known_people import KnownPeople
    from chaupal.importing.reading.mapping import Mapping
    from chaupal.importing.reading.sources import Sources
    from chaupal.importing.records import Record
    from chaupal.importing.running import TakenBatch

_RUN_AGAIN = "What was taken until then is there; run it again to complete it."

app = new_group("Import: what an organization has kept of its past elsewhere.")


class Imported(msgspec.Struct, rename="camel"):
    """What a command says of an import. Counts are by kind of record."""

    taken: dict[str, int]
    known: dict[str, int]
    skipped: int
    mended: int
    groups_made: int
    people_made: int
    report: str | None
    is_dry_run: bool


@app.callback()
def _group() -> None:
    """What is imported twice is there once."""


@app.command("kaizala")
def kaizala(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file that was kept, or a folder of them.")],
    *,
    tenant: Tenant = "",
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="A TOML file that says what the files do not.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be taken, and change nothing.")] = False,
    report: Annotated[
        Path, typer.Option("--report", metavar="FILE", help="Every row skipped or mended, and why; .csv or .json.")
    ] = Path("chaupal-import-report.csv"),
    as_json: Json = False,
) -> None:
    """Take in messages, people and groups that were kept of Kaizala, also while the server runs."""
    from chaupal.importing.reading.mapping import Mapping, MapRefused, read_mapping
    from chaupal.importing.reading.sources import PathRefused, find_sources

    try:
        mapping = read_mapping(map_file) if map_file is not None else Mapping()
        sources = find_sources(path, mapping)
    except (MapRefused, PathRefused, OSError) as error:
        raise _refused(f"{error}.") from error
    _print(_import(sources, mapping, tenant=tenant, report=report, is_rehearsal=dry_run), as_json=as_json)


def _import(sources: Sources, mapping: Mapping, *, tenant: str, report: Path, is_rehearsal: bool) -> Imported:
    from chaupal.importing.reading.known_people import KnownPeople
    from chaupal.importing.report import Report
    from chaupal.importing.running import ImportRun

    settings = load_settings()
    people = KnownPeople(mapping.senders, mapping.country)
    with (
        Operations(settings, before_opening=lambda: set_up_quiet_logs(settings)) as operations,
        Report(report) as written,
        _shown_progress(sources.size_bytes) as tell,
    ):
        _learn_people(operations, tenant, people)
        take = _taker(operations, tenant, is_rehearsal=is_rehearsal)
        run = ImportRun(take=take, mapping=mapping, people=people, report=written, tell=tell)
        try:
            run.run(sources)
        except OSError as error:
            raise _refused(f"{error}. {_RUN_AGAIN}") from error
        except OperationFailed as failed:
            sentence = f"{failed} {_RUN_AGAIN}"
            raise OperationFailed(
                sentence, error_code=failed.fields.error_code, category=failed.fields.error_category_key
            ) from failed
        except KeyboardInterrupt:
            raise _refused(f"Stopped. {_RUN_AGAIN}") from None
    return Imported(
        taken=dict(sorted(run.account.taken.items())),
        known=dict(sorted(run.account.known.items())),
        skipped=written.skipped,
        mended=written.mended,
        groups_made=len(run.account.made_groups),
        people_made=len(run.account.made_people),
        report=str(report) if written.is_written else None,
        is_dry_run=is_rehearsal,
    )


def _learn_people(operations: Operations, tenant: str, people: KnownPeople) -> None:
    """Whoever is there already is meant by their name in the files, too."""
    from chaupal.importing.records import PersonReference

    after = ""
    while True:
        page = operations.run(calls.PERSON_LIST, calls.PersonList(tenant=tenant, after=after))
        for person in page.people:
            if not person.is_bot:
                people.add(person.name, PersonReference(mobile_number=person.mobile_number), old_id=person.id)
        after = page.next
        if not after:
            return


def _taker(operations: Operations, tenant: str, *, is_rehearsal: bool) -> Callable[[list[Record]], TakenBatch]:
    from chaupal.importing.running import TakenBatch

    def take(records: list[Record]) -> TakenBatch:
        arguments = calls.RecordsImport(tenant=tenant, records=records, is_rehearsal=is_rehearsal)
        done = operations.run(calls.RECORDS_IMPORT, arguments)
        return TakenBatch(
            done.taken, done.known, list(done.refused), list(done.mended), done.made_groups, done.made_people
        )

    return take


def _print(imported: Imported, *, as_json: bool) -> None:
    if as_json:
        print_json(imported)
        return
    would = "would be " if imported.is_dry_run else ""
    facts: list[tuple[str, object]] = [
        (f"{would}taken: {_plural(kind)}", f"{count:,}") for kind, count in imported.taken.items()
    ]
    facts += [(f"known already: {_plural(kind)}", f"{count:,}") for kind, count in imported.known.items()]
    facts += [
        (f"groups {would}made", f"{imported.groups_made:,}" if imported.groups_made else ""),
        (f"people {would}made", f"{imported.people_made:,}" if imported.people_made else ""),
        ("rows skipped", f"{imported.skipped:,}" if imported.skipped else ""),
        ("rows mended", f"{imported.mended:,}" if imported.mended else ""),
        ("report", imported.report or ""),
    ]
    print_facts(facts)
    if imported.skipped or imported.mended:
        print(f"\n{imported.report} says of each row that was skipped or mended where it stands, and why.")


def _plural(kind: str) -> str:
    return "people" if kind == "person" else f"{kind}s"


def _refused(sentence: str) -> OperationFailed:
    return OperationFailed(sentence, error_code="InvalidParameters", category="ValidationException")


@contextmanager
def _shown_progress(total_bytes: int) -> Iterator[Callable[[int, str], None]]:
    """A bar on a terminal, by the bytes of the files: how many rows they have is known only at their end."""
    if not sys.stderr.isatty():
        yield lambda _bytes, _file: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total_bytes)

        def tell(read_bytes: int, file: str) -> None:
            progress.update(task, completed=read_bytes, description=escape(Path(file).name))

        yield tell
        progress.update(task, completed=total_bytes)
