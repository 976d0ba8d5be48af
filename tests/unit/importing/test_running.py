"""An import from beginning to end, without a store: its batches, its account, and what it holds in memory."""

from __future__ import annotations

import gc
import multiprocessing
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from chaupal.control.protocol import LINE_MAX_BYTES
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.sources import find_sources
from chaupal.importing.records import Record
from chaupal.importing.report import Report
from chaupal.importing.rules import RECORDS_MAX
from chaupal.importing.running import Account, ImportRun, TakenBatch

HEADER = "Group Name,MessageID,Sender,Message Type,Timestamp,Attachement stored at:,Message\n"


def write_export(path: Path, count: int, text: str = "hello") -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in range(count):
            file.write(f"Depot,m{number},Ravi,Text,2023-02-16T07:31:59Z,,{text} {number}\n")
    return path


class Taking:
    """Takes batches, and remembers how large they were."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.sizes_bytes: list[int] = []

    def __call__(self, records: list[Record]) -> TakenBatch:
        self.counts.append(len(records))
        self.sizes_bytes.append(len(msgspec.json.encode(records)))
        return TakenBatch(list(range(len(records))), [], [], [], [], [])


def run(path: Path, taking: Taking) -> Account:
    mapping = Mapping()
    with Report(path.parent / "report.csv") as report:
        made = ImportRun(take=taking, mapping=mapping, people=KnownPeople({}, ""), report=report)
        made.run(find_sources(path, mapping))
    return made.account


class TestBatches:
    def test_none_is_larger_than_the_rule_and_the_socket_take(self, tmp_path: Path) -> None:
        taking = Taking()
        account = run(write_export(tmp_path / "kept.csv", 1_200, text="\N{GRINNING FACE}" * 1_900), taking)
        assert account.taken == {"message": 1_200}
        assert max(taking.counts) <= RECORDS_MAX
        assert max(taking.sizes_bytes) < LINE_MAX_BYTES
        taking = Taking()
        run(write_export(tmp_path / "kept.csv", 1_200), taking)
        assert taking.counts == [500, 500, 200]


def peaks_of(folder: Path) -> list[int]:
    """The most bytes that are held at once while a file is taken in, and one with eight times as many messages."""
    run(write_export(folder / "kept.csv", 100), Taking())  # whatever is loaded at the first use
    peaks = []
    for count in (2_000, 16_000):
        path = write_export(folder / "kept.csv", count)
        gc.collect()
        tracemalloc.start()
        run(path, Taking())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return peaks


class TestMemory:
    def test_it_does_not_grow_with_the_messages(self, tmp_path: Path) -> None:
        """But for what a counter takes. In a process of its own, where no other thread is."""
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            few, many = process.submit(peaks_of, tmp_path).result()
        assert many < few * 1.1
