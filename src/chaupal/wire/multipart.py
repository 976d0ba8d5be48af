"""A body of multipart/form-data as it comes: heads of parts, their bytes, their ends. Holds no more than one piece.

A file part may have any name (contract, section 7). A part's file name comes in several encodings: RFC 7578 asks for
UTF-8 as it is, with a quote as `%22`; .NET's MultipartFormDataContent sends an RFC 2047 word (`=?utf-8?B?...?=`), and
beside it `filename*` of RFC 5987, which alone tells of names in full; old clients send Windows-1252.
"""

from __future__ import annotations

import email.errors
import email.header
import logging
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

import msgspec
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from chaupal.errors import InvalidParameters

_HEAD_LINES_MAX = 16
_HEAD_LINE_MAX_BYTES = 8_192
_EXTENDED_NAME = re.compile(rb"filename\*\s*=\s*(?P<charset>utf-8|iso-8859-1)'[^']*'(?P<value>[^\s;]+)", re.IGNORECASE)
_ENCODED_WORD = re.compile(r"=\?[\w-]+\?[bq]\?[^?]*\?=", re.IGNORECASE)
_BROWSER_ESCAPES = (("%22", '"'), ("%0D", "\r"), ("%0A", "\n"))

# The parser warns of every malformed body, in lines of its own form that quote the body.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


class PartHead(msgspec.Struct, frozen=True):
    """A part has begun. `file_name` is None where none was given."""

    name: str
    file_name: str | None
    content_type: str

    @property
    def is_file(self) -> bool:
        """A part with a file name, or of a type that no form field has."""
        return self.file_name is not None or self.content_type.partition(";")[0].strip().lower() not in (
            "",
            "text/plain",
        )


class PartEnd(msgspec.Struct, frozen=True):
    """A part is whole."""


PartEvent = PartHead | bytes | PartEnd


@dataclass(slots=True)
class _Lines:
    """The head of the part that is being read."""

    names: bytearray = field(default_factory=bytearray)
    values: bytearray = field(default_factory=bytearray)
    read: dict[bytes, bytes] = field(default_factory=dict)


class MultipartReader:
    """Reads one body. `feed` it what comes; `end` it when nothing more does."""

    def __init__(self, content_type: str) -> None:
        """Raises InvalidParameters where the header names no usable boundary."""
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        try:
            if not boundary:
                raise FormParserError
            self._parser = MultipartParser(
                boundary,
                {
                    "on_header_field": lambda data, start, end: self._lines.names.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._lines.values.extend(data[start:end]),
                    "on_header_end": self._take_line,
                    "on_headers_finished": self._begin_part,
                    "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
                    "on_part_end": lambda: self._events.append(PartEnd()),
                    "on_end": self._note_end,
                },
                max_header_count=_HEAD_LINES_MAX,
                max_header_size=_HEAD_LINE_MAX_BYTES,
            )
        except FormParserError:
            rule = "must name the boundary of the multipart body"
            raise InvalidParameters(field="Content-Type", value=content_type, rule=rule) from None
        self._lines = _Lines()
        self._events: list[PartEvent] = []
        self._is_whole = False

    def feed(self, data: bytes) -> list[PartEvent]:
        """What has come with these bytes, in order.

        Raises:
            InvalidParameters: the body is not of this form.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _unreadable(str(error)) from None
        events, self._events = self._events, []
        return events

    def end(self) -> None:
        """Pass where the body was whole.

        Raises:
            InvalidParameters.
        """
        if not self._is_whole:
            raise _unreadable("it ends before its last boundary")

    def _take_line(self) -> None:
        lines = self._lines
        lines.read[bytes(lines.names).strip().lower()] = bytes(lines.values).strip()
        lines.names.clear()
        lines.values.clear()

    def _begin_part(self) -> None:
        lines, self._lines = self._lines.read, _Lines()
        encoding = lines.get(b"content-transfer-encoding", b"binary").decode("latin-1").lower()
        if encoding not in ("binary", "8bit", "7bit"):
            raise InvalidParameters(
                field="Content-Transfer-Encoding", value=encoding, rule="must be binary; bytes are sent as they are"
            )
        disposition = lines.get(b"content-disposition", b"")
        options = parse_options_header(disposition)[1]
        head = PartHead(
            name=decode_name(options.get(b"name", b"")),
            file_name=read_file_name(disposition),
            content_type=lines.get(b"content-type", b"").decode("latin-1"),
        )
        self._events.append(head)

    def _note_end(self) -> None:
        self._is_whole = True


def read_file_name(disposition: bytes) -> str | None:
    """The file name of a Content-Disposition, or None."""
    extended = _EXTENDED_NAME.search(disposition)
    if extended is not None:
        try:
            return unquote_to_bytes(extended["value"].strip(b'"')).decode(extended["charset"].decode())
        except ValueError:
            pass  # the plain name beside it is what is left
    plain = parse_options_header(disposition)[1].get(b"filename")
    return None if plain is None else decode_name(plain)


def decode_name(raw: bytes) -> str:
    """A name in whichever of the encodings it came."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    if _ENCODED_WORD.search(text):
        try:
            return str(email.header.make_header(email.header.decode_header(text)))
        except (LookupError, ValueError, email.errors.HeaderParseError):
            return text
    for escape, character in _BROWSER_ESCAPES:
        text = text.replace(escape, character)
    return text


def _unreadable(reason: str) -> InvalidParameters:
    return InvalidParameters(field="body", value=reason, rule="is not readable as multipart/form-data")
