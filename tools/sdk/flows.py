"""The flows that are methods: read from their source, so that what a method takes stands in one place."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from tools.sdk.methods import Method, Parameter

GIVEN = ("session", "place")
"""What a flow is given by the client."""


@dataclass(frozen=True)
class FlowMethod:
    """A method and the imports that its signature needs."""

    method: Method
    imports: tuple[str, ...]


def read_flows(module: Path) -> list[FlowMethod]:
    """Every function of a module of flows that has a public name, in its order."""
    tree = ast.parse(module.read_text())
    origin = {name.name: f"chaupal_client.flows.{module.stem}" for name in tree.body if isinstance(name, ast.ClassDef)}
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            origin |= {alias.name: statement.module for alias in statement.names}
        elif isinstance(statement, ast.Import):
            origin |= {alias.name: "" for alias in statement.names}
    return [
        _read(function, origin)
        for function in tree.body
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_")
    ]


def _read(function: ast.FunctionDef, origin: dict[str, str]) -> FlowMethod:
    returned = function.returns
    assert returned is not None, f"{function.name} says not what it returns"
    text = ast.unparse(returned)
    kind, _, inner = text.partition("[")
    answer = inner.removesuffix("]") if kind in ("Flow", "ItemFlow") else text
    parameters = _parameters(function)
    words = [
        f"{parameter.name}={parameter.name}" if parameter.is_keyword else parameter.name for parameter in parameters
    ]
    given = ["self._session", *(["place"] if kind == "ItemFlow" else [])]
    documented = ast.get_docstring(function) or ""
    method = Method(
        function.name,
        parameters,
        answer,
        "",
        documented,
        f"flows.{function.name}({', '.join([*given, *words])})",
        place="Place(cursor)" if kind == "ItemFlow" else "",
        is_plain=kind not in ("Flow", "ItemFlow"),
    )
    used = _names(answer, *(parameter.kind for parameter in parameters))
    known = sorted(name for name in used if name in origin)
    imports = [f"from {origin[name]} import {name}\n" if origin[name] else f"import {name}\n" for name in known]
    return FlowMethod(method, tuple(imports))


def _parameters(function: ast.FunctionDef) -> list[Parameter]:
    taken = function.args
    found = [
        Parameter(argument.arg, ast.unparse(argument.annotation), "", "")
        for argument in taken.args
        if argument.annotation is not None and argument.arg not in GIVEN
    ]
    for argument, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True):
        assert argument.annotation is not None
        shown = ast.unparse(default) if default is not None else ""
        found.append(Parameter(argument.arg, ast.unparse(argument.annotation), shown, "", is_keyword=True))
    return found


def _names(*texts: str) -> set[str]:
    return {node.id for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
