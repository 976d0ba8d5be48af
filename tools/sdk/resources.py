"""The methods of both clients: for each resource one module for the one and one for the other."""

from __future__ import annotations

import re
from pathlib import Path

from tools.sdk.document import BY_HAND, Document, Field, Operation, Shape
from tools.sdk.flows import FlowMethod, read_flows
from tools.sdk.methods import Method, Parameter, write_class
from tools.sdk.models import answer_type, sent_type

BACKWARDS = frozenset({"actions.list"})
"""Lists whose pages have their newest item last, while the next page has older ones."""
DEFAULTS = {"direction": "older"}
"""What a query says where the caller does not: the server takes a GET of messages for one only if it says something."""
PLURAL_OF_ITERATION = {"list": "iterate", "deliveries": "iterate_deliveries", "find": "iterate_found"}

_IMPORTS = """
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from chaupal_client import _paging, operations
from chaupal_client._driving import AsyncItems, Items
from chaupal_client._resource import AsyncResource, Resource
from chaupal_client._steps import Place
"""


def write_resources(document: Document, flows: Path) -> dict[str, str]:
    """Each module of `resources/` with its text."""
    by_resource: dict[str, list[Operation]] = {}
    for operation in document.operations:
        by_resource.setdefault(operation.resource, []).append(operation)
    files: dict[str, str] = {}
    for resource, operations in by_resource.items():
        module = flows / f"{resource}.py"
        found = read_flows(module) if module.is_file() else []
        called = [operation for operation in operations if operation.operation_id not in BY_HAND]
        files |= _write_modules(document, resource, called, found)
    files["__init__.py"] = _write_index(sorted(by_resource))
    return files


def _write_index(resources: list[str]) -> str:
    """Both clients' resources as attributes, so that a client need only take them in."""
    lines = [
        '"""What a client can do, by resource. Written by tools/write_sdk.py."""\n\n',
        "from __future__ import annotations\n\n",
        "from chaupal_client._resource import AsyncResource, Resource\n",
    ]
    for name in resources:
        lines.append(f"from chaupal_client.resources.{name} import {_class(name)}\n")
        lines.append(f"from chaupal_client.resources.async_{name} import Async{_class(name)}\n")
    for kind, prefix in (("Resource", ""), ("AsyncResource", "Async")):
        lines.append(f"\n\nclass {prefix}Resources({kind}):\n")
        lines.append('    """Every resource."""\n')
        for name in resources:
            lines.append(f"\n    @property\n    def {name}(self) -> {prefix}{_class(name)}:\n")
            lines.append(f"        return {prefix}{_class(name)}(self._session, self._driver)\n")
    return "".join(lines)


def _class(resource: str) -> str:
    return "".join(word.capitalize() for word in resource.split("_"))


def write_operations(document: Document) -> str:
    """Every call that one method makes, in one list."""
    called = [operation for operation in document.operations if operation.operation_id not in BY_HAND]
    lines = ['"""Every call of the API that one method makes. Written by tools/write_sdk.py."""\n\n']
    lines.append("from __future__ import annotations\n\nfrom chaupal_client._operations import Operation\n")
    lines += [f"from chaupal_client.models import {name}\n" for name in sorted({one.answer for one in called})]
    lines.append("\n")
    for operation in called:
        needs = ", has_idempotency_key=True" if operation.has_idempotency_key else ""
        path = re.sub(r"\{\w+\}", "{}", operation.path)
        made = f'Operation("{operation.method}", "{path}", {operation.answer}{needs})'
        lines.append(f"{_constant(operation)}: Operation[{operation.answer}] = {made}\n")
    return "".join(lines)


def _constant(operation: Operation) -> str:
    return f"{operation.resource}_{operation.name}".upper()


