"""The bytes of a body into text. It knows encodings, never what the text means. Source: contract, section 2."""

from __future__ import annotations

import codecs

from chaupal.errors import InvalidParameters


def _windows_1252_table() -> str:
    """All 256 characters; the five bytes without a meaning stay control characters, as browsers read them."""
    return "".join(
        bytes([byte]).decode("cp1252" if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "latin-1")
        for byte in range(256)
    )


_WINDOWS_1252 = _windows_1252_table()


def decode_body(body: bytes) -> str:
    """UTF-16 if it begins with that byte order mark, else UTF-8 with or without one, else Windows-1252."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decode_utf_16(body)
    # .NET's and PowerShell's UTF-8 writers put a byte order mark first; no JSON parser takes one (contract, section 2).
    return decode_text(body.removeprefix(codecs.BOM_UTF8))


def decode_text(text_bytes: bytes) -> str:
    """UTF-8 where it is, else Windows-1252. Never fails."""
    try:
        return text_bytes.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_windows_1252(text_bytes)


def _decode_utf_16(body: bytes) -> str:
    """Halves of surrogate pairs come through, so that the reader can name the field that holds one.

    Evidence: UTF-16 with a byte order mark is what "Unicode" means to Windows programs (contract, section 2).
    """
    try:
        return body.decode("utf-16", "surrogatepass")
    except UnicodeDecodeError as error:
        raise InvalidParameters(
            field="body", value=f"{len(body)} bytes", rule="is UTF-16 text that ends inside a character"
        ) from error


def _decode_windows_1252(body: bytes) -> str:
    """Never fails. Evidence: Python's requests sends a `str` body as ISO-8859-1 (contract, section 2)."""
    return codecs.charmap_decode(body, "strict", _WINDOWS_1252)[0]
