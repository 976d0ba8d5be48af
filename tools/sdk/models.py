"""The shapes of answers, and what requests hold inside, as msgspec structs: one module for each resource."""

from __future__ import annotations

import textwrap
from typing import Any

from tools.sdk.document import Document, Field, Shape

HEAD = '"""{about} Written by tools/write_sdk.py from docs/openapi.json."""\n\nfrom __future__ import annotations\n\n'
SHARED = "shared"


def write_models(document: Document) -> dict[str, str]:
    """Each module of `models/` with its text."""
    module_of = {name: _module(resources) for name, resources in document.answered.items()}
    files = {}
    for module in sorted(set(module_of.values())):
        names = [name for name in document.shapes if module_of.get(name) == module]
        files[f"{module}.py"] = _write_module(document, module, names, module_of)
    lines = [HEAD.format(about="What the API answers, as types.")]
    for module in sorted(set(module_of.values())):
        names = sorted(name for name, place in module_of.items() if place == module)
        lines.append(f"from chaupal_client.models.{module} import {', '.join(names)}\n")
    lines.append(f"\n__all__ = {sorted(module_of)!r}\n")
    files["__init__.py"] = "".join(lines).replace("'", '"')
    return files


def _module(resources: set[str]) -> str:
    return next(iter(resources)) if len(resources) == 1 else SHARED


def _write_module(document: Document, module: str, names: list[str], module_of: dict[str, str]) -> str:
    about = "What several resources have in common." if module == SHARED else f"Of the resource `{module}`."
    lines = [
        HEAD.format(about=about),
        "from collections.abc import Mapping, Sequence\nfrom typing import Any, Literal\n",
    ]
    lines.append("\nimport msgspec\n\n")
    inner = {name for shape in names for name in document.shapes[shape].refers_to}
    for name in sorted(inner - set(names)):
        lines.append(f"from chaupal_client.models.{module_of[name]} import {name}\n")
    for name in names:
        lines.append(_write_struct(document.shapes[name], is_sent=name == "PostedProperty"))
    return "".join(lines)


def _write_struct(shape: Shape, *, is_sent: bool) -> str:
    """A struct whose required fields come first, as msgspec wants it for positional use; all are by keyword anyway."""
    omits = ", omit_defaults=True" if is_sent else ""
    lines = [f'\n\nclass {shape.name}(msgspec.Struct, frozen=True, kw_only=True, rename="camel"{omits}):\n']
    lines.append(_docstring(shape.description or "What is sent.", indent=4))
    for field in shape.fields:
        kind = answer_type(field.schema)
        if not field.is_required:
            kind = kind if kind == "Any" or kind.endswith("| None") else f"{kind} | None"
        default = _default(field)
        lines.append(f"\n    {field.name}: {kind}{default}\n")
        if field.meaning:
            lines.append(_docstring(field.meaning, indent=4))
    return "".join(lines)


def _default(field: Field) -> str:
    name = "" if _camel(field.name) == field.wire_name else f'name="{field.wire_name}"'
    if field.is_required:
        return f" = msgspec.field({name})" if name else ""
    return f" = msgspec.field(default=None, {name})" if name else " = None"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _docstring(text: str, *, indent: int) -> str:
    """The text as a docstring of lines that are not too long."""
    sentence = " ".join(text.replace("\\", "\\\\").split())
    sentence = sentence[0].upper() + sentence[1:] if not sentence.startswith(("`", '"')) else sentence
    end = "" if sentence.endswith((".", "!", "?", ":")) else "."
    if sentence.endswith('"'):
        end = end or " "
    margin = " " * indent
    lines = textwrap.wrap(f'"""{sentence}{end}"""', 120 - indent, break_long_words=False, break_on_hyphens=False)
    return "".join(f"{margin}{line}\n" for line in lines)


def answer_type(schema: dict[str, Any]) -> str:
    """As it is read: words are texts, so that a server may answer with one that this version does not know."""
    if "$ref" in schema:
        return str(schema["$ref"].split("/")[-1])
    if "anyOf" in schema:
        return " | ".join(answer_type(inner) for inner in schema["anyOf"])
    kind = schema.get("type")
    if kind == "array":
        return f"tuple[{answer_type(schema.get('items', {}))}, ...]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"dict[str, {answer_type(inner) if isinstance(inner, dict) else 'Any'}]"
    return _PLAIN.get(str(kind), "Any")


_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def sent_type(schema: dict[str, Any]) -> str:
    """As it is sent: words are those that the server knows."""
    if "enum" in schema:
        return f"Literal[{', '.join(json_text(word) for word in schema['enum'])}]"
    if schema.get("format") in ("instant", "date-time"):
        return "datetime | str"
    match schema.get("type"):
        case "array":
            return f"Sequence[{sent_type(schema.get('items', {}))}]"
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"Mapping[str, {sent_type(schema['additionalProperties'])}]"
        case "object":
            return "Mapping[str, Any]"
        case _:
            return answer_type(schema)


def json_text(word: object) -> str:
    return f'"{word}"' if isinstance(word, str) else repr(word)