def _write_modules(
    document: Document, resource: str, operations: list[Operation], flows: list[FlowMethod]
) -> dict[str, str]:
    """The module of each client, by its name."""
    methods, models = [], set()
    for operation in operations:
        constant = f"operations.{_constant(operation)}"
        models |= {operation.answer} | document.shapes[operation.answer].refers_to
        if operation.body:
            models |= document.shapes[operation.body].refers_to
        methods.append(_call(document, operation, constant))
        if iteration := _iteration(document, operation, constant):
            methods.append(iteration)
    methods += [flow.method for flow in flows]
    imports = [f"from chaupal_client.models import {name}\n" for name in sorted(models)]
    imports += sorted({line for flow in flows for line in flow.imports})
    if flows:
        imports.append(f"from chaupal_client.flows import {resource} as flows\n")
    about = {"": f"The calls of `{resource}`.", "Async": f"The calls of `{resource}`, to be awaited."}
    return {
        f"{prefix.lower()}{'_' if prefix else ''}{resource}.py": "".join(
            [
                f'"""{about[prefix]} Written by tools/write_sdk.py."""\n\nfrom __future__ import annotations\n',
                _IMPORTS,
                *imports,
                write_class(_class(resource), prefix, methods),
            ]
        )
        for prefix in ("", "Async")
    }


def _call(document: Document, operation: Operation, constant: str) -> Method:
    body = document.shapes[operation.body].fields if operation.body else ()
    parameters = [Parameter(field.name, "str", "", field.meaning) for field in operation.path_fields]
    parameters += _parameters([*operation.query_fields, *body])
    arguments = [constant]
    if operation.path_fields:
        arguments.append(f"({', '.join(field.name for field in operation.path_fields)},)")
    if operation.query_fields:
        arguments.append(f"query={_mapping(operation.query_fields)}")
    if operation.body:
        arguments.append(f"body={_mapping(body)}")
    if operation.has_idempotency_key:
        parameters.append(Parameter("idempotency_key", "str | None", "None", "", is_keyword=True))
        arguments.append("idempotency_key=idempotency_key")
    return Method(
        operation.name,
        parameters,
        operation.answer,
        operation.summary,
        operation.description,
        f"self._session.call({', '.join(arguments)})",
    )


def _parameters(fields: list[Field]) -> list[Parameter]:
    required = [field for field in fields if field.is_required]
    optional = [field for field in fields if not field.is_required]
    made = [Parameter(field.name, sent_type(field.schema), "", field.meaning) for field in required]
    for field in optional:
        kind = sent_type(field.schema)
        if field.name in DEFAULTS:
            made.append(Parameter(field.name, kind, f'"{DEFAULTS[field.name]}"', field.meaning, is_keyword=True))
            continue
        shown = kind if kind == "Any" else f"{kind} | None"
        made.append(Parameter(field.name, shown, "None", field.meaning, is_keyword=True))
    return made


def _mapping(fields: tuple[Field, ...]) -> str:
    return "{" + ", ".join(f'"{field.wire_name}": {field.name}' for field in fields) + "}"


def _iteration(document: Document, operation: Operation, constant: str) -> Method | None:
    """Where a list is read in pages: all of its items."""
    answer: Shape = document.shapes[operation.answer]
    pages = {field.wire_name for field in operation.query_fields}
    item = next((field for field in answer.fields if field.is_required and "$ref" in str(field.schema)), None)
    if operation.method != "GET" or item is None or operation.name not in PLURAL_OF_ITERATION:
        return None
    item_type = answer_type(item.schema).removeprefix("tuple[").removesuffix(", ...]")
    path = [Parameter(field.name, "str", "", field.meaning) for field in operation.path_fields]
    common = f'items="{item.name}", item_type={item_type}'
    name, summary = PLURAL_OF_ITERATION[operation.name], f"{operation.summary}: all of them, page by page"
    if "cursor" in pages and any(field.wire_name == "cursor" for field in answer.fields):
        fields = tuple(field for field in operation.query_fields if field.wire_name != "cursor")
        cursor = Parameter("cursor", "str | None", "None", "where to begin", is_keyword=True)
        values = f"({', '.join(parameter.name for parameter in path)},)" if path else "()"
        backwards = ", is_backwards=True" if operation.operation_id in BACKWARDS else ""
        given = f"self._session, place, {constant}, {values}, {_mapping(fields)}, {common}{backwards}"
        flow = f"_paging.iterate_pages({given})"
        parameters = [*path, *_parameters(list(fields)), cursor]
        return Method(name, parameters, item_type, summary, operation.description, flow, place="Place(cursor)")
    if "resultsOffset" in pages:
        fields = tuple(
            field for field in operation.query_fields if field.wire_name not in ("resultsOffset", "pageSize")
        )
        flow = f"_paging.iterate_offsets(self._session, {constant}, {_mapping(fields)}, {common})"
        parameters = _parameters(list(fields))
        return Method(name, parameters, item_type, summary, operation.description, flow, place="Place()")
    return None
