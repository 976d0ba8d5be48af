"""What a new route is told when something of it is missing, and how a route of another kind looks in the document."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from chaupal.errors import Conflict, MethodNotAllowed
from chaupal.openapi import examples
from chaupal.openapi.examples import Example, NoExample, examples_of
from chaupal.openapi.failures import error_responses, shared_responses
from chaupal.openapi.field_texts import PageTexts
from chaupal.openapi.links import links_from
from chaupal.openapi.operations import build_operation, operation_ids
from chaupal.openapi.paths import documented_path
from chaupal.openapi.places import PlaceUnknown, path_parameter, security_of
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route


class Made(msgspec.Struct, rename="camel"):
    """What a POST makes."""

    thing_id: str


class Closed(Conflict):
    """A thing is closed."""

    template = "The thing is closed."


async def post_thing(request: ApiRequest) -> Made:
    """Make a thing. It is there at once.

    Raises:
        Closed.
    """
    raise NotImplementedError


async def get_file(request: ApiRequest) -> Made:
    """A file."""
    raise NotImplementedError


for _handler in (post_thing, get_file):
    _handler.__module__ = "chaupal.groups.routes"

UPLOAD = Route("POST", "/things", post_thing, call="groups.create", takes=("image/*",), reply=Made, errors=(Closed,))
DOWNLOAD = Route("GET", "/files", get_file, gives=("image/*", "application/pdf"), other_answers={206: "A part."})
CHANGE = Route("PUT", "/things/{thingId}/{groupId}", post_thing, call="groups.change")
READ = Route("GET", "/things/{thingId}", post_thing, call="groups.get")


def no_text(_route: Route, _name: str) -> str:
    return ""


@pytest.fixture
def an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaupal.openapi.operations.examples_of", lambda _: (Example("One", reply={"thingId": "1"}),))


class TestWhatIsMissing:
    def test_an_example(self) -> None:
        with pytest.raises(NoExample) as raised:
            examples_of(UPLOAD)
        assert str(raised.value) == "POST /things has no example: add one to EXAMPLES in chaupal.groups.examples"

    def test_a_slice_that_has_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(examples, "slice_of", lambda _: "nothing_of_this_name")
        with pytest.raises(NoExample, match=r"EXAMPLES in chaupal\.nothing_of_this_name\.examples"):
            examples_of(UPLOAD)

    def test_the_meaning_of_a_path_parameter(self) -> None:
        with pytest.raises(PlaceUnknown, match=r"\{thingId\} is not described: add it to PATH_PARAMETERS"):
            path_parameter("thingId")

    def test_the_meaning_of_a_credential(self) -> None:
        with pytest.raises(PlaceUnknown, match="the credential x-key is not described"):
            security_of("", ("x-key",))


class TestOperation:
    def test_what_is_no_json_has_media_types_instead_of_schemas(self, an_example: None) -> None:
        upload = build_operation(UPLOAD, [UPLOAD], no_text)
        assert upload["requestBody"] == {"required": True, "content": {"image/*": {}}}
        download = build_operation(DOWNLOAD, [DOWNLOAD], no_text)
        assert download["responses"]["200"]["content"] == {"image/*": {}, "application/pdf": {}}
        assert download["responses"]["206"]["description"] == "A part."
        assert download["security"] == []

    def test_the_docstring_is_its_text_without_what_it_raises(self, an_example: None) -> None:
        upload = build_operation(UPLOAD, [UPLOAD], no_text)
        assert upload["summary"] == "Make a thing"
        assert upload["description"].splitlines()[0] == "It is there at once."
        assert "Raises" not in upload["description"]

    def test_calls_that_share_a_permission_are_named_by_their_handlers(self) -> None:
        other = Route("GET", "/things", get_file, call="groups.create")
        ids = operation_ids([UPLOAD, other, CHANGE])
        assert [ids[route] for route in (UPLOAD, other, CHANGE)] == [
            "groups.post_thing",
            "groups.get_file",
            "groups.change",
        ]


class TestErrors:
    def test_a_route_adds_its_own(self) -> None:
        assert error_responses(UPLOAD)["409"] == {"$ref": "#/components/responses/KeyUsedOtherwiseOrClosed"}
        shared = shared_responses([UPLOAD])["KeyUsedOtherwiseOrClosed"]
        assert shared["description"].endswith(" Or: The thing is closed.")

    def test_a_reading_call_without_query_cannot_be_malformed(self) -> None:
        assert "400" not in error_responses(DOWNLOAD)
        assert "405" in error_responses(Route("GET", "/x", get_file, errors=(MethodNotAllowed,)))


class TestLinks:
    def test_lead_to_all_calls_whose_paths_are_known_then(self) -> None:
        ids = {UPLOAD: "make", READ: "read", CHANGE: "change"}
        links = links_from(UPLOAD, [UPLOAD, READ, CHANGE], ids.__getitem__)
        assert links == {"read": {"operationId": "read", "parameters": {"thingId": "$response.body#/thingId"}}}

    def test_keep_what_the_path_had(self) -> None:
        inner = Route("POST", "/groups/{groupId}/things", post_thing, call="groups.create", reply=Made)
        links = links_from(inner, [inner, CHANGE], lambda _: "change")
        assert links["change"]["parameters"] == {
            "thingId": "$response.body#/thingId",
            "groupId": "$request.path.groupId",
        }


class TestPaths:
    def test_one_place_has_one_name(self) -> None:
        other = Route("DELETE", "/things/{partId}", get_file)
        routes = [READ, other, CHANGE, DOWNLOAD]
        assert documented_path(READ, routes) == documented_path(other, routes) == "/things/{thingIdOrPartId}"
        assert documented_path(CHANGE, routes) == CHANGE.path
        links = links_from(UPLOAD, routes, lambda _: "any")
        assert links["any"]["parameters"] == {"thingIdOrPartId": "$response.body#/thingId"}


class TestPageTexts:
    PAGE = """# Things

## POST /things

| body | |
|---|---|
| `name`, or `thingName` | up to [9](x.md) characters |
| `kind` | `a\\|b` |

## GET /things/{thingId}

| field of a thing | |
|---|---|
| `name` | what it is called |
| `silent` | |

## GET /files

| answer | |
|---|---|
| `size` | in bytes |
| `name` | the file's |
"""

    @pytest.fixture
    def texts(self, tmp_path: Path) -> PageTexts:
        (tmp_path / "things.md").write_text(self.PAGE)
        return PageTexts(tmp_path)

    def test_of_a_request_come_from_its_section_alone(self, texts: PageTexts) -> None:
        assert texts.of_request(UPLOAD, "name") == texts.of_request(UPLOAD, "thingName") == "up to 9 characters"
        assert texts.of_request(UPLOAD, "kind") == "`a|b`"
        assert texts.of_request(READ, "name") == ""

    def test_of_an_answer_come_from_its_section_or_else_its_page(self, texts: PageTexts) -> None:
        assert texts.of_answer(DOWNLOAD, "name") == "the file's"
        assert texts.of_answer(READ, "name") == "what it is called"
        assert texts.of_answer(UPLOAD, "size") == "in bytes"
        assert texts.of_answer(UPLOAD, "silent") == ""

    def test_a_route_without_a_section_has_none(self, texts: PageTexts) -> None:
        assert texts.of_request(CHANGE, "name") == texts.of_answer(CHANGE, "name") == ""
