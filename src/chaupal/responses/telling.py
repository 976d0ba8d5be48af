"""Which event tells of an answer: that depends on the type of the action."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chaupal.events.catalogue import Event
from chaupal.responses.events import (
    action_response,
    job_response,
    lets_meet_response,
    poll_response,
    survey_response,
)

_MAKERS: dict[str, Callable[..., Event]] = {
    "Survey": survey_response,
    "Job": job_response,
    "Poll": poll_response,
    "LetsMeet": lets_meet_response,
}


def maker_of(action_type: str) -> Callable[..., Event]:
    """(group id, response id, action_id=..., actor_id=..., ...) -> the event."""
    return _MAKERS.get(action_type) or partial(action_response, action_type=action_type)
