"""Bodies that are not JSON, in the forms that real clients send. Source: contract, section 2."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.client import assert_error
from tests.api.worlds import OMAR, World

TEXT = "It's 5 o'clock"

# Each spells {"message": "It's 5 o'clock"}.
SPELLINGS: dict[str, str | bytes] = {
    "strict": '{"message": "It\'s 5 o\'clock"}',
    "unquoted name": "{message:\"It's 5 o'clock\"}",
    "unquoted name and spaces": "{ message : \"It's 5 o'clock\" }",
    "single quotes": "{'message': 'It\\'s 5 o\\'clock'}",
    "a Python dict": str({"message": TEXT}),
    "a Python 2 dict": "{u'message': u\"It's 5 o'clock\"}",
    "mixed quotes": "{'message': \"It's 5 o'clock\"}",
    "typographic quotes": "{“message”: “It's 5 o'clock”}",
    "a trailing comma": '{"message": "It\'s 5 o\'clock",}',
    "a trailing comma and a line break": '{\r\n  "message": "It\'s 5 o\'clock",\r\n}\r\n',
    "PascalCase": '{"Message": "It\'s 5 o\'clock"}',
    "upper case": '{"MESSAGE": "It\'s 5 o\'clock"}',
    "PascalCase, unquoted": "{Message:\"It's 5 o'clock\"}",
    "with Python's words": "{'message': \"It's 5 o'clock\", 'subscribers': None, 'sendToAllSubscribers': False}",
    "with unknown fields": '{"message": "It\'s 5 o\'clock", "unknown": {"a": [1, 2]}, "version": 3}',
    "with a comment": "{/* old docs */ message: \"It's 5 o'clock\"} // the end",
    "a UTF-8 mark": b"\xef\xbb\xbf" + b'{"message": "It\'s 5 o\'clock"}',
    "UTF-16": '{"message": "It\'s 5 o\'clock"}'.encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + "{message: \"It's 5 o'clock\"}".encode("utf-16-be"),
    "an escape of Python's": '{"message": "It\\x27s 5 o\\\'clock"}',
    "escapes of JSON": '{"\\u006dessage": "It\\u0027s 5 o\\u0027clock"}',
    "a quote inside": "{'message': 'It's 5 o'clock'}",
}

# body -> the text that arrives
TEXTS: dict[str, tuple[str | bytes, str]] = {
    "Windows-1252": ('{"message": "Café – “ok” €5"}'.encode("cp1252"), "Café – “ok” €5"),
    "ISO-8859-1": ('{"message": "Grüße"}'.encode("latin-1"), "Grüße"),
    "Windows-1252 of a Python dict": (str({"message": "Grüße"}).encode("cp1252"), "Grüße"),
    "UTF-16 with other scripts": ('{"message": "नमस्ते 😀"}'.encode("utf-16"), "नमस्ते 😀"),
    "raw line breaks": ('{"message": "one\ntwo\tthree"}', "one\ntwo\tthree"),
    "Python's escapes": ("{'message': 'a\\xa0b \\U0001F600 \\'c\\''}", "a\xa0b 😀 'c'"),
    "a number": ("{message: 42}", "42"),
    "a word of Python's": ("{'message': True}", "true"),
    "braces in text": ('{message:"{not} [a] list, only: text"}', "{not} [a] list, only: text"),
    "a name twice": ('{"message": "first", "message": "last"}', "last"),
    "a name in two cases": ('{"message": "exact", "Message": "folded"}', "exact"),
    "an empty name in between": ('{"": 1, "message": "hi"}', "hi"),
}

UNREADABLE: dict[str, str | bytes] = {
    "no braces": "message=hi",
    "cut off": '{"message": "hi',
    "cut off after the name": '{"message"',
    "two values": '{"message": "a"} {"message": "b"}',
    "no value": "{message: }",
    "a function": "{message: alert(1)}",
    "binary": bytes(range(256)),
    "odd UTF-16": b"\xff\xfe{",
    "deep": "[" * 1_000 + "]" * 1_000,
    "deep in an object": '{"message": ' * 1_000 + "1" + "}" * 1_000,
    "half deep": "{a:" * 100_000,
    "long and no JSON": "{message: '" + "x" * 300_000 + "'}",
    "a number of many digits": '{"message": ' + "9" * 10_000 + "}",
}


def post(world: World, content: str | bytes, **headers: str) -> Any:
    path, token = f"/v1/groups/{world.group_id}/messages", world.member.access_token
    return world.client.call("POST", path, token=token, content=content, headers=headers)


class TestPostMessage:
    @pytest.mark.parametrize("kind", SPELLINGS)
    def test_every_spelling_says_the_same(self, world: World, kind: str) -> None:
        answer = post(world, SPELLINGS[kind])
        assert answer.status_code == 200, answer.text
        assert world.texts(world.group_admin) == [TEXT]

    @pytest.mark.parametrize("kind", TEXTS)
    def test_the_text_arrives(self, world: World, kind: str) -> None:
        body, text = TEXTS[kind]
        answer = post(world, body)
        assert answer.status_code == 200, answer.text
        assert world.texts(world.group_admin) == [text]

    @pytest.mark.parametrize("kind", UNREADABLE)
    def test_what_cannot_be_read_is_refused_and_nothing_is_sent(self, world: World, kind: str) -> None:
        assert_error(post(world, UNREADABLE[kind]), code="InvalidParameters")
        assert world.texts(world.group_admin) == []

    def test_the_refusal_names_line_and_column(self, world: World) -> None:
        message = assert_error(post(world, '{\n  "message": "hi"\n  "more": 1}'))["message"]
        assert "line 3, column 3" in message

    @pytest.mark.parametrize(
        "kind",
        ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "multipart/x"],
    )
    def test_the_content_type_is_not_looked_at(self, world: World, kind: str) -> None:
        assert post(world, '{message:"hi"}', **{"Content-Type": kind}).status_code == 200

    def test_a_body_of_one_megabyte_is_read_and_a_larger_one_is_not(self, world: World) -> None:
        limit_bytes = world.house.settings.body_max_bytes
        filled = '{"message": "hi", "padding": "%s"}'
        most = filled % ("x" * (limit_bytes - len(filled) + 2))
        assert len(most) == limit_bytes
        assert post(world, most).status_code == 200
        assert_error(post(world, most + " "), code="PayloadTooLarge")
        assert_error(post(world, "x" * 10_000_000), code="PayloadTooLarge")
        assert world.texts(world.group_admin) == ["hi"]


class TestOtherCalls:
    def test_a_group_is_made_as_old_samples_make_it(self, world: World) -> None:
        body = (
            '{name:"Our test group", welcomeMessage:"Welcome to a group made by a program", '
            f'members:["{OMAR}"], groupType:"Group"}}'
        )
        answer = world.member.call("POST", "/v1/groups", content=body)
        assert answer.json()["groupName"] == "Our test group"
        assert answer.json()["membersAdded"] is True

    @pytest.mark.parametrize(
        "fields",
        ["{name:'G', showHistory:True}", '{"Name":"G","ShowHistory":"True"}', "{'NAME': 'G', 'SHOWHISTORY': 1}",
         '{"name":"G","showHistory":"1"}'],
    )  # fmt: skip
    def test_optional_fields_are_not_lost_in_another_spelling(self, world: World, fields: str) -> None:
        group_id = world.group_admin.call("POST", "/v1/groups", content=fields).json()["groupId"]
        assert world.group_as_seen(group_id)["showHistory"] is True

    @pytest.mark.parametrize("name", ["Members", "MEMBERS", "members"])
    def test_nor_are_members(self, world: World, name: str) -> None:
        body = f"{{name: 'G', {name}: '{OMAR}'}}"
        assert world.group_admin.call("POST", "/v1/groups", content=body).json()["membersAdded"] is True

    def test_a_pin_is_asked_for_as_old_samples_ask(self, world: World) -> None:
        body = f'{{"mobileNumber":"{OMAR}", applicationId:"{world.application_id}"}}'
        assert world.client.call("POST", "/v1/generatePin", content=body).json() == {}

    def test_bodies_of_get_and_delete_are_ignored(self, world: World) -> None:
        assert world.group_admin.call("GET", "/v1/groups", content="{not JSON").status_code == 200
        answer = world.group_admin.call("DELETE", f"/v1/groups/{world.group_id}", content=b"\xff\xfe\x00")
        assert answer.status_code == 200

    @pytest.mark.parametrize("content", [b"", b"  \r\n", b"{}", b"\xef\xbb\xbf"])
    def test_an_empty_body_is_an_empty_object(self, world: World, content: bytes) -> None:
        assert world.group_admin.call("PUT", f"/v1/groups/{world.group_id}", content=content).status_code == 200
        assert_error(world.member.call("POST", "/v1/groups", content=content), code="InvalidParameters")


class TestStrictJson:
    @pytest.mark.parametrize("kind", SPELLINGS)
    def test_the_setting_refuses_what_is_no_json_and_nothing_else(
        self, world_with: Callable[..., World], kind: str
    ) -> None:
        world = world_with(strict_json=True)
        is_json = kind in ("strict", "PascalCase", "upper case", "with unknown fields", "a UTF-8 mark", "UTF-16",
                           "escapes of JSON")  # fmt: skip
        assert post(world, SPELLINGS[kind]).status_code == (200 if is_json else 400)


class TestCompressedBodies:
    @pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br"])
    def test_are_refused_by_name(self, world: World, coding: str) -> None:
        answer = world.member.call(
            "POST", "/v1/groups", content=gzip.compress(b'{"name": "x"}'), headers={"Content-Encoding": coding}
        )
        assert coding.lower() in assert_error(answer, code="UnsupportedMedia")["message"]

    @pytest.mark.parametrize("coding", ["utf-8", "identity", "gzip"])
    def test_a_plain_body_is_read_whatever_the_header_says(self, world: World, coding: str) -> None:
        answer = world.member.call("POST", "/v1/groups", content=b'{"name": "x"}', headers={"Content-Encoding": coding})
        assert answer.status_code == 200
