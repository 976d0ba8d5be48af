"""How it is told that something was sent to a group, or that what was sent has changed. Contract, section 11.

Of what was retracted nothing is told but that it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from chaupal.actions import contents as actions
from chaupal.actions.bodies.links import ShownMedia
from chaupal.actions.bodies.showing import show_property
from chaupal.actions.contents import Place
from chaupal.actions.drafts import Package, Visibility
from chaupal.actions.media import resources_in, resources_in_properties
from chaupal.actions.reading import WholeAction
from chaupal.actions.rules import Action
from chaupal.actions.types import PACKAGE_TYPE
from chaupal.events.log import StoredEvent
from chaupal.happenings.answers import tell_files, tell_questions
from chaupal.happenings.forms import Happening, Told, placed, told_by
from chaupal.happenings.known import Known
from chaupal.people.rules import Person
from chaupal.responses.contents import questions_of
from chaupal.timelines.rules import Item
from chaupal.wire.instants import write_instant, write_second

_Tell = Callable[[WholeAction, Any, ShownMedia], dict[str, Any]]


def tell_message(known: Known, event: StoredEvent) -> Told | None:
    """A text that was sent. Its event id is its reference id."""
    message = known.messages.find(event.object_id)
    if message is None or message.retracted_at_ms is not None:
        return None
    return _told_of_item(known, event, Item(*message[:4]), event_id=message.message_id, data={"text": message.text})


def tell_message_change(known: Known, event: StoredEvent) -> Told | None:
    """A text that was edited, or retracted; of an edit nothing where it was retracted since."""
    message = known.messages.find(event.object_id)
    if message is None:
        return None
    data: dict[str, Any] = {"referenceId": message.message_id}
    if event.event_type == "MessageEdited":
        if message.retracted_at_ms is not None:
            return None
        data |= {"text": message.text, "editedAt": write_instant(message.edited_at_ms or event.at_us // 1000)}
    event_id = known.event_id(event)
    return _told_of_item(known, event, Item(*message[:4]), event_id=event_id, data=data)


def _told_of_item(
    known: Known,
    event: StoredEvent,
    item: Item,
    *,
    event_id: str,
    data: dict[str, Any],
    action: Action | None = None,
) -> Told:
    actor = known.people.find(event.actor_id)
    happening = Happening(
        **placed(event, event_id=event_id),
        **told_by(actor),
        group_id=item.group_id,
        source_group_id=item.group_id,
        action_id=action.action_id if action is not None else "",
        package_id=action.package_id if action is not None else "",
        data={**data, "groupId": item.group_id, "sourceGroupId": item.group_id},
    )
    return Told(happening=happening, item=item, recipients=known.recipients_of(item))


def tell_action(known: Known, event: StoredEvent) -> Told | None:
    """An action that was posted. Its event id is its reference id."""
    whole = known.whole_action(event.object_id)
    if whole is None:
        return None
    action = whole.action
    media = known.shown_media(resources_of(whole))
    tell: _Tell = _TELLERS.get(type(whole.content), _tell_other)
    data = tell(whole, whole.content, media)
    if isinstance(whole.content, actions.SurveyContent):
        sender = known.people.find(action.sender_id)
        data |= _response_fields_of_old(sender)
    return _told_of_item(known, event, Item(*action[:4]), event_id=action.action_id, data=data, action=action)


def resources_of(whole: WholeAction) -> list[str]:
    """The mediaResources that are told of an action."""
    return resources_in(whole.content, has_details=False) + resources_in_properties(whole.properties)


def tell_action_change(known: Known, event: StoredEvent) -> Told | None:
    """An action that was closed, or retracted."""
    action = known.actions.find(event.object_id)
    if action is None:
        return None
    event_id = known.event_id(event)
    data = {"actionId": action.action_id, "actionType": action.action_type, **package_of(action)}
    return _told_of_item(known, event, Item(*action[:4]), event_id=event_id, data=data, action=action)


def tell_reminder(known: Known, event: StoredEvent) -> Told | None:
    """A reminder to answer an action, for those whom it names or all who see it, and who have not answered."""
    action = known.actions.find(event.object_id)
    if action is None or action.retracted_at_ms is not None:
        return None
    told = tell_action_change(known, event)
    named = known.reminded.find((event.position, action.action_id))
    answered = known.responders.find(action.action_id) or frozenset()
    return msgspec.structs.replace(told, named=named or None, left_out=answered) if told is not None else None


def tell_properties(known: Known, event: StoredEvent) -> Told | None:
    """A package's instance whose properties were changed, with all of them as they are now."""
    whole = known.whole_action(event.object_id)
    if whole is None:
        return None
    action = whole.action
    media = known.shown_media(resources_in_properties(whole.properties))
    data = {
        "actionId": action.action_id,
        "actionType": action.action_type,
        **package_of(action),
        "version": action.version,
        "properties": properties_of(whole, media),
    }
    event_id = known.event_id(event)
    return _told_of_item(known, event, Item(*action[:4]), event_id=event_id, data=data, action=action)


