import pytest

from chaupal.errors import InvalidParameters
from chaupal.wire.text import decode_body


class TestDecodeBody:
    def test_utf_8_is_read_as_it_is(self) -> None:
        assert decode_body("नमस्ते 😀".encode()) == "नमस्ते 😀"

    def test_utf_8_byte_order_mark_is_dropped(self) -> None:
        assert decode_body("é".encode("utf-8-sig")) == "é"

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_utf_16_with_byte_order_mark(self, encoding: str) -> None:
        assert decode_body("\ufeff{é😀}".encode(encoding)) == "{é😀}"

    def test_utf_16_half_pair_comes_through_for_the_reader_to_name(self) -> None:
        assert decode_body(b"\xff\xfe\x3d\xd8a\x00") == "\ud83da"

    def test_utf_16_that_ends_inside_a_character_is_refused(self) -> None:
        with pytest.raises(InvalidParameters, match="UTF-16 text that ends inside a character"):
            decode_body(b"\xff\xfea\x00b")

    def test_what_is_not_utf_8_is_windows_1252(self) -> None:
        assert decode_body(b"caf\xe9 \x80 \x93x\x94") == "café € “x”"

    def test_windows_1252_reads_every_byte(self) -> None:
        decoded = decode_body(bytes(range(256)))
        assert len(decoded) == 256
        assert decoded[0x81] == "\x81"
