"""How values are read by the type that a shape declares for them: one reading per declared type, made once.

It must not know names of fields; a reading is told the place of its value, for the refusal alone. Source: contract,
section 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from msgspec import inspect

from chaupal.errors import InvalidParameters, shorten
from chaupal.wire.tolerant import presentable
from chaupal.wire.values import read_boolean, read_integer, read_list, read_number, read_text

# A place may hold names that the client made up.
_PLACE_CHARS_MOST: Final = 200
# Of a value; what an error shows of it is shorter still.
_VALUE_SEEN_CHARS: Final = 200

# (value, its place in the request) -> the value as the shape declares it. Raises InvalidParameters naming the place.
Reading = Callable[[object, str], object]


def refusal(place: str, value: object, rule: str) -> InvalidParameters:
    """An InvalidParameters that a reply can hold, whatever characters the client sent."""
    text = value if isinstance(value, str) else repr(value)
    shown = shorten(presentable(text[:_VALUE_SEEN_CHARS]))
    return InvalidParameters(field=presentable(place[:_PLACE_CHARS_MOST]), value=shown, rule=rule)


def reading_of(declared: inspect.Type, shape_reading: Callable[[type[Any]], Reading]) -> Reading:
    """Raises TypeError for a type that requests cannot hold. `shape_reading` gives the reading of a nested shape."""
    value_reading = _value_reading_of(declared)
    if value_reading is not None:
        return value_reading
    match declared:
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return _list_reading(reading_of(declared.item_type, shape_reading))
        case inspect.DictType():
            return _dict_reading(reading_of(declared.value_type, shape_reading))
        case inspect.StructType():
            return shape_reading(declared.cls)
        case inspect.UnionType():
            members = [each for each in declared.types if not isinstance(each, inspect.NoneType)]
            return _union_reading([(each, reading_of(each, shape_reading)) for each in members])
        case _:
            raise TypeError(f"requests cannot hold {declared}")


def is_open(declared: inspect.Type) -> bool:
    """Whether the type takes any value."""
    return isinstance(declared, inspect.AnyType) or (
        isinstance(declared, inspect.CustomType) and declared.cls is object
    )


def _value_reading_of(declared: inspect.Type) -> Reading | None:
    match declared:
        case _ if is_open(declared):
            return _read_anything
        case inspect.BoolType():
            return _value_reading(read_boolean)
        case inspect.IntType():
            return _value_reading(read_integer)
        case inspect.FloatType():
            return _value_reading(_read_float)
        case inspect.StrType():
            return _reading_text
        case inspect.LiteralType():
            return _choice_reading(declared.values)
        case inspect.EnumType():
            return _choice_reading(tuple(member.value for member in declared.cls))
        case _:
            return None


def _value_reading(read: Callable[[object], object]) -> Reading:
    def reading(raw: object, place: str) -> object:
        try:
            return read(raw)
        except ValueError as error:
            raise refusal(place, raw, str(error)) from None

    return reading


_reading_text = _value_reading(read_text)


def _read_float(raw: object) -> float:
    try:
        return float(read_number(raw))
    except OverflowError:
        raise ValueError("must be a finite number") from None


def _choice_reading(choices: tuple[object, ...]) -> Reading:
    """Evidence: words such as `Group` or `Poll` are taken in any case (contract, section 8)."""
    by_word = {str(choice).casefold(): choice for choice in choices}
    rule = f"must be one of {', '.join(str(choice) for choice in choices)}"

    def reading(raw: object, place: str) -> object:
        word = raw if isinstance(raw, str) else repr(raw)
        try:
            return by_word[word.strip().casefold()]
        except KeyError:
            raise refusal(place, raw, rule) from None

    return reading


def _list_reading(item: Reading) -> Reading:
    def reading(raw: object, place: str) -> object:
        return [item(each, f"{place}[{index}]") for index, each in enumerate(read_list(raw)) if each is not None]

    return reading


def _dict_reading(item: Reading) -> Reading:
    def reading(raw: object, place: str) -> object:
        if not isinstance(raw, dict):
            raise refusal(place, raw, "must be an object")
        read: dict[object, object] = {}
        for name, value in raw.items():
            if value is not None:
                read[_reading_text(name, place)] = item(value, f"{place}.{name}")
        return read

    return reading


def _union_reading(members: list[tuple[inspect.Type, Reading]]) -> Reading:
    """The member whose own form the value has, else the first that can read it."""
    if len(members) == 1:
        return members[0][1]

    def reading(raw: object, place: str) -> object:
        own = [each for declared, each in members if _has_own_form(declared, raw)]
        refused: InvalidParameters | None = None
        for read in own or [each for _, each in members]:
            try:
                return read(raw, place)
            except InvalidParameters as error:
                refused = refused or error
        assert refused is not None
        raise refused

    return reading


def _has_own_form(declared: inspect.Type, raw: object) -> bool:
    match declared:
        case inspect.BoolType():
            return isinstance(raw, bool)
        case inspect.IntType():
            return isinstance(raw, int) and not isinstance(raw, bool)
        case inspect.FloatType():
            return isinstance(raw, int | float) and not isinstance(raw, bool)
        case inspect.StrType() | inspect.LiteralType() | inspect.EnumType():
            return isinstance(raw, str)
        case inspect.DictType() | inspect.StructType():
            return isinstance(raw, dict)
        case _:
            return isinstance(raw, list)


def _read_anything(raw: object, place: str) -> object:
    """The value as it is, unless it holds, at any depth, what no text may hold or a number that JSON does not know."""
    waiting = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            _reading_text(value, place)
        elif isinstance(value, float) and not math.isfinite(value):
            raise refusal(place, value, "must not hold a number that is not finite")
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
    return raw
