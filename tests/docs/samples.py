"""Samples of the documents, compared with what really happens.

A sample shows ids, times and secrets as an example. The first time one is met it is bound to what came instead; after
that it stands for this, in requests as well. `…` stands for what the reader need not see: `{"…": "…"}` for further
fields, a text that ends in it for any text.
"""

from __future__ import annotations

import re
from typing import Any

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_EPOCH_MS = 10**12
_EPOCH_S = 10**9
_FURTHER = "…"


class Differs(AssertionError):
    """An answer is not what its sample shows."""


class Bindings:
    """What the examples of one page stand for."""

    def __init__(self, known: dict[str, str] | None = None) -> None:
        self._real = dict(known or {})

    def fill(self, text: str) -> str:
        """The text with examples replaced by what they stand for; a GUID in capitals by one in capitals."""
        for example, real in sorted(self._real.items(), key=lambda item: -len(item[0])):
            text = text.replace(example, real)
            if _GUID.fullmatch(example):
                text = text.replace(example.upper(), real.upper())
        return text

    def bind(self, example: str, real: str) -> None:
        self._real[example] = real

    def compare(self, shown: Any, real: Any, place: str = "answer") -> None:
        """Pass where the answer is what the sample shows.

        Raises:
            Differs.
        """
        match shown:
            case dict():
                self._compare_objects(shown, real, place)
            case list():
                self._compare_lists(shown, real, place)
            case str():
                self._compare_texts(shown, real, place)
            case int() if shown >= _EPOCH_MS:
                _check(isinstance(real, int) and real >= _EPOCH_MS, place, "milliseconds since 1970", real)
            case int() if shown >= _EPOCH_S:
                _check(isinstance(real, int) and _EPOCH_S <= real < _EPOCH_MS, place, "seconds since 1970", real)
            case _:
                _check(type(shown) is type(real) and shown == real, place, shown, real)

    def _compare_objects(self, shown: dict[str, Any], real: Any, place: str) -> None:
        _check(isinstance(real, dict), place, "an object", real)
        named = {name: value for name, value in shown.items() if name != _FURTHER}
        if named.keys() == shown.keys():
            _check(shown.keys() == real.keys(), place, sorted(shown), sorted(real))
        for name, value in named.items():
            _check(name in real, place, f"a field {name}", sorted(real))
            self.compare(value, real[name], f"{place}.{name}")

    def _compare_lists(self, shown: list[Any], real: Any, place: str) -> None:
        _check(isinstance(real, list) and len(real) == len(shown), place, f"{len(shown)} items", real)
        for index, (one, other) in enumerate(zip(shown, real, strict=True)):
            self.compare(one, other, f"{place}[{index}]")

    def _compare_texts(self, shown: str, real: Any, place: str) -> None:
        _check(isinstance(real, str), place, "a text", real)
        if _TIME.fullmatch(shown):
            _check(_TIME.fullmatch(real) is not None, place, "a time", real)
        elif _SECOND.fullmatch(shown):
            _check(_SECOND.fullmatch(real) is not None, place, "a time without a fraction", real)
        elif _GUID.fullmatch(shown):
            _check(_GUID.fullmatch(real) is not None, place, "a GUID", real)
            _check(self._real.setdefault(shown, real) == real, place, self._real[shown], real)
        elif shown.endswith(_FURTHER):
            _check(bool(real), place, "some text", real)
            self._real[shown] = real
        else:
            _check(self.fill(shown) == real, place, shown, real)


def _check(is_so: bool, place: str, shown: object, real: object) -> None:
    if not is_so:
        raise Differs(f"{place}: the sample shows {shown!r}, the answer is {real!r}")
