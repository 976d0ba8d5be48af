"""How it is told that someone answered an action, or reacted to something. Contract, sections 9 and 11."""

from __future__ import annotations

from typing import Any

import msgspec

from chaupal.actions import contents as actions
from chaupal.actions.media import resources_in_properties
from chaupal.actions.reading import WholeAction
from chaupal.actions.results import results_for
from chaupal.events.log import StoredEvent
from chaupal.happenings.answers import system_entries, tell_answers
from chaupal.happenings.forms import Happening, Told, placed, told_by
from chaupal.happenings.known import Known
from chaupal.happenings.sent import package_of, properties_of
from chaupal.people.rules import Person
from chaupal.reactions.rules import COMMENT
from chaupal.responses.contents import read_content, resources_in
from chaupal.responses.reading import Response
from chaupal.timelines.rules import Item


def tell_response(known: Known, event: StoredEvent) -> Told | None:
    """An answer, or the change of one. The event id of a first answer is its responseId.

    Nothing where the action was retracted: its answers are erased.
    """
    response = known.responses.find(event.object_id)
    whole = known.whole_action(str(event.facts["actionId"])) if response is not None else None
    if response is None or whole is None:
        return None
    action = whole.action
    responder = known.people.find(response.responder_id)
    is_update = bool(event.facts.get("isUpdate"))
    group_id = response.group_id if responder is not None else action.group_id
    places = {"groupId": group_id, "sourceGroupId": action.group_id}
    event_id = known.event_id(event) if is_update else response.response_id
    data = _data_of(known, _Answer(whole, response, responder, is_update))
    happening = Happening(
        **placed(event, event_id=event_id),
        **told_by(responder),
        group_id=group_id,
        source_group_id=action.group_id,
        action_id=action.action_id,
        package_id=action.package_id,
        data={**data, **places},
        results_for=results_for(action),
        sender_id=action.sender_id,
        is_of_presence=isinstance(whole.content, actions.AttendanceContent),
    )
    item = Item(*action[:4])
    return Told(
        happening=happening,
        item=item,
        recipients=known.recipients_of(item),
        answered=action,
        person_id=response.responder_id,
    )


class _Answer(msgspec.Struct, frozen=True):
    """An answer with what it answers, and who has given it; None of an anonymous one."""

    whole: WholeAction
    response: Response
    responder: Person | None
    is_update: bool


def _data_of(known: Known, answer: _Answer) -> dict[str, Any]:
    whole, response, responder = answer.whole, answer.response, answer.responder
    action, content = whole.action, whole.content
    data: dict[str, Any] = {"actionId": action.action_id, "responseId": response.response_id}
    if isinstance(content, actions.JobContent):
        return {**data, "title": content.title, "responseDetails": {"response": _of_assignee(response, responder)}}
    media = known.shown_media(resources_of_answer(whole, response))
    entries = tell_answers(content, response, media)
    if action.action_type == "Survey":
        at_ms = response.updated_at_ms or response.responded_at_us // 1000
        entries += system_entries(response, responder, at_ms=at_ms)
    if action.action_type in ("Poll", "LetsMeet"):
        data["title"] = content.title
    return {
        **data,
        "isUpdateResponse": answer.is_update,
        "responder": responder.mobile_number if responder is not None else "",
        "responderId": responder.user_id if responder is not None else "",
        "responderName": responder.name if responder is not None else "",
        "responderProfilePic": responder.profile_pic if responder is not None else "",
        "creatorId": action.sender_id,
        "isAnonymous": action.is_anonymous,
        "responseDetails": {"responseWithQuestions": entries},
        **package_of(action),
        "properties": properties_of(whole, media),
    }


def resources_of_answer(whole: WholeAction, response: Response) -> list[str]:
    """The mediaResources that are told of an answer."""
    if isinstance(whole.content, actions.JobContent):
        return []
    return resources_in(whole.content, read_content(response.answers)) + resources_in_properties(whole.properties)


def _of_assignee(response: Response, responder: Person | None) -> dict[str, Any]:
    return {
        "assignee": responder.mobile_number if responder is not None else "",
        "assigneeName": responder.name if responder is not None else "",
        "assigneeProfilePic": responder.profile_pic if responder is not None else "",
        "isCompleted": response.is_completed,
    }


def tell_reaction(known: Known, event: StoredEvent) -> Told | None:
    """A like or comment, or that one was taken back; of the former nothing where it was taken back since."""
    reaction = known.reactions.find(event.object_id)
    found = known.item(reaction.item_id) if reaction is not None else None
    if reaction is None or found is None:
        return None
    is_creation = event.event_type == "ReactionCreated"
    if is_creation and (reaction.is_removed or found[1]):
        return None
    data: dict[str, Any] = {"reactionId": reaction.reaction_id, "referenceId": reaction.item_id}
    if is_creation:
        data["reactionType"] = reaction.reaction_type
        if reaction.reaction_type == COMMENT:
            data["comment"] = reaction.comment
    actor = known.people.find(event.actor_id)
    event_id = reaction.reaction_id if is_creation else known.event_id(event)
    happening = Happening(
        **placed(event, event_id=event_id),
        **told_by(actor),
        group_id=reaction.via_group_id,
        source_group_id=reaction.group_id,
        data={**data, "groupId": reaction.via_group_id, "sourceGroupId": reaction.group_id},
    )
    return Told(
        happening=happening,
        item=found[0],
        recipients=known.recipients_of(found[0]),
        person_id=reaction.user_id,
        is_by_subscriber=reaction.is_by_subscriber,
    )
