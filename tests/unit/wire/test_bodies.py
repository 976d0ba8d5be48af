from __future__ import annotations

import enum
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pytest

from chaupal.errors import InvalidParameters
from chaupal.wire.bodies import read_part, read_shape


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    title: str
    image_url: str | None = None


class Role(enum.Enum):
    ADMIN = "Admin"
    MEMBER = "Member"


class Post(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    spellings: ClassVar[dict[str, str]] = {"groupName": "name", "nom": "name"}

    name: str
    is_public: bool = False
    count: int | None = None
    share: float | None = None
    members: list[str] | None = None
    choices: list[Choice] | None = None
    first_choice: Choice | None = None
    headers: dict[str, str] | None = None
    action_body: object = None
    starts: int | str | None = None
    group_type: Literal["Group", "ConnectGroup"] = "Group"
    role: Role | None = None
    places: tuple[int, ...] = ()
    note: Annotated[str, msgspec.Meta(max_length=5)] | None = None
    unset: str | msgspec.UnsetType = msgspec.UNSET


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    below: list[Tree] | None = None


def read(body: str | bytes) -> Post:
    return read_shape(body if isinstance(body, bytes) else body.encode(), Post)


def refused(body: str | bytes, shape: type[Any] = Post, *, strict_only: bool = False) -> str:
    with pytest.raises(InvalidParameters) as refusal:
        read_shape(body if isinstance(body, bytes) else body.encode(), shape, strict_only=strict_only)
    str(refusal.value).encode()  # a reply must be able to hold it
    assert len(str(refusal.value.fields["value"])) <= 60
    return str(refusal.value)


class TestReadShape:
    def test_strict_json_goes_straight_into_the_struct(self) -> None:
        body = '{"name":"a","isPublic":true,"count":3,"members":["x"],"choices":[{"title":"t"}],"actionBody":{"a":[1]}}'
        assert read(body) == Post(
            name="a", is_public=True, count=3, members=["x"], choices=[Choice(title="t")], action_body={"a": [1]}
        )

    @pytest.mark.parametrize("body", [b"", b" \r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff\xfe \x00", b"{}", b"{/**/}"])
    def test_an_empty_body_is_an_empty_object(self, body: bytes) -> None:
        assert read_shape(body, Tree) == Tree()
        assert "name: is required" in refused(body)

    @pytest.mark.parametrize(
        "body",
        [
            b"{name:'h\xe9'}",
            "{name:'hé'}".encode(),
            "\ufeff{'name':'hé',}".encode(),
            '\ufeff{"name":"hé"}'.encode("utf-16-le"),
            "\ufeff{“Name”:“hé”}".encode("utf-16-be"),
        ],
    )
    def test_every_encoding_and_spelling(self, body: bytes) -> None:
        assert read(body) == Post(name="hé")

    def test_what_is_not_json_is_refused_with_line_and_column(self) -> None:
        assert "body: is not readable as JSON at line 2, column 7: expected a value" in refused("{\nname: hi}")

    @pytest.mark.parametrize("body", ["[]", "5", '"x"', "null", "[{}]", "'x'", "True"])
    def test_what_is_no_object_is_refused(self, body: str) -> None:
        assert "body: must be an object" in refused(body)


class TestNames:
    @pytest.mark.parametrize("name", ["name", "Name", "NAME", "nAmE", "groupName", "GROUPNAME", "groupname", "nom"])
    def test_any_case_and_declared_spelling(self, name: str) -> None:
        assert read(f'{{"{name}": "a"}}').name == "a"

    def test_in_nested_shapes_too(self) -> None:
        body = '{"NAME":"a","Choices":[{"Title":"t","ImageURL":"u","x":1}],"FirstChoice":{"TITLE":"s"}}'
        assert read(body) == Post(name="a", choices=[Choice(title="t", image_url="u")], first_choice=Choice(title="s"))

    @pytest.mark.parametrize(
        "body",
        [
            '{"name":"a","Name":"b"}',
            '{"Name":"b","name":"a"}',
            '{"name":"a","groupName":"b"}',
            '{"NAME":"a","groupName":"b"}',
            '{"groupName":"b","NAME":"a"}',
            '{"NAME":"b","Name":"a"}',
            '{"name":null,"Name":"a"}',
            '{"Name":"a","name":null}',
            '{"name":"b","name":"a"}',
            "{name:'b',name:'a'}",
        ],
    )
    def test_the_best_fitting_name_wins_then_the_last(self, body: str) -> None:
        assert read(body).name == "a"

    def test_unknown_names_are_ignored(self) -> None:
        assert read('{"name":"a","zzz":{"x":[1,null]},"":0,"\\u0000":"\\u0000"}') == Post(name="a")

    def test_null_counts_as_absent(self) -> None:
        body = '{"name":"a","isPublic":null,"count":null,"members":["x",null],"headers":{"h":null},"unset":null}'
        assert read(body) == Post(name="a", members=["x"], headers={})
        assert "name: is required" in refused('{"name":null}')
        assert "firstChoice.title: is required" in refused('{"name":"a","firstChoice":{"title":null}}')
        assert "choices[1].title: is required" in refused('{"name":"a","choices":[{"title":"t"},{}]}')


class TestValues:
    @pytest.mark.parametrize(
        ("body", "field", "value"),
        [
            ('{"name":"a","isPublic":"True"}', "is_public", True),
            ('{"name":"a","isPublic":1}', "is_public", True),
            ('{"name":"a","count":"5"}', "count", 5),
            ('{"name":"a","count":5.0}', "count", 5),
            ('{"name":"a","count":-0}', "count", 0),
            ('{"name":"a","share":"0.5"}', "share", 0.5),
            ('{"name":"a","share":"1"}', "share", 1.0),
            ('{"name":12345}', "name", "12345"),
            ('{"name":true}', "name", "true"),
            ('{"name":"a","members":"x"}', "members", ["x"]),
            ('{"name":"a","members":"x, y,"}', "members", ["x", "y"]),
            ('{"name":"a","members":5}', "members", ["5"]),
            ('{"name":"a","members":""}', "members", []),
            ('{"name":"a","members":[]}', "members", []),
            ('{"name":"a","choices":{"title":"t"}}', "choices", [Choice(title="t")]),
            ('{"name":"a","headers":{"h":1}}', "headers", {"h": "1"}),
            ('{"name":"a","starts":5}', "starts", 5),
            ('{"name":"a","Starts":"5"}', "starts", "5"),
            ('{"name":"a","starts":true}', "starts", "true"),
            ('{"name":"a","groupType":"connectGROUP"}', "group_type", "ConnectGroup"),
            ('{"name":"a","role":"admin"}', "role", Role.ADMIN),
            ('{"name":"a","places":"1,2"}', "places", (1, 2)),
            ('{"Name":"a","actionBody":{"Title":null,"n":[1.5]}}', "action_body", {"Title": None, "n": [1.5]}),
        ],
    )
    def test_are_read_by_declared_type(self, body: str, field: str, value: object) -> None:
        found = getattr(read(body), field)
        assert found == value
        assert type(found) is type(value)

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ('{"name":[]}', "name: must be text (got: [])"),
            ('{"name":"a","isPublic":"maybe"}', "isPublic: must be true or false (got: maybe)"),
            ('{"name":"a","COUNT":"many"}', "count: must be a number (got: many)"),
            ('{"name":"a","count":1.5}', "count: must be a whole number (got: 1.5)"),
            ('{"name":"a","count":9223372036854775808}', "count: must be a whole number that fits 64 bits"),
            ('{"name":"a","places":[1,9223372036854775808]}', "places[1]: must be a whole number that fits 64 bits"),
            ('{"name":"a","starts":-9223372036854775809}', "starts: must be a whole number that fits 64 bits"),
            ('{"name":"a","share":' + "9" * 4000 + "}", "share: must be a finite number"),
            ('{"name":"a","share":1e400}', "line 1, column 21: must be a finite number"),
            ('{"name":"a","count":' + "9" * 5000 + "}", "must be a number of at most 400 characters"),
            ('{"name":"a","choices":"x"}', "choices[0]: must be an object (got: x)"),
            ('{"name":"a","headers":"x"}', "headers: must be an object (got: x)"),
            ('{"name":"a","headers":{"h":[]}}', "headers.h: must be text (got: [])"),
            ('{"name":"a","starts":{}}', "starts: must be a number"),
            ('{"name":"a","groupType":"Club"}', "groupType: must be one of ConnectGroup, Group (got: Club)"),
            ('{"name":"a","role":5}', "role: must be one of Admin, Member (got: 5)"),
            ('{"name":"a","note":"abcdef"}', "note: expected `str` of length <= 5 (got: abcdef)"),
            ('{"name":"a","isPublic":"' + "x" * 500 + '"}', "isPublic: must be true or false (got: xxxxx"),
        ],
    )
    def test_a_refusal_names_field_value_and_rule(self, body: str, message: str) -> None:
        assert message in refused(body)

    @pytest.mark.parametrize("count", [2**63 - 1, -(2**63)])
    def test_64_bits_are_taken(self, count: int) -> None:
        assert read(f'{{"name":"a","count":{count}}}').count == count


