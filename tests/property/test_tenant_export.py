"""What people wrote is read back from a tenant export, whatever it holds, and of broken rows nothing is lost."""

from __future__ import annotations

import csv
import io
import re

from hypothesis import given
from hypothesis import strategies as st

from chaupal.importing.headers import MESSAGE_HEADERS
from chaupal.importing.reading.columns import find_columns
from chaupal.importing.reading.findings import Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.lines import read_lines
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.tenant_export import TenantExport
from chaupal.importing.records import MessageRecord

SENT = "2023-02-16T07:31:59Z"
SENT_US = 1_676_532_719_000_000
SPECIAL = st.sampled_from(
    ['"', '""', ",", "\t", "\n", "\r\n", "\n\n", f"Depot,m7,Gita,Text,{SENT},,x", "ü", "नमस्ते", " "]
)
TEXTS = st.lists(st.one_of(SPECIAL, st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))))
NAMES = st.text(st.characters(categories=("L",), include_characters=' ,"-'), min_size=1).filter(
    lambda name: name.strip()
)


def read(data: bytes, delimiter: str = ",") -> list[Found | Problem]:
    lines = read_lines(io.BytesIO(data))
    next(lines)
    export = TenantExport(find_columns(MESSAGE_HEADERS, delimiter, {}), Mapping(), KnownPeople({}, ""))
    return list(export.read(lines, first_line=2))


def written(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([list(MESSAGE_HEADERS), *rows])
    return out.getvalue()


def message_of(found: Found | Problem) -> MessageRecord:
    assert isinstance(found, Found), found
    assert isinstance(found.record, MessageRecord)
    return found.record


class TestWellFormedExports:
    @given(
        texts=st.lists(TEXTS.map("".join).filter(lambda text: text.strip() and len(text) <= 4_000), max_size=6),
        group=NAMES,
        sender=NAMES,
        delimiter=st.sampled_from([",", "\t"]),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    )
    def test_every_text_is_read_back(
        self, texts: list[str], group: str, sender: str, delimiter: str, encoding: str
    ) -> None:
        rows = [[group, f"m{number}", sender, "Text", SENT, "", text] for number, text in enumerate(texts)]
        found = [message_of(each) for each in read(written(rows, delimiter).encode(encoding), delimiter)]
        assert [message.text for message in found] == texts
        assert [message.message_id for message in found] == [f"m{number}" for number in range(len(texts))]
        for message in found:
            assert message.sent_at_us == SENT_US
            assert message.group.name == group.strip()
            assert message.sender.name == " ".join(sender.split())


WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=1, max_size=4)
BREAKS = st.sampled_from([" ", "\n", ",", '"', ' "', '" ', "\r\n", '"\n', '\n"', ',"', '",', "\n\n"])


class TestBrokenExports:
    @given(rows=st.lists(st.tuples(WORDS, st.lists(BREAKS, min_size=4, max_size=4)), min_size=1, max_size=5))
    def test_every_word_is_in_a_text_or_in_the_report(self, rows: list[tuple[list[str], list[str]]]) -> None:
        """Rows as a program without any care writes them: nothing is quoted, whatever the text holds."""
        words = [f"{word}x{row}x{at}" for row, (some, _) in enumerate(rows) for at, word in enumerate(some)]
        lines = []
        for row, (some, breaks) in enumerate(rows):
            numbered = [f"{word}x{row}x{at}" for at, word in enumerate(some)]
            text = "".join(part for pair in zip(numbered, breaks, strict=False) for part in pair)
            lines.append(f"Depot,m{row},Gita,Text,{SENT},,{text}")
        data = "\r\n".join([",".join(MESSAGE_HEADERS), *lines, ""]).encode()
        kept = "\n".join(
            message_of(each).text if isinstance(each, Found) else f"{each.reason} {each.text}" for each in read(data)
        )
        assert [word for word in words if word not in re.findall(r"\w+", kept)] == []

    @given(text=st.binary(max_size=300))
    def test_any_bytes_are_read_without_failing(self, text: bytes) -> None:
        for each in read(b"header\n" + text):
            assert each.line >= 2
