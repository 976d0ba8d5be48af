"""The languages of the pages: which there are, which one a reader gets, and their texts.

All texts are in one catalogue, `texts.toml`, each in every language. Nothing here knows what a text is for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

LANGUAGES: dict[str, str] = {"en": "English", "fr": "Français", "hi": "हिन्दी"}
"""The code of each language, and its name in itself."""

DEFAULT_LANGUAGE = "en"
_UNITS = (("hour", 3_600), ("minute", 60))
_ACCEPTED_MAX = 20
"""A browser names a handful of languages; more are not looked at."""


def choose_language(asked: str, accepted: str) -> str:
    """The language that the reader asked for, else the best of what their browser accepts."""
    if asked in LANGUAGES:
        return asked
    best, best_weight = DEFAULT_LANGUAGE, 0.0
    for entry in accepted.split(",")[:_ACCEPTED_MAX]:
        tag, _, parameters = entry.partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameters)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


@cache
def read_catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every text: key -> language -> text. Values to be filled in stand in braces."""
    source = files("chaupal.pages").joinpath("texts.toml").read_text("utf-8")
    catalogue: dict[str, dict[str, str]] = tomllib.loads(source)
    return catalogue


class Texts:
    """The texts in one language. Called by templates: `text("key", name=value)`."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, /, **values: object) -> str:
        """The text, not yet escaped; the template does that."""
        return read_catalogue()[key][self.language].format(**values)

    def duration(self, seconds: int) -> str:
        """A length of time in words, rounded up: "5 minutes". There are at least two of a unit: little is lost."""
        from babel.units import format_unit

        unit, unit_s = next(((unit, size) for unit, size in _UNITS if seconds >= 2 * size), ("second", 1))
        return format_unit(-(-seconds // unit_s), f"duration-{unit}", locale=self.language)