class TestCharactersNoTextMayHold:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (r'{"name":"a\u0000b"}', "name"),
            (r'{"Name":"a\u0000b"}', "name"),
            (b'{"name":"a\x00b"}', "name"),
            (r"{name:'\0'}", "name"),
            (r'{"name":"a","members":["b","\u0000"]}', "members[1]"),
            (r'{"name":"a","choices":[{"title":"\u0000"}]}', "choices[0].title"),
            (r'{"name":"a","headers":{"h":"\u0000"}}', "headers.h"),
            (r'{"name":"a","headers":{"\u0000":"h"}}', "headers"),
            (r'{"name":"a","actionBody":{"x":["\u0000"]}}', "actionBody"),
            (r'{"name":"a","actionBody":{"x\u0000":1}}', "actionBody"),
        ],
    )
    def test_nul_is_refused_by_field(self, body: str | bytes, field: str) -> None:
        assert f"{field}: must not hold a NUL character" in refused(body)

    @pytest.mark.parametrize(
        "body",
        [
            r'{"name":"a\ud83d"}',
            r'{"name":"\ude00"}',
            r"{'name':'\ud83d x'}",
            "\ufeff{name:'".encode("utf-16-le") + b"\x3d\xd8'\x00}\x00",
        ],
    )
    def test_half_of_a_surrogate_pair_is_refused_by_field(self, body: str | bytes) -> None:
        assert "name: must not hold half of a surrogate pair" in refused(body)

    def test_backslash_before_u0000_is_text(self) -> None:
        assert read(r'{"name":"\\u0000"}').name == r"\u0000"

    def test_whole_surrogate_pairs_are_text(self) -> None:
        assert read(r'{"name":"\ud83d\ude00"}').name == read(r"{'name':'\ud83d\ude00'}").name == "😀"


