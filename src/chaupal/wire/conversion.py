"""From a parsed object or query to a struct: names folded, unknown ones and nulls dropped, values read by their type.

It must not know how the object was spelled. A shape is a struct that forbids unknown fields and whose fields are plain:
truth values, numbers, text, words from a list, lists, objects, other shapes. Source: contract, section 2.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from chaupal.wire.readings import Reading, is_open, reading_of, refusal
from chaupal.wire.tolerant import DEPTH_MOST
from chaupal.wire.values import is_storable_integer

ShapeT = TypeVar("ShapeT")

# How well a name fits: as declared, in another case, or one of the shape's other spellings. The least wins.
_EXACT: Final = 0
_FOLDED: Final = 1
_OTHER_SPELLING: Final = 2


class _Field(msgspec.Struct, frozen=True):
    name: str
    is_required: bool
    reading: Reading


@dataclass(slots=True)
class ShapePlan:
    """What is known of a shape before any request: made once per shape."""

    decode: Callable[[bytes], Any]
    # Attributes whose strictly decoded values may still be out of bounds: integers; lists and objects that hold
    # integers; lists and objects of any depth.
    integers: tuple[str, ...]
    holding_integers: tuple[str, ...]
    unbounded: tuple[str, ...]
    is_bounded: bool = field(init=False)
    fields: list[_Field] = field(default_factory=list)
    # Folded name -> (name on the wire, how well it fits).
    names: dict[str, tuple[str, int]] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.is_bounded = not (self.integers or self.holding_integers or self.unbounded)


_plans: dict[type[Any], ShapePlan] = {}
_plans_in_the_making: dict[type[Any], ShapePlan] = {}
_making = threading.RLock()


def plan_of(shape: type[Any]) -> ShapePlan:
    """The plan of a shape. Raises TypeError for a struct that cannot be one."""
    plan = _plans.get(shape)
    if plan is not None:
        return plan
    with _making:
        unfinished = _plans_in_the_making.get(shape)
        if unfinished is not None:  # a shape that holds itself
            return unfinished
        try:
            _plans[shape] = _make_plan(shape)
        finally:
            _plans_in_the_making.pop(shape, None)
        return _plans[shape]


def _make_plan(shape: type[Any]) -> ShapePlan:
    described = inspect.type_info(shape)
    if not isinstance(described, inspect.StructType) or described.array_like or described.tag_field is not None:
        raise TypeError(f"{shape.__name__} is no shape: it must be a plain struct")
    if not described.forbid_unknown_fields:
        # Or the fast path would drop a name in another case instead of leaving it to this module.
        raise TypeError(f"{shape.__name__} is no shape: it must forbid unknown fields")
    whole = frozenset({shape})
    plan = _plans_in_the_making[shape] = ShapePlan(
        decode=msgspec.json.Decoder(shape).decode,
        integers=tuple(each.name for each in described.fields if _is_integer(each.type)),
        holding_integers=tuple(
            each.name for each in described.fields if not _is_integer(each.type) and _holds_integers(each.type, whole)
        ),
        unbounded=tuple(each.name for each in described.fields if _is_unbounded(each.type, whole)),
    )
    plan.names = _names_of(shape, described)
    plan.lists = frozenset(each.encode_name for each in described.fields if _is_list(each.type))
    plan.fields = [
        _Field(each.encode_name, each.required, reading_of(each.type, _reading_of_shape)) for each in described.fields
    ]
    return plan


def _names_of(shape: type[Any], described: inspect.StructType) -> dict[str, tuple[str, int]]:
    """Evidence: `Message` from .NET clients (contract, section 2); `showDetail` and `showDetails` (section 5)."""
    names: dict[str, tuple[str, int]] = {}
    for each in described.fields:
        folded = each.encode_name.casefold()
        if folded in names:
            raise TypeError(f"{shape.__name__} has two fields named {each.encode_name} in some case")
        names[folded] = (each.encode_name, _FOLDED)
    fields = {name for name, _ in names.values()}
    for spelling, name in getattr(shape, "spellings", {}).items():
        if name not in fields or spelling.casefold() in names:
            raise TypeError(f"{shape.__name__} cannot spell {name} as {spelling}")
        names[spelling.casefold()] = (name, _OTHER_SPELLING)
    return names


def _is_integer(declared: inspect.Type) -> bool:
    """Whether a value of the type is an integer or holds nothing at all: `int`, `int | None`, `int | str`."""
    if isinstance(declared, inspect.UnionType):
        return any(_is_integer(each) for each in declared.types) and not any(_parts_of(each) for each in declared.types)
    return isinstance(declared, inspect.IntType)


def _is_list(declared: inspect.Type) -> bool:
    if isinstance(declared, inspect.UnionType):
        return any(_is_list(each) for each in declared.types)
    return isinstance(declared, inspect.ListType)


def _holds_integers(declared: inspect.Type, around: frozenset[type[Any]]) -> bool:
    """`around`: the structs that the type stands in; each is looked at once."""
    if isinstance(declared, inspect.StructType):
        if declared.cls in around:
            return False
        around |= {declared.cls}
    return isinstance(declared, inspect.IntType) or any(_holds_integers(each, around) for each in _parts_of(declared))


def _is_unbounded(declared: inspect.Type, around: frozenset[type[Any]]) -> bool:
    """Whether values nest to any depth. `around`: the structs that the type stands in; one in itself has no end."""
    if isinstance(declared, inspect.StructType):
        if declared.cls in around:
            return True
        around |= {declared.cls}
    return is_open(declared) or any(_is_unbounded(each, around) for each in _parts_of(declared))


def _parts_of(declared: inspect.Type) -> tuple[inspect.Type, ...]:
    match declared:
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return (declared.item_type,)
        case inspect.DictType():
            return (declared.value_type,)
        case inspect.UnionType():
            return declared.types
        case inspect.StructType():
            return tuple(each.type for each in declared.fields)
        case _:
            return ()


def is_list(shape: type[Any], name: str) -> bool:
    """Whether a name, in any spelling, is that of a field that is a list."""
    plan = plan_of(shape)
    return plan.names.get(name.casefold(), ("", 0))[0] in plan.lists


def is_within_limits(decoded: object, plan: ShapePlan, body: bytes) -> bool:
    """Whether, in what was decoded from `body`, integers fit 64 bits and nothing nests deeper than DEPTH_MOST."""
    for name in plan.integers:
        value = getattr(decoded, name)
        if type(value) is int and not is_storable_integer(value):
            return False
    looked_at = plan.holding_integers
    # Fewer brackets than levels: no need to walk.
    if plan.unbounded and body.count(b"{") + body.count(b"[") > DEPTH_MOST:
        looked_at += plan.unbounded
    if not looked_at:
        return True
    return all(_is_within_limits(getattr(decoded, name), level=2) for name in looked_at)


def is_nested_too_deeply(parsed: object) -> bool:
    return not _is_within_limits(parsed, level=1, are_integers_bounded=False)


def _is_within_limits(root: object, level: int, *, are_integers_bounded: bool = True) -> bool:
    """`level` is the root's own, counted from 1 at the request's outermost object."""
    waiting = [root]
    while waiting:
        inner: list[object] = []
        for value in waiting:
            if isinstance(value, list | tuple | set | frozenset):
                inner.extend(value)
            elif isinstance(value, dict):
                inner.extend(value.values())
            elif isinstance(value, msgspec.Struct):
                inner.extend(getattr(value, name) for name in value.__struct_fields__)
            elif type(value) is int and are_integers_bounded and not is_storable_integer(value):
                return False
            else:
                continue
            if level > DEPTH_MOST:
                return False
        waiting = inner
        level += 1
    return True


def convert(raw: object, shape: type[ShapeT], place: str = "") -> ShapeT:
    """The struct that `raw` spells. `place` names it in refusals; empty for a whole request."""
    prepared = _read_object(raw, plan_of(shape), place)
    try:
        return msgspec.convert(prepared, shape)
    except msgspec.ValidationError as error:
        # The values have the declared types by now; what is left are the shape's own bounds on them.
        rule, _, path = str(error).partition(" - at `$")
        at = f"{place}{path.removesuffix('`')}".removeprefix(".")
        raise refusal(at or "body", prepared.get(at, prepared), rule[:1].lower() + rule[1:]) from None


def _read_object(raw: object, plan: ShapePlan, place: str) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise refusal(place or "body", raw, "must be an object")
    given = _fold_names(raw, plan)
    prepared: dict[str, object] = {}
    for each in plan.fields:
        at = f"{place}.{each.name}" if place else each.name
        if each.name in given:
            prepared[each.name] = each.reading(given[each.name], at)
        elif each.is_required:
            raise refusal(at, "nothing", "is required")
    return prepared


def _reading_of_shape(shape: type[Any]) -> Reading:
    plan = plan_of(shape)

    def reading(raw: object, place: str) -> object:
        return _read_object(raw, plan, place)

    return reading


def _fold_names(raw: dict[Any, object], plan: ShapePlan) -> dict[str, object]:
    """Fields by their names on the wire. Of names that fit equally well the last wins; null counts as absent.

    Evidence: field names come in any case, unknown ones are ignored (contract, section 2).
    """
    given: dict[str, object] = {}
    fits: dict[str, int] = {}
    for spelled, value in raw.items():
        known = plan.names.get(spelled.casefold())
        if known is None or value is None:
            continue
        name, fit = known
        if spelled == name:
            fit = _EXACT
        if fit <= fits.get(name, _OTHER_SPELLING):
            given[name], fits[name] = value, fit
    return given
