"""Every shape of every slice keeps its optional fields in any letter case. New shapes are found by themselves."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec import inspect

import chaupal
from chaupal.wire.bodies import read_shape


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Has every kind of field, so that this test means something whatever shapes the slices have."""

    spellings: ClassVar[dict[str, str]] = {"otherName": "aText"}

    needed: str
    a_text: str | None = None
    a_number: int | None = None
    a_claim: bool | None = None
    a_default: int = 30
    a_share: float | None = None
    some_texts: list[str] | None = None
    inner_part: Example | None = None
    anything: object = None


def request_shapes() -> list[type[msgspec.Struct]]:
    """Structs that forbid unknown fields: those are read; answers are only written."""
    found: list[type[msgspec.Struct]] = [Example]
    for module in pkgutil.walk_packages(chaupal.__path__, "chaupal."):
        if not module.name.endswith(".shapes"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            is_struct = isinstance(value, type) and issubclass(value, msgspec.Struct)
            if is_struct and value.__module__ == module.name and value.__struct_config__.forbid_unknown_fields:
                found.append(value)
    return found


def sample(declared: inspect.Type, depth: int = 0) -> Any:
    """A value of the type as strict JSON has it, and never the field's default."""
    match declared:
        case inspect.UnionType():
            return sample(next(each for each in declared.types if not isinstance(each, inspect.NoneType)), depth)
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return [sample(declared.item_type, depth + 1)]
        case inspect.DictType():
            return {"x": sample(declared.value_type, depth + 1)}
        case inspect.StructType():
            fields = [each for each in declared.fields if each.required or depth == 0]
            return {each.encode_name: sample(each.type, depth + 1) for each in fields}
        case _:
            return sample_value(declared)


def sample_value(declared: inspect.Type) -> Any:
    match declared:
        case inspect.BoolType():
            return True
        case inspect.IntType() | inspect.FloatType():
            return next((bound for bound in (declared.ge, declared.le) if bound is not None), 7)
        case inspect.StrType():
            assert declared.pattern is None, "teach this test the pattern"
            return "x" * max(declared.min_length or 0, 1)
        case inspect.LiteralType():
            return declared.values[-1]
        case inspect.EnumType():
            return list(declared.cls)[-1].value
        case _:
            return {"x": "y"}


def optional_fields() -> list[Any]:
    found: list[Any] = []
    for shape in request_shapes():
        described = inspect.type_info(shape)
        assert isinstance(described, inspect.StructType)
        needed = {each.encode_name: sample(each.type, 1) for each in described.fields if each.required}
        for each in described.fields:
            if not each.required:
                cased = (shape, needed, each.name, each.encode_name, sample(each.type))
                found.append(pytest.param(*cased, id=f"{shape.__name__}-{each.name}"))
    return found


class TestOptionalFieldsInAnotherCase:
    @pytest.mark.parametrize(("shape", "needed", "attribute", "name", "value"), optional_fields())
    def test_none_is_lost(
        self, shape: type[msgspec.Struct], needed: dict[str, Any], attribute: str, name: str, value: Any
    ) -> None:
        as_declared = getattr(read_shape(msgspec.json.encode({**needed, name: value}), shape), attribute)
        assert as_declared != getattr(read_shape(msgspec.json.encode(needed), shape), attribute)
        others = [spelling for spelling, meant in getattr(shape, "spellings", {}).items() if meant == name]
        for spelling in (name.lower(), name.upper(), name.swapcase(), name[0].upper() + name[1:], *others):
            for body in (
                {**needed, spelling: value},
                {spelling: value, **needed},
                {**needed, spelling: value, "other": 1},
            ):
                assert getattr(read_shape(msgspec.json.encode(body), shape), attribute) == as_declared
