"""The client is what the API's document says: every call, every error, every event; and both clients are the same."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import chaupal_client
from chaupal_client import _errors, events, models, resources
from tools.sdk.document import BY_HAND, python_name, read_document

PROJECT = Path(__file__).parents[2]
RAW: dict[str, Any] = json.loads((PROJECT / "docs" / "openapi.json").read_text())
DOCUMENT = read_document(RAW)
BY_FLOW = {
    "tokens.post_generate_pin": "sign_in.send_pin",
    "tokens.post_login_with_pin": "sign_in.with_pin",
    "tokens.get_access_token": "sign_in.renew",
    "oauth.get_authorize": "sign_in.begin",
    "oauth.post_token": "sign_in.finish",
    "media.upload": "media.upload",
    "media.get_file.get": "media.download",
    "media.get_file.head": "media.facts",
    "streams.events": "events.follow",
    "streams.sync": "events.page",
}
OF_BROWSERS = {"oauth.post_authorize"}
"""What the forms of the sign-in pages send; no program has the browser's cookie that it needs."""


def method_of(operation_id: str, root: type) -> Any:
    if operation_id in BY_FLOW:
        resource, name = BY_FLOW[operation_id].split(".")
    else:
        operation = next(each for each in DOCUMENT.operations if each.operation_id == operation_id)
        resource, name = operation.resource, operation.name
    made = inspect.get_annotations(getattr(root, resource).fget, eval_str=True)["return"]
    return getattr(made, name)


class TestGenerated:
    def test_what_is_committed_is_what_the_document_says(self) -> None:
        done = subprocess.run(
            [sys.executable, "tools/write_sdk.py", "--check"], cwd=PROJECT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, "")

    @pytest.mark.parametrize("operation_id", sorted({each.operation_id for each in DOCUMENT.operations} - OF_BROWSERS))
    @pytest.mark.parametrize("root", [resources.Resources, resources.AsyncResources])
    def test_every_call_is_a_method_that_takes_all_it_can_be_sent(self, operation_id: str, root: type) -> None:
        method = method_of(operation_id, root)
        if operation_id in BY_HAND:
            return
        operation = next(each for each in DOCUMENT.operations if each.operation_id == operation_id)
        body = DOCUMENT.shapes[operation.body].fields if operation.body else ()
        wanted = {field.name for field in (*operation.path_fields, *operation.query_fields, *body)}
        if operation.has_idempotency_key:
            wanted.add("idempotency_key")
        signature = inspect.signature(method)
        assert set(signature.parameters) - {"self"} == wanted
        assert signature.return_annotation == operation.answer

    def test_flows_stand_for_what_is_written_by_hand(self) -> None:
        assert set(BY_FLOW) | OF_BROWSERS == BY_HAND

    @pytest.mark.parametrize("name", sorted(DOCUMENT.answered))
    def test_every_shape_has_every_field(self, name: str) -> None:
        declared = RAW["components"]["schemas"][name].get("properties", {})
        struct = getattr(models, name)
        assert {field.name for field in msgspec.structs.fields(struct)} == {python_name(one) for one in declared}

    def test_both_clients_have_the_same_methods(self) -> None:
        for name in vars(resources.Resources):
            if name.startswith("_"):
                continue
            sync, other = (
                inspect.get_annotations(getattr(root, name).fget, eval_str=True)["return"]
                for root in (resources.Resources, resources.AsyncResources)
            )
            for method, made in vars(sync).items():
                if method.startswith("_"):
                    continue
                twin = getattr(other, method)
                assert inspect.signature(made).parameters == inspect.signature(twin).parameters, f"{name}.{method}"
                assert made.__doc__ and twin.__doc__


class TestErrors:
    def test_every_code_of_the_server_has_its_class(self) -> None:
        codes = RAW["components"]["schemas"]["Error"]["properties"]["errorCode"]["enum"]
        assert set(_errors.API_ERRORS) == set(codes)

    def test_the_tree_in_the_text_is_the_tree(self) -> None:
        drawn = re.findall(r"[├└]── (\w+)(?: +(\d{3}))?", _errors.__doc__ or "")
        below = {error.__name__ for error in _errors.ChaupalError.__subclasses__()} | set(_errors.API_ERRORS)
        assert {name for name, _ in drawn} == below

    def test_each_class_says_its_status(self) -> None:
        statuses: dict[str, set[str]] = {}
        for methods in RAW["paths"].values():
            for operation in methods.values():
                for status, response in operation["responses"].items():
                    named = response.get("$ref", "").split("/")[-1]
                    resolved = RAW["components"]["responses"].get(named, response)
                    text = json.dumps(resolved.get("content", {}))
                    for code in re.findall(r"schemas/(\w+?)Error\"", text):
                        statuses.setdefault(code, set()).add(status)
        for code, error in _errors.API_ERRORS.items():
            known = statuses.get(code) or statuses.get(code.removesuffix("Error")) or set()
            assert known == {(error.__doc__ or "")[:3]}, code


class TestEvents:
    def test_every_event_of_the_documents_has_its_class(self) -> None:
        page = (PROJECT / "docs" / "api" / "events.md").read_text().split("### What `data` holds")[1]
        rows = [row for row in page.splitlines() if re.match(r"\| `[A-Z]\w+`(, `[A-Z]\w+`)* \|", row)]
        named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
        assert named == set(events.EVENTS)


class TestPublicNames:
    def test_all_is_sorted_and_complete(self) -> None:
        source = ast.parse((PROJECT / "sdk" / "src" / "chaupal_client" / "__init__.py").read_text())
        imported = {alias.name for node in source.body if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert list(chaupal_client.__all__) == sorted(imported)

    def test_it_says_that_it_is_typed(self) -> None:
        assert (Path(chaupal_client.__file__).parent / "py.typed").is_file()
