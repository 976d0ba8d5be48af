"""How much of what was matched goes into one write."""

from __future__ import annotations

import pytest

from chaupal.webhooks.delivering.matching import Matched, pieces_of
from chaupal.webhooks.delivering.queries import NewDelivery


def matched(events: int, webhooks: int, *, has_more: bool = False) -> Matched:
    """So many events, each for so many webhooks."""
    deliveries = [
        NewDelivery(
            delivery_id=f"{position}-{webhook}",
            webhook_id=f"{webhook}",
            lane="group",
            position=position,
            event_id=f"{position}",
            event_type="TextMessageCreated",
            origin="event",
            state="waiting",
            body=b"{}",
            body_bytes=2,
            happened_at_ms=0,
            created_at_ms=0,
            finished_at_ms=None,
        )
        for position in range(11, 11 + events)
        for webhook in range(webhooks)
    ]
    return Matched(10, 10 + events, deliveries, ["revoked"], has_more=has_more)


@pytest.mark.parametrize(
    ("is_beside", "has_more", "sizes"),
    [
        (False, False, [20] * 10),
        (False, True, [20] * 10),
        (True, False, [50] * 4),
        (True, True, [200]),
    ],
)
def test_it_goes_in_short_pieces_and_beside_the_calls_in_long_ones_while_there_is_more(
    *, is_beside: bool, has_more: bool, sizes: list[int]
) -> None:
    whole = matched(20, 10, has_more=has_more)
    pieces = pieces_of(whole, is_beside=is_beside)
    assert [len(piece.deliveries) for piece in pieces] == sizes
    assert [each for piece in pieces for each in piece.deliveries] == whole.deliveries
    assert [piece.from_position for piece in pieces] == [10, *(piece.until_position for piece in pieces[:-1])]
    assert pieces[-1].until_position == 30
    assert [piece.revoked for piece in pieces[:-1]] == [[]] * (len(pieces) - 1)
    assert pieces[-1].revoked == ["revoked"]


def test_all_of_one_event_is_in_one_piece() -> None:
    assert [len(piece.deliveries) for piece in pieces_of(matched(3, 70), is_beside=True)] == [70, 70, 70]
