"""The comparison of samples notices what it is there to notice."""

from __future__ import annotations

import pytest

from tests.docs.samples import Bindings, Differs

ID, OTHER_ID = "01a20bfa-3592-7172-b065-c79602501c2d", "01a20bfa-35d6-77c8-8ad4-c8d03de1ea74"


class TestCompare:
    @pytest.mark.parametrize(
        ("shown", "real"),
        [
            ({"a": 1}, {"a": 1}),
            ({"a": 1, "…": "…"}, {"a": 1, "b": 2}),
            ({"at": "2026-11-24T05:14:36.885Z"}, {"at": "2027-01-01T00:00:00.000Z"}),
            ({"expiry": 1795583676000}, {"expiry": 1800000000000}),
            (["q1v…"], ["anything"]),
            ({"id": ID, "again": ID}, {"id": OTHER_ID, "again": OTHER_ID}),
        ],
    )
    def test_equal(self, shown: object, real: object) -> None:
        Bindings().compare(shown, real)

    @pytest.mark.parametrize(
        ("shown", "real"),
        [
            ({"a": 1}, {"a": 1, "b": 2}),
            ({"a": 1, "…": "…"}, {"b": 2}),
            ({"a": 1}, {"a": True}),
            ({"a": "x"}, {"a": "y"}),
            ({"a": []}, {"a": ["one more"]}),
            ({"at": "2026-11-24T05:14:36.885Z"}, {"at": "2026-11-24T05:14:36Z"}),
            ({"expiry": 1795583676000}, {"expiry": 1795583676}),
            (["q1v…"], [""]),
            ({"id": ID}, {"id": "no GUID"}),
            ({"id": ID, "again": ID}, {"id": ID, "again": OTHER_ID}),
        ],
    )
    def test_different(self, shown: object, real: object) -> None:
        with pytest.raises(Differs):
            Bindings().compare(shown, real)

    def test_what_was_bound_is_filled_into_requests(self) -> None:
        bindings = Bindings()
        bindings.compare({"id": ID, "cursor": "2SQw…"}, {"id": OTHER_ID, "cursor": "next"})
        assert bindings.fill(f"/{ID.upper()}?cursor=2SQw…") == f"/{OTHER_ID.upper()}?cursor=next"