def package_of(action: Action) -> dict[str, str]:
    """The ids of an instance's package; empty for other actions."""
    if action.action_type != PACKAGE_TYPE:
        return {}
    full_id = Package(action.package_id, action.package_version).full_id
    return {"actionPackageId": action.package_id, "packageId": full_id}


def properties_of(whole: WholeAction, media: ShownMedia) -> list[dict[str, Any]]:
    """An instance's properties, each value as text."""
    told: list[dict[str, Any]] = msgspec.to_builtins([show_property(row, media) for row in whole.properties])
    return told


def _response_fields_of_old(sender: Person | None) -> dict[str, Any]:
    """Kaizala's pages show the fields of an answer in what tells of a posting, too, with its creator as responder."""
    return {
        "responseId": "",
        "isUpdateResponse": False,
        "responder": sender.mobile_number if sender is not None else "",
        "responderId": sender.user_id if sender is not None else "",
        "responderName": sender.name if sender is not None else "",
        "responderProfilePic": sender.profile_pic if sender is not None else "",
        "responseDetails": {"responseWithQuestions": []},
    }


def _tell_announcement(_whole: WholeAction, content: actions.AnnouncementContent, media: ShownMedia) -> dict[str, Any]:
    files = tell_files(content.media, media)
    told = [{"url": file["mediaUrl"], "fileName": file["mediaFileName"]} for file in files]
    return {"title": content.title, "text": content.message, "media": told}


def _tell_job(whole: WholeAction, content: actions.JobContent, _media: ShownMedia) -> dict[str, Any]:
    return {
        "actionId": whole.action.action_id,
        "title": content.title,
        "assignedTo": [row.mobile_number or "" for row in whole.assignees],
        "dueDate": write_second(whole.action.expires_at_ms or 0),
    }


def _tell_form(whole: WholeAction, content: actions.SurveyContent, media: ShownMedia) -> dict[str, Any]:
    return {
        "actionId": whole.action.action_id,
        "title": content.title,
        "questions": tell_questions(content.questions),
        **package_of(whole.action),
        "properties": properties_of(whole, media),
        "isAnonymous": whole.action.is_anonymous,
    }


def _tell_poll(whole: WholeAction, content: actions.PollContent, _media: ShownMedia) -> dict[str, Any]:
    return {
        "actionId": whole.action.action_id,
        "title": content.title,
        "question": content.title,
        "choices": [{"title": choice.title} for choice in content.choices],
        "questions": tell_questions(questions_of(content)),
        "isSenderOnly": whole.action.visibility == Visibility.SENDER.value,
        **_expiry_of(whole.action),
    }


def _tell_lets_meet(whole: WholeAction, content: actions.LetsMeetContent, _media: ShownMedia) -> dict[str, Any]:
    return {
        "actionId": whole.action.action_id,
        "title": content.title,
        "startingTime": content.starts_at_ms,
        "duration": content.duration_min,
        "agenda": content.agenda,
        "isSenderOnly": whole.action.visibility == Visibility.SENDER.value,
        **({"place": _place(content.place)} if content.place is not None else {}),
    }


def _tell_attachment(whole: WholeAction, content: actions.MediaContent, media: ShownMedia) -> dict[str, Any]:
    files = tell_files([content.media], media)
    return {"media": files, "actionType": whole.action.action_type, "caption": content.caption}


def _tell_photo(whole: WholeAction, content: actions.PhotoContent, media: ShownMedia) -> dict[str, Any]:
    return {
        "actionId": whole.action.action_id,
        "media": tell_files([content.media], media),
        "caption": content.caption,
        **_place(content.place),
    }


def _tell_place(whole: WholeAction, content: actions.PlaceContent, _media: ShownMedia) -> dict[str, Any]:
    return {
        "actionId": whole.action.action_id,
        "actionType": whole.action.action_type,
        **_place(content.place),
        **_expiry_of(whole.action),
    }


def _tell_other(whole: WholeAction, content: actions.Content, _media: ShownMedia) -> dict[str, Any]:
    """Types that Kaizala's API could not post; what else they hold is read with a GET."""
    return {
        "actionId": whole.action.action_id,
        "actionType": whole.action.action_type,
        "title": content.title,
        "questions": tell_questions(questions_of(content)),
        "properties": [],
    }


def _expiry_of(action: Action) -> dict[str, str]:
    return {} if action.expires_at_ms is None else {"expiryDate": write_second(action.expires_at_ms)}


def _place(place: Place | None) -> dict[str, Any]:
    """Latitude and longitude are left out where a place is only named."""
    if place is None:
        return {}
    told: dict[str, Any] = {} if place.latitude is None else {"latitude": place.latitude, "longitude": place.longitude}
    return {**told, "name": place.name}


_TELLERS: dict[type[actions.Content], _Tell] = {
    actions.AnnouncementContent: _tell_announcement,
    actions.JobContent: _tell_job,
    actions.SurveyContent: _tell_form,
    actions.PollContent: _tell_poll,
    actions.LetsMeetContent: _tell_lets_meet,
    actions.MediaContent: _tell_attachment,
    actions.PhotoContent: _tell_photo,
    actions.PlaceContent: _tell_place,
}
