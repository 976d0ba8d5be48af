"""The fields of the client's types as its code has them: their names, types and the texts below them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class ShownField:
    """A field; `meaning` is `""` where its name says everything."""

    name: str
    kind: str
    meaning: str


def fields_of(made: type) -> list[ShownField]:
    """A struct's fields in their order, those of the classes above it first."""
    found: dict[str, ShownField] = {}
    for each in reversed(made.__mro__):
        if each.__module__.startswith("chaupal_client"):
            found |= {field.name: field for field in _own_fields(each)}
    return list(found.values())


def _own_fields(made: type) -> list[ShownField]:
    [parsed] = ast.parse(textwrap.dedent(inspect.getsource(made))).body
    assert isinstance(parsed, ast.ClassDef)
    fields = []
    for node, below in zip(parsed.body, [*parsed.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            fields.append(ShownField(node.target.id, ast.unparse(node.annotation), _text(below)))
    return fields


def _text(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return ""
