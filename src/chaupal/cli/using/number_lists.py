"""Lists of mobile numbers as people have them: CSV from any spreadsheet, or one number a line. Knows no calls.

Read liberally: UTF-8, UTF-16 or Windows-1252; commas, semicolons, tabs or bars; headers in any spelling, or none.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

LIST_MAX_BYTES = 50_000_000
_DELIMITERS = ",;\t|"
_NUMBER_HEADERS = frozenset(
    (
        *("phonenumber", "phonenumbers", "phone", "phoneno", "mobilenumber", "mobile", "mobileno", "number", "msisdn"),
        *("userphonenumber", "usermobilenumber", "contactnumber", "cell", "cellphone", "tel", "telephone", "whatsapp"),
        *(
            "subscriber",
            "member",
            "members",
            "मोबाइल",
            "मोबाइलनंबर",
            "फ़ोन",
            "फोन",
            "téléphone",
            "portable",
            "telefone",
            "celular",
        ),
    )
)
_ROLE_HEADERS = frozenset(("role", "usertype", "memberrole", "membertype", "type", "admin", "isadmin", "भूमिका", "rôle"))
_ADMIN_WORDS = frozenset(("admin", "admins", "administrator", "groupadmin", "owner", "yes", "true", "1", "एडमिन"))
_LOOKS_LIKE_NUMBER = re.compile(r"\D*(\d\D*){7,15}")
_SHORTENED = re.compile(r"\d+([.,]\d+)?E\+?\d+", re.IGNORECASE)


class ListRefused(Exception):
    """The file is no list of numbers. Says why."""


class ListedNumber(msgspec.Struct, frozen=True, rename="camel"):
    """One row. `number` is `""` where the row has none that can be sent; `problem` then says why."""

    row: int
    """As a spreadsheet counts, from 1."""
    text: str
    number: str = ""
    is_admin: bool = False
    problem: str = ""


def read_number_list(path: Path, *, column: str = "", country: str = "") -> list[ListedNumber]:
    """The rows that hold something, in order. `country` is that of numbers without a country code, such as `IN`.

    Raises:
        ListRefused, OSError.
    """
    if path.stat().st_size > LIST_MAX_BYTES:
        raise ListRefused(f"{path} has more than {LIST_MAX_BYTES:,} bytes")
    text = decode(path.read_bytes())
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter_of(text)))
    numbered = [(place, row) for place, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    if not numbered:
        raise ListRefused(f"{path} is empty")
    number_column, role_column, has_header = _columns(path, [row for _, row in numbered], column)
    listed = []
    for place, row in numbered[has_header:]:
        cell = _cell(row, number_column)
        number, problem = read_number(cell, country)
        is_admin = _folded(_cell(row, role_column)) in _ADMIN_WORDS if role_column is not None else False
        listed.append(ListedNumber(place, cell, number, is_admin, problem))
    return listed


def decode(content: bytes) -> str:
    """The text, by its mark or as UTF-8; what is neither is Windows-1252, as spreadsheets write it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _delimiter_of(text: str) -> str:
    """What most of the first lines have, and equally often."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    counts = {each: Counter(line.count(each) for line in lines if each in line) for each in _DELIMITERS}
    found = {each: max(count.values()) for each, count in counts.items() if count}
    return max(found, key=lambda each: found[each]) if found else ","


def _columns(path: Path, rows: Sequence[Sequence[str]], wanted: str) -> tuple[int, int | None, bool]:
    """(column of the numbers, column of the roles, whether the first row is a header)."""
    head = [_folded(cell) for cell in rows[0]]
    has_header = not any(_LOOKS_LIKE_NUMBER.fullmatch(cell.strip()) for cell in rows[0])
    role = next((place for place, name in enumerate(head) if name in _ROLE_HEADERS), None) if has_header else None
    if wanted:
        if not has_header or _folded(wanted) not in head:
            shown = ", ".join(cell.strip() for cell in rows[0]) if has_header else "no headers"
            raise ListRefused(f"{path} has no column {wanted}; it has {shown}")
        return head.index(_folded(wanted)), role, True
    if has_header:
        named = [place for place, name in enumerate(head) if name in _NUMBER_HEADERS]
        if named:
            return named[0], role, True
    counts = Counter(
        place
        for row in rows[has_header:]
        for place, cell in enumerate(row)
        if _LOOKS_LIKE_NUMBER.fullmatch(cell.strip()) or _SHORTENED.fullmatch(cell.strip())
    )
    if not counts:
        raise ListRefused(f"{path} has no column with mobile numbers; name one by --column")
    return counts.most_common(1)[0][0], role, has_header


def read_number(text: str, country: str = "") -> tuple[str, str]:
    """(number to send, ""), or ("", what is wrong with it). The server reads it as well, and may still refuse it."""
    text = text.strip().lstrip("'").replace("\N{NO-BREAK SPACE}", " ").strip()
    if not text:
        return "", "there is no number"
    if _SHORTENED.fullmatch(text):
        return "", "a spreadsheet has shortened this number: make the column text, and write the number anew"
    if text.startswith(("+", "00")) or not country:
        return text, ""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(text, country.upper())
    except phonenumbers.NumberParseException:
        return "", f"this is no mobile number of {country.upper()}"
    if not phonenumbers.is_possible_number(parsed):
        return "", f"this is no mobile number of {country.upper()}"
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), ""


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _folded(name: str) -> str:
    return re.sub(r"[\s_\-.:()/]", "", name.strip().casefold())
