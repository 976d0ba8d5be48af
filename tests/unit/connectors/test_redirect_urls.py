"""Which addresses a sign-in may lead back to: they end up in headers of answers, letter for letter."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.connectors.rules import REDIRECT_URL_MAX_CHARS, _is_redirect_url


class TestRedirectUrl:
    @pytest.mark.parametrize(
        "url",
        [
            "https://app.example.org/callback",
            "https://app.example.org",
            "https://app.example.org:8443/cb?tab=1&x=%20",
            "http://localhost:3000/cb",
            "http://[::1]:3000/cb",
            "com.example.app:/oauth",
            "com.example.app:",
            "https://a.example/" + "x" * (REDIRECT_URL_MAX_CHARS - 18),
        ],
    )
    def test_these_may_be_registered(self, url: str) -> None:
        assert _is_redirect_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "app.example.org/callback",
            "/callback",
            "//app.example.org/callback",
            "https:",
            "https:///callback",
            "https://user@app.example.org/",
            "https://user:secret@app.example.org/",
            "https://app.example.org/#part",
            "https://app.example.org/a b",
            "https://app.example.org/\r\nSet-Cookie: a=b",
            "https://app.example.org/é",
            "https://app.example.org;script-src *",
            "https://app.example.org:99999/",
            "https://app.example.org:x/",
            "https://[::1",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "myapp://callback",
            "com.example.app://evil.example/cb",
            "https://a.example/" + "x" * (REDIRECT_URL_MAX_CHARS - 17),
        ],
    )
    def test_these_may_not(self, url: str) -> None:
        assert not _is_redirect_url(url)

    @given(st.text(alphabet=st.sampled_from("https:/.aB@;,\\ \r\n#?[]'\"<>%é\x00x1"), max_size=40))
    def test_what_may_is_of_use_in_a_header_and_names_its_host(self, text: str) -> None:
        for url in (text, "https://" + text, "https://a.example/" + text):
            if _is_redirect_url(url):
                assert url.isascii()
                assert url.isprintable()
                assert not set(url) & set(' #"<>\\')
                parts = urlsplit(url)
                assert "@" not in parts.netloc
                assert not set(";,'") & set(parts.netloc + parts.scheme)
