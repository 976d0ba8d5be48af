"""The events of tokens."""

from __future__ import annotations

from chaupal.events.catalogue import Event, EventType


def token_granted(grant_id: str, *, user_id: str, connector_id: str, kind: str, group_id: str) -> Event:
    """A refresh token was made."""
    return Event(
        event_type=EventType.TOKEN_GRANTED,
        object_id=grant_id,
        group_id=group_id,
        actor_id=user_id,
        facts={"connectorId": connector_id, "kind": kind},
    )


def token_revoked(grant_id: str, *, user_id: str, group_id: str) -> Event:
    """A refresh token and the access tokens made from it have stopped."""
    return Event(event_type=EventType.TOKEN_REVOKED, object_id=grant_id, group_id=group_id, actor_id=user_id)
