"""How it is told who is in a group, and where a group lies. Contract, section 11 (MemberAdded, GroupAdded, ...).

`GroupAdded` and `GroupRemoved` tell of a group below the one they happen in, as Kaizala's did; of a new or deleted
group itself they tell with an empty `parentGroupId`.
"""

from __future__ import annotations

from typing import Any

from chaupal.auth.access import SUBSCRIBER
from chaupal.events.catalogue import EventType
from chaupal.events.log import StoredEvent
from chaupal.happenings.forms import Happening, Told, placed, told_by
from chaupal.happenings.known import Known

TOLD_AS = {
    EventType.SUBGROUP_ADDED.value: EventType.GROUP_ADDED.value,
    EventType.SUBGROUP_REMOVED.value: EventType.GROUP_REMOVED.value,
}


def tell_member(known: Known, event: StoredEvent) -> Told:
    """Someone who became a member or subscriber, is one no more, or has another role."""
    person = known.people.find(event.object_id)
    role = str(event.facts.get("type", ""))
    number, name, picture = (
        (person.mobile_number, person.name, person.profile_pic) if person is not None else ("", "", "")
    )
    data: dict[str, Any] = {
        "member": number,
        "memberId": event.object_id,
        "memberName": name,
        "memberProfilePic": picture,
        "type": role,
        "groupId": event.group_id,
        "sourceGroupId": event.group_id,
    }
    happening = Happening(
        **placed(event, event_id=known.event_id(event)),
        **told_by(known.people.find(event.actor_id)),
        group_id=event.group_id,
        source_group_id=event.group_id,
        data=data,
        # One real receiver reads them there (contract, section 11).
        top_level={"member": number, "memberName": name, "type": role, "profilePic": picture},
    )
    return Told(
        happening=happening,
        about_group_id=event.group_id,
        person_id=event.object_id,
        is_by_subscriber=role == SUBSCRIBER,
    )


def tell_group(known: Known, event: StoredEvent) -> Told | None:
    """A group that was made or deleted, or put below another or taken away from there."""
    group = known.groups.find(event.object_id)
    if group is None:
        return None
    is_of_itself = event.object_id == event.group_id
    data = {
        "groupId": group.group_id,
        "groupName": group.name,
        "groupType": group.group_type,
        "parentGroupId": "" if is_of_itself else event.group_id,
        "sourceGroupId": event.group_id,
    }
    actor = known.people.find(event.actor_id)
    happening = Happening(
        **placed(
            event,
            event_id=known.event_id(event),
            event_type=TOLD_AS.get(event.event_type, event.event_type),
        ),
        **told_by(actor),
        group_id=event.group_id,
        source_group_id=event.group_id,
        data=data,
    )
    maker_id = event.actor_id if event.event_type == EventType.GROUP_ADDED else ""
    return Told(happening=happening, about_group_id=event.group_id, person_id=maker_id)
