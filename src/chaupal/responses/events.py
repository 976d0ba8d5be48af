"""The events of answers: one for each answer and each change of one.

Of an anonymous answer there are two: `ActionAnswered`, which comes with it and names the action alone, and the answer's
own, which comes later and says neither who nor when; see `anonymity`. Its actor is "".
"""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def survey_response(
    group_id: str, response_id: str, *, action_id: str, actor_id: str, via_group_id: str, is_update: bool
) -> Event:
    """Someone answered a survey, or changed an answer."""
    return Event(
        event_type=EventType.SURVEY_RESPONSE,
        object_id=response_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"actionId": action_id, "viaGroupId": via_group_id, "isUpdate": is_update},
    )


def job_response(
    group_id: str, response_id: str, *, action_id: str, actor_id: str, via_group_id: str, is_update: bool
) -> Event:
    """Someone to whom a job is assigned said whether it is done."""
    return Event(
        event_type=EventType.JOB_RESPONSE,
        object_id=response_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"actionId": action_id, "viaGroupId": via_group_id, "isUpdate": is_update},
    )


def poll_response(
    group_id: str, response_id: str, *, action_id: str, actor_id: str, via_group_id: str, is_update: bool
) -> Event:
    """Someone answered a poll, or changed an answer."""
    return Event(
        event_type=EventType.POLL_RESPONSE,
        object_id=response_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"actionId": action_id, "viaGroupId": via_group_id, "isUpdate": is_update},
    )


def lets_meet_response(
    group_id: str, response_id: str, *, action_id: str, actor_id: str, via_group_id: str, is_update: bool
) -> Event:
    """Someone answered an invitation to meet, or changed an answer."""
    return Event(
        event_type=EventType.LETS_MEET_RESPONSE,
        object_id=response_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={"actionId": action_id, "viaGroupId": via_group_id, "isUpdate": is_update},
    )


def action_response(
    group_id: str,
    response_id: str,
    *,
    action_id: str,
    action_type: str,
    actor_id: str,
    via_group_id: str,
    is_update: bool,
) -> Event:
    """Someone answered an instance of a package, or an action of a type that has no event of its own for it."""
    return Event(
        event_type=EventType.ACTION_RESPONSE,
        object_id=response_id,
        group_id=group_id,
        actor_id=actor_id,
        facts={
            "actionId": action_id,
            "actionType": action_type,
            "viaGroupId": via_group_id,
            "isUpdate": is_update,
        },
    )


def action_answered(group_id: str, action_id: str) -> Event:
    """Someone answered an anonymous survey; the event of the answer itself comes later."""
    return Event(event_type=EventType.ACTION_ANSWERED, object_id=action_id, group_id=group_id)


def past_responses_added(group_id: str, action_id: str, *, response_count: int) -> Event:
    """Answers were brought along from an action's past elsewhere; one event for however many."""
    return Event(
        event_type=EventType.HISTORY_IMPORTED,
        object_id=group_id,
        group_id=group_id,
        facts={"actionId": action_id, "responseCount": response_count},
    )
