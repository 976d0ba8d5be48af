"""What receivers are asked, and which answers prove them."""

from __future__ import annotations

import pytest

from chaupal.webhooks.proving import is_echo, make_validation_token, validation_url


class TestValidationUrl:
    @pytest.mark.parametrize(
        ("url", "asked"),
        [
            ("https://a.example/x", "https://a.example/x?validationToken=123"),
            ("https://a.example", "https://a.example?validationToken=123"),
            ("https://a.example/x?sig=%2B", "https://a.example/x?sig=%2B&validationToken=123"),
            ("https://a.example/x?", "https://a.example/x?validationToken=123"),
            ("https://a.example/x?a=b&", "https://a.example/x?a=b&validationToken=123"),
            ("https://a.example/x#part", "https://a.example/x?validationToken=123"),
        ],
    )
    def test_has_one_more_parameter(self, url: str, asked: str) -> None:
        assert validation_url(url, "123") == asked

    def test_the_token_is_15_digits_that_json_reads_as_a_number(self) -> None:
        tokens = {make_validation_token() for _ in range(1_000)}
        assert len(tokens) == 1_000
        assert all(token.isdigit() and len(token) == 15 and token[0] != "0" for token in tokens)


class TestIsEcho:
    @pytest.mark.parametrize("body", [b"123", b'"123"', b" 123\r\n", b'\xef\xbb\xbf"123"', b'"123" '])
    def test_the_token_itself(self, body: bytes) -> None:
        assert is_echo(body, "123")

    @pytest.mark.parametrize("body", [b"", b"1234", b"'123'", b'""123""', b'{"validationToken": "123"}', b"\xff123"])
    def test_nothing_else(self, body: bytes) -> None:
        assert not is_echo(body, "123")
