"""What an action may hold at most, and the refusals that say so. Characters are Unicode code points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from chaupal.errors import InvalidParameters

# Kaizala's own forms had 32 characters, which packages exceed everywhere with whole sentences for titles.
TITLE_MAX_CHARS: Final = 1_000
# As long as a message: an announcement is one.
TEXT_MAX_CHARS: Final = 4_000
NAME_MAX_CHARS: Final = 200
# A form of more is not answered on a telephone, and each answer carries all questions to the webhooks.
QUESTIONS_MAX: Final = 100
OPTIONS_MAX: Final = 100
CHOICES_MIN: Final = 2
CHOICES_MAX: Final = 10
ITEMS_MAX: Final = 100
PARTS_MAX: Final = 50
PROPERTIES_MAX: Final = 100
# Leaderboards hold whole tables in one property.
PROPERTY_MAX_CHARS: Final = 32_000
MEDIA_MAX: Final = 10
ASSIGNEES_MAX: Final = 1_000
# A webhook's body stays under 96 kB (contract, section 11), and holds this, the frame, links of media and answers.
CONTENT_MAX_BYTES: Final = 60_000
HOURS_MAX: Final = 10 * 366 * 24
# Whoever forgets that they share their location is not followed for longer than a working day.
LIVE_MAX_MIN: Final = 8 * 60
DURATION_MAX_MIN: Final = 366 * 24 * 60

DEFAULT_DUE_HOURS: Final = 24
DEFAULT_POLL_HOURS: Final = 720
DEFAULT_LIVE_MIN: Final = 60
DEFAULT_MEETING_MIN: Final = 30

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000


class NamedValue(Protocol):
    """A property, in any of its forms."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def value(self) -> str:
        """Its value as text."""


def checked_title(field: str, text: str, limit_chars: int = TITLE_MAX_CHARS) -> str:
    """The text without blanks around it.

    Raises:
        InvalidParameters: nothing but blanks, or too long.
    """
    text = text.strip()
    if not text:
        raise InvalidParameters(field=field, value=text, rule="must not be empty")
    return checked_text(field, text, limit_chars)


def checked_text(field: str, text: str | None, limit_chars: int = TEXT_MAX_CHARS) -> str:
    """The text as it is; "" for None.

    Raises:
        InvalidParameters: too long.
    """
    if text is None:
        return ""
    if len(text) > limit_chars:
        rule = f"must be at most {limit_chars} characters, not {len(text)}"
        raise InvalidParameters(field=field, value=text, rule=rule)
    return text


def check_count(field: str, items: Sequence[object], *, least: int, most: int) -> None:
    """Raise InvalidParameters where there are too few or too many."""
    if not least <= len(items) <= most:
        rule = (
            f"must have {least} to {most} entries, not {len(items)}" if least else f"must have at most {most} entries"
        )
        raise InvalidParameters(field=field, value=len(items), rule=rule)


def checked_hours(field: str, hours: float | None, default: float) -> int:
    """Hours as milliseconds, the default where none are given.

    Raises:
        InvalidParameters: none at all, or more than ten years.
    """
    return round(_within(field, default if hours is None else hours, HOURS_MAX, "hours") * HOUR_MS)


def checked_minutes(field: str, minutes: float | None, *, default: int, most: int) -> int:
    """Whole minutes, the default where none are given.

    Raises:
        InvalidParameters.
    """
    return max(1, round(_within(field, default if minutes is None else minutes, most, "minutes")))


def bytes_of_properties(properties: Iterable[NamedValue]) -> int:
    """The size of names and values, in UTF-8."""
    return sum(len(each.name.encode()) + len(each.value.encode()) for each in properties)


def _within(field: str, number: float, most: int, unit: str) -> float:
    if not 0 < number <= most:
        raise InvalidParameters(field=field, value=number, rule=f"must be more than 0 and at most {most} {unit}")
    return number
