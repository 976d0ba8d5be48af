"""Instants as answers give them, held to Python's own formatting."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.wire.instants import write_instant, write_second
from chaupal.wire.values import read_instant

# From the year 1000 on: below, Python's formatting depends on the system.
INSTANTS = st.integers(-30_610_224_000_000, 253_402_300_799_999)


class TestWriteInstant:
    @pytest.mark.parametrize(
        ("at_ms", "written"),
        [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_496_767_089, "2026-11-24T05:06:07.089Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        ],
    )
    def test_it_is_utc_with_milliseconds(self, at_ms: int, written: str) -> None:
        assert write_instant(at_ms) == written
        assert read_instant(written) == at_ms

    @given(INSTANTS)
    def test_as_python_formats_it(self, at_ms: int) -> None:
        seconds, milliseconds = divmod(at_ms, 1000)
        formatted = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
        assert write_instant(at_ms) == f"{formatted}.{milliseconds:03d}Z"
        assert write_second(at_ms) == f"{formatted}Z"