class TestDepth:
    @pytest.mark.parametrize(
        "template", ['{"name":"a","actionBody":%s}', '{"Name":"a","actionBody":%s}', "{name:'a',actionBody:%s}"]
    )
    def test_64_levels_are_read_and_65_refused(self, template: str) -> None:
        assert read(template % ("[" * 63 + "]" * 63)).action_body is not None
        message = refused(template % ("[" * 64 + "]" * 64))
        assert "64 levels" in message

    @pytest.mark.parametrize("levels", [1_000, 100_000])
    @pytest.mark.parametrize("strict_only", [True, False])
    def test_a_thousand_levels_are_refused(self, levels: int, strict_only: bool) -> None:
        nested = "[" * levels + "]" * levels
        assert "64 levels" in refused(f'{{"name":"a","actionBody":{nested}}}', strict_only=strict_only)
        assert "64 levels" in refused(f'{{"name":"a","unknown":{nested}}}', strict_only=strict_only)
        assert "64 levels" in refused(nested, strict_only=strict_only)

    def test_a_shape_that_holds_itself(self) -> None:
        body = "{}"
        for _ in range(31):
            body = f'{{"below":[{body}]}}'
        assert read_shape(body.encode(), Tree).below is not None
        assert "64 levels" in refused(f'{{"below":[{{"below":[{body}]}}]}}', Tree)

    def test_many_brackets_side_by_side_are_read(self) -> None:
        assert len(read('{"name":"a","actionBody":[%s[]]}' % ("[]," * 1_000)).action_body) == 1_001  # type: ignore[arg-type]


