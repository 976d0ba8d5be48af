"""Bodies into shapes: strict JSON straight into the struct, anything else through the tolerant reader.

A body that is strict JSON in the declared names pays for no tolerance. What it must not do: know paths, headers or
content types (the contract checks none). Source: contract, section 2.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from chaupal.errors import InvalidParameters
from chaupal.wire.conversion import ShapePlan, convert, is_nested_too_deeply, is_within_limits, plan_of
from chaupal.wire.readings import refusal
from chaupal.wire.text import decode_body
from chaupal.wire.tolerant import DEPTH_MOST, TEXT_CHARS_MOST, read_tolerant_json, unreadable_at

ShapeT = TypeVar("ShapeT")


def read_shape(body: bytes, shape: type[ShapeT], *, strict_only: bool = False) -> ShapeT:
    """The struct that a body spells. Raises InvalidParameters naming field, value and rule, or line and column.

    With `strict_only` text that is not JSON is refused; names, values and encodings are taken in every form still.
    """
    decoded: ShapeT | None = read_strictly(body, plan_of(shape))
    if decoded is not None:
        return decoded
    return convert(_parse(decode_body(body), strict_only=strict_only), shape)


def read_strictly(body: bytes, plan: ShapePlan) -> Any:
    """The struct, where the body is strict JSON in the declared names and types, and within the limits; else None."""
    # The strict decoder takes an escaped NUL; only the slow path refuses it, by field. Looking for one byte is ten
    # times as fast; most bodies have no backslash.
    if b"\\" not in body or b"\\u0000" not in body:
        try:
            decoded = plan.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if plan.is_bounded or is_within_limits(decoded, plan, body):
            return decoded
    return None


def read_part(value: object, shape: type[ShapeT], place: str) -> ShapeT:
    """The struct that an already parsed part of a body spells, as for a field whose shape another field decides.

    `place` is the part's name in refusals. What has the declared names and types already pays for no tolerance; the
    part comes from `read_shape`, which has refused what no text may hold; or from `PartedBodies`, which may have read
    it into the shape already.
    """
    if type(value) is shape:
        return value
    plan = plan_of(shape)
    try:
        part = msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return convert(value, shape, place)
    if plan.is_bounded or is_within_limits(part, plan, b""):
        return part
    return convert(value, shape, place)


def _parse(text: str, *, strict_only: bool) -> object:
    if not text or text.isspace():
        return _absent_body()
    try:
        parsed = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        if strict_only or len(text) > TEXT_CHARS_MOST:
            return _parse_by_standard_library(text)
        return read_tolerant_json(text)
    if is_nested_too_deeply(parsed):
        raise _nested_too_deeply(text)
    return parsed


def _absent_body() -> dict[str, object]:
    """Evidence: an empty body is `{}` (contract, section 2)."""
    return {}


def _parse_by_standard_library(text: str) -> object:
    """Says where text stops being JSON, which the fast decoder does not; takes halves of surrogate pairs and NaN, so
    that they are refused by field."""
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError as error:
        raise unreadable_at(text, error.pos, error.msg + _limit_of_tolerance(text)) from None
    except RecursionError:
        raise _nested_too_deeply(text) from None
    except ValueError:
        raise refusal("body", text, "must not hold a number of thousands of digits") from None
    if is_nested_too_deeply(parsed):
        raise _nested_too_deeply(text)
    return parsed


def _limit_of_tolerance(text: str) -> str:
    if len(text) <= TEXT_CHARS_MOST:
        return ""
    return f" (text that is not JSON is read up to {TEXT_CHARS_MOST // 1024} kB)"


def _nested_too_deeply(text: str) -> InvalidParameters:
    return refusal("body", text, f"must not nest deeper than {DEPTH_MOST} levels")
