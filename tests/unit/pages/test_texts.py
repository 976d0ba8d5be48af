"""The catalogue of texts: every text in every language, with the same values in it, and no text without a use."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import chaupal
from chaupal.auth.permissions import Permission
from chaupal.oauth.progress import Problem
from chaupal.pages.languages import DEFAULT_LANGUAGE, LANGUAGES, Texts, read_catalogue

SOURCE = Path(chaupal.__file__).parent


def values_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


class TestCatalogue:
    def test_every_text_is_there_in_every_language(self) -> None:
        assert {
            key: sorted(texts) for key, texts in read_catalogue().items() if sorted(texts) != sorted(LANGUAGES)
        } == {}

    def test_no_text_is_empty_or_has_blanks_at_its_ends(self) -> None:
        texts = [text for each in read_catalogue().values() for text in each.values()]
        assert [text for text in texts if not text or text != text.strip()] == []

    def test_a_text_has_the_same_values_in_every_language(self) -> None:
        for key, texts in read_catalogue().items():
            assert len({frozenset(values_in(text)) for text in texts.values()}) == 1, key

    def test_texts_in_hindi_are_in_its_script(self) -> None:
        for key, texts in read_catalogue().items():
            if key != "pin_label":  # PIN is PIN
                assert re.search("[\u0900-\u097f]", texts["hi"]), key

    def test_every_text_that_is_used_is_there_and_every_other_is_not(self) -> None:
        pattern = re.compile(r"""text\(\s*f?["'](\w+)["'{]""")
        files = [*(SOURCE / "oauth").glob("s*.py"), *(SOURCE / "pages").rglob("*.html")]
        used = {key for file in files for key in pattern.findall(file.read_text())}
        used |= {problem.value for problem in Problem if problem.value}
        used |= {f"permission_{permission.name.lower()}" for permission in Permission}
        used.discard("permission_")
        assert used == set(read_catalogue())


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [(1, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (3_601, "61 minutes"), (80_000, "23 hours")],
    )
    def test_it_is_rounded_up(self, seconds: int, words: str) -> None:
        assert Texts(DEFAULT_LANGUAGE).duration(seconds) == words

    def test_it_is_in_words_of_the_language(self) -> None:
        assert [Texts(language).duration(600) for language in LANGUAGES] == ["10 minutes", "10 minutes", "10 मिनट"]


class TestTexts:
    def test_values_are_filled_in(self) -> None:
        assert Texts("fr")("consent_title", connector="Rota {x}") == "Autoriser Rota {x} ?"