class TestStrictOnly:
    @pytest.mark.parametrize(
        ("body", "place"),
        [
            ("{name:'a'}", "line 1, column 2"),
            ('{"name":"a",\n"count":1,}', "line 2, column "),
            ('{"name":"a"} x', "line 1, column 14"),
            ('{"name":"a', "line 1, column 9"),
        ],
    )
    def test_refuses_what_is_not_json_with_line_and_column(self, body: str, place: str) -> None:
        assert place in refused(body, strict_only=True)

    @pytest.mark.parametrize("body", ['{"Name":"a","x":1}', '\ufeff{"name":"a"}', ""])
    def test_takes_names_and_encodings_still(self, body: str) -> None:
        if body:
            assert read_shape(body.encode(), Post, strict_only=True) == Post(name="a")
        else:
            assert read_shape(b"", Tree, strict_only=True) == Tree()

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ('{"name":"a","share":NaN}', "share: must be a finite number"),
            ('{"name":"a","share":1e400}', "share: must be a finite number"),
            ('{"name":"a","actionBody":[1e400]}', "actionBody: must not hold a number that is not finite"),
            ('{"name":"a","count":' + "9" * 5000 + "}", "body: must not hold a number of thousands of digits"),
            (r'{"name":"\ud83d"}', "name: must not hold half of a surrogate pair"),
        ],
    )
    def test_names_the_field_where_it_can(self, body: str, message: str) -> None:
        assert message in refused(body, strict_only=True)


class TestSize:
    def test_strict_json_has_no_limit_of_its_own(self) -> None:
        assert len(read('{"Name":"%s"}' % ("x" * 300_000)).name) == 300_000

    def test_what_is_not_json_is_read_up_to_256_kb(self) -> None:
        assert "line 1, column 2" in refused("{name:'%s'}" % ("x" * 300_000))
        assert "read up to 256 kB" in refused("{name:'%s'}" % ("x" * 300_000))


class TestShapes:
    def test_a_shape_must_forbid_unknown_fields(self) -> None:
        class Careless(msgspec.Struct):
            a: str | None = None

        with pytest.raises(TypeError, match="must forbid unknown fields"):
            read_shape(b"{}", Careless)

    def test_a_shape_has_each_name_once(self) -> None:
        class Doubled(msgspec.Struct, forbid_unknown_fields=True):
            a: str | None = None
            A: str | None = None

        with pytest.raises(TypeError, match="two fields named A"):
            read_shape(b"{}", Doubled)

    @pytest.mark.parametrize("spellings", [{"b": "c"}, {"A": "a"}])
    def test_a_spelling_leads_to_a_field_and_is_none_itself(self, spellings: dict[str, str]) -> None:
        shape = msgspec.defstruct(
            "Spelled", [("a", int, 0)], namespace={"spellings": spellings}, forbid_unknown_fields=True
        )
        with pytest.raises(TypeError, match="cannot spell"):
            read_shape(b"{}", shape)

    @pytest.mark.parametrize("declared", [bytes, msgspec.Raw, complex])
    def test_types_that_requests_cannot_hold_are_refused(self, declared: type) -> None:
        shape = msgspec.defstruct("Odd", [("a", declared)], forbid_unknown_fields=True)
        for _ in range(2):
            with pytest.raises(TypeError, match="requests cannot hold"):
                read_shape(b"{}", shape)


class TestReadPart:
    def test_reads_a_parsed_part_with_the_same_leniency(self) -> None:
        assert read_part({"TITLE": 5, "x": None}, Choice, "actionBody") == Choice(title="5")

    @pytest.mark.parametrize(
        ("part", "message"), [({}, "actionBody.title: is required"), ("x", "actionBody: must be an object")]
    )
    def test_a_refusal_names_the_place(self, part: object, message: str) -> None:
        with pytest.raises(InvalidParameters, match=message):
            read_part(part, Choice, "actionBody")

    def test_the_shapes_own_bounds_name_the_place_too(self) -> None:
        with pytest.raises(InvalidParameters, match=r"actionBody\.note: expected"):
            read_part({"name": "a", "note": "abcdef"}, Post, "actionBody")
