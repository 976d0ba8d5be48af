"""What answers show of an action: the fields of its type, of a list's entry or with all details."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from chaupal.actions import contents
from chaupal.actions.bodies.links import ShownMedia
from chaupal.actions.contents import Option, Place, Question, TrainingPart
from chaupal.actions.drafts import Package, Visibility
from chaupal.actions.media import resources_of_list
from chaupal.actions.property_queries import PropertyRow
from chaupal.actions.queries import ActionRow
from chaupal.actions.reading import SeenAction
from chaupal.actions.rules import is_open
from chaupal.actions.shapes import (
    ShownAction,
    ShownBody,
    ShownItem,
    ShownOption,
    ShownPart,
    ShownPlace,
    ShownProperty,
    ShownQuestion,
)
from chaupal.actions.types import DUE_ONLY, PACKAGE_TYPE
from chaupal.auth.access import GroupAccess
from chaupal.people.rules import shown_number
from chaupal.quotes.rules import Quote
from chaupal.quotes.shapes import show_quote
from chaupal.responses.shapes import ResponsesAnswer
from chaupal.wire.instants import write_instant, write_second

_VISIBILITY_NUMBERS = {visibility.value: str(number) for number, visibility in enumerate(Visibility)}


@dataclass(frozen=True, slots=True)
class Shower:
    """Who looks at actions, when, how media are linked, and what is quoted."""

    access: GroupAccess
    now_ms: int
    links: ShownMedia
    quotes: Mapping[str, Quote]


def show_action(seen: SeenAction, shower: Shower) -> ShownAction:
    """One action as an entry of a list."""
    action, access = seen.action, shower.access
    sent_at_ms = action.sent_at_us // 1000
    package = Package(action.package_id, action.package_version) if action.package_id else None
    return ShownAction(
        reference_id=action.action_id,
        action_type=action.action_type,
        sender=shown_number(access.caller, action.sender_number or ""),
        sender_id=action.sender_id,
        sender_name=action.sender_name or "",
        creation_time=sent_at_ms // 1000,
        sent_at=write_instant(sent_at_ms),
        source_group_id=action.group_id,
        version=action.version,
        action_package_id=package.package_id if package else UNSET,
        package_id=package.full_id if package else UNSET,
        is_retracted=True if action.retracted_at_ms is not None else UNSET,
        reply_to=show_quote(action.reply_to, shower.quotes, access.caller),
        action_body=show_body(seen, shower, has_details=False),
    )


def show_body(seen: SeenAction, shower: Shower, *, has_details: bool) -> ShownBody:
    """What an action holds, with everything but its answers if `has_details`. Empty where it was retracted."""
    content = seen.content
    if content is None:
        return ShownBody(action_id=seen.action.action_id, status="Retracted")
    body = ShownBody(action_id=seen.action.action_id)
    if content.title:
        body.title = content.title
    _SHOWERS[type(content)](body, content, seen, shower.links)
    if has_details:
        body.status = status_of(seen.action, now_ms=shower.now_ms, sees_counts=seen.sight.sees_counts)
        _show_details(body, content, seen, shower)
    return body


def add_responses(body: ShownBody, answer: ResponsesAnswer) -> None:
    """Put a page of answers into the details of their action, which tell the number of all already."""
    body.responses = answer.responses
    body.has_more = answer.has_more
    body.cursor = answer.cursor
    body.responder_count = answer.responder_count
    body.results = answer.results
    body.item_results = answer.item_results


def status_of(action: ActionRow, *, now_ms: int, sees_counts: bool) -> str:
    """Active, Overdue, Completed (a job that all have done), Expired, Closed or Retracted.

    That all have done a job is a result: those who see no counts are not told.
    """
    if action.retracted_at_ms is not None:
        return "Retracted"
    if sees_counts and _is_completed(action):
        return "Completed"
    if action.closed_at_ms is not None:
        return "Closed"
    if not is_open(action, now_ms=now_ms):
        return "Expired"
    is_over = action.expires_at_ms is not None and action.expires_at_ms <= now_ms
    return "Overdue" if is_over else "Active"


def _is_completed(action: ActionRow) -> bool:
    return action.action_type == "Job" and (action.completed_count or 0) >= action.assignee_count > 0


def _response_count(seen: SeenAction) -> int:
    return (seen.action.response_count or 0) if seen.sight.sees_counts else 0


def _is_sender_only(action: ActionRow) -> bool:
    return action.visibility == Visibility.SENDER.value


def _ends_at(body: ShownBody, action: ActionRow) -> None:
    if action.expires_at_ms is None:
        return
    if action.action_type in DUE_ONLY:
        body.due_date = write_second(action.expires_at_ms)
    else:
        body.expiry_date = write_second(action.expires_at_ms)


def _show_announcement(
    body: ShownBody, content: contents.AnnouncementContent, _seen: SeenAction, links: ShownMedia
) -> None:
    body.message = content.message
    body.media = [file for resource in content.media for file in links.files(resource)]


def _show_job(body: ShownBody, _content: contents.JobContent, seen: SeenAction, _links: ShownMedia) -> None:
    _ends_at(body, seen.action)
    body.assignee_count = seen.action.assignee_count
    body.response_count = _response_count(seen)
    body.is_completed = seen.sight.sees_counts and _is_completed(seen.action)
    body.is_assigned_to_me = seen.is_assigned_to_caller


def _show_poll(body: ShownBody, content: contents.PollContent, seen: SeenAction, links: ShownMedia) -> None:
    body.title = UNSET
    body.question = content.title
    body.choices = [_option(choice, links) for choice in content.choices]
    body.is_sender_only = _is_sender_only(seen.action)
    body.response_count = _response_count(seen)
    _ends_at(body, seen.action)


def _show_lets_meet(body: ShownBody, content: contents.LetsMeetContent, seen: SeenAction, _links: ShownMedia) -> None:
    body.starting_time = content.starts_at_ms
    body.duration = content.duration_min
    body.agenda = content.agenda
    body.is_sender_only = _is_sender_only(seen.action)
    body.response_count = _response_count(seen)
    if content.place is not None:
        body.place = _place(content.place)


def _show_form(body: ShownBody, content: contents.SurveyContent, seen: SeenAction, links: ShownMedia) -> None:
    body.title = content.title
    body.response_count = _response_count(seen)
    _ends_at(body, seen.action)
    if seen.action.action_type == PACKAGE_TYPE:
        body.properties = [show_property(row, links) for row in seen.properties]


def _show_media(body: ShownBody, content: contents.MediaContent, seen: SeenAction, links: ShownMedia) -> None:
    body.caption = content.caption
    _lay_out_media(body, content.media, links)
    if seen.action.action_type not in ("Image", "Album"):
        body.image_url = UNSET


def _lay_out_media(body: ShownBody, resource: str, links: ShownMedia) -> None:
    """The first file in the fields of old, all files in a list. Empty texts where the media were removed."""
    files = links.files(resource)
    body.media = files
    body.media_url = body.image_url = files[0].media_url if files else ""
    body.media_file_name = files[0].media_file_name if files else ""


def _show_shared_place(body: ShownBody, content: contents.PlaceContent, seen: SeenAction, _links: ShownMedia) -> None:
    _lay_out(body, content.place)
    _ends_at(body, seen.action)


def _show_photo(body: ShownBody, content: contents.PhotoContent, _seen: SeenAction, links: ShownMedia) -> None:
    body.caption = content.caption
    _lay_out_media(body, content.media, links)
    if content.place is not None:
        _lay_out(body, content.place)


def _show_request(
    body: ShownBody, _content: contents.RequestLocationContent, seen: SeenAction, _links: ShownMedia
) -> None:
    body.is_sender_only = _is_sender_only(seen.action)
    body.response_count = _response_count(seen)
    if seen.action.assignee_count:
        body.assignee_count = seen.action.assignee_count
        body.is_assigned_to_me = seen.is_assigned_to_caller
    _ends_at(body, seen.action)


def _show_contact(body: ShownBody, content: contents.ContactContent, _seen: SeenAction, _links: ShownMedia) -> None:
    body.title = UNSET
    body.name = content.title
    body.mobile_numbers = content.mobile_numbers
    body.email = content.email or UNSET
    body.organization = content.organization or UNSET
    body.note = content.note or UNSET


def _show_checklist(body: ShownBody, content: contents.ChecklistContent, seen: SeenAction, _links: ShownMedia) -> None:
    body.description = content.description or UNSET
    body.items = [ShownItem(title=title) for title in content.items]
    body.needs_verification = content.needs_verification
    _ends_at(body, seen.action)


def _show_attendance(
    body: ShownBody, content: contents.AttendanceContent, seen: SeenAction, _links: ShownMedia
) -> None:
    if content.cut_off_at_ms is not None:
        body.cut_off_time = write_second(content.cut_off_at_ms)
    body.needs_location = content.needs_location
    body.needs_photo = content.needs_photo
    body.has_check_out = content.has_check_out
    body.statuses = content.statuses
    body.response_count = _response_count(seen)
    _ends_at(body, seen.action)


def _show_training(body: ShownBody, content: contents.TrainingContent, seen: SeenAction, _links: ShownMedia) -> None:
    body.description = content.description or UNSET
    body.pass_mark_percent = content.pass_mark_percent
    body.response_count = _response_count(seen)
    _ends_at(body, seen.action)


_SHOWERS: dict[type[contents.Content], Callable[[ShownBody, Any, SeenAction, ShownMedia], None]] = {
    contents.AnnouncementContent: _show_announcement,
    contents.JobContent: _show_job,
    contents.PollContent: _show_poll,
    contents.LetsMeetContent: _show_lets_meet,
    contents.SurveyContent: _show_form,
    contents.MediaContent: _show_media,
    contents.PlaceContent: _show_shared_place,
    contents.PhotoContent: _show_photo,
    contents.RequestLocationContent: _show_request,
    contents.ContactContent: _show_contact,
    contents.ChecklistContent: _show_checklist,
    contents.AttendanceContent: _show_attendance,
    contents.TrainingContent: _show_training,
}


def _show_details(body: ShownBody, content: contents.Content, seen: SeenAction, shower: Shower) -> None:
    """What a list leaves out: whole forms, and whom an action is assigned to."""
    action, viewer, links = seen.action, shower.access.caller, shower.links
    if seen.assignees and viewer.sees_numbers:
        body.assigned_to = [row.mobile_number or "" for row in seen.assignees]
    if isinstance(content, contents.SurveyContent):
        body.description = content.description or UNSET
        body.cover_image = links.url(content.cover_image) if content.cover_image else UNSET
        body.questions = [_question(question, links, shows_correct=False) for question in content.questions]
    elif isinstance(content, contents.TrainingContent):
        shows_correct = action.sender_id == viewer.user_id
        body.content = [_part(part, links) for part in content.parts]
        body.questions = [_question(question, links, shows_correct=shows_correct) for question in content.questions]
    else:
        return
    body.is_anonymous = action.is_anonymous
    body.is_sender_only = _is_sender_only(action)
    body.accept_multiple_responses = action.accepts_multiple
    body.visibility = _VISIBILITY_NUMBERS[action.visibility]


def _question(question: Question, links: ShownMedia, *, shows_correct: bool) -> ShownQuestion:
    options = [_option(option, links) for option in question.options]
    if shows_correct:
        for index, option in enumerate(options):
            option.is_correct = index in question.correct
    return ShownQuestion(
        title=question.title,
        type=question.type,
        is_optional=question.is_optional or UNSET,
        is_invisible=question.is_invisible or UNSET,
        options=options,
    )


def _option(option: Option, links: ShownMedia) -> ShownOption:
    return ShownOption(title=option.title, image=links.url(option.image) if option.image else UNSET)


def _part(part: TrainingPart, links: ShownMedia) -> ShownPart:
    files = [file for resource in part.media for file in links.files(resource)]
    return ShownPart(title=part.title or UNSET, text=part.text or UNSET, media=files or UNSET)


def show_property(row: PropertyRow, links: ShownMedia) -> ShownProperty:
    """Media as what can be followed: the link of an Attachment, the files of an AttachmentList as JSON."""
    value = row.value
    if value and row.property_type == "Attachment":
        value = links.url(value)
    elif value and row.property_type == "AttachmentList":
        files = [file for resource in resources_of_list(value) for file in links.files(resource)]
        value = msgspec.json.encode(files).decode()
    return ShownProperty(name=row.name, type=row.property_type, value=value)


def _place(place: Place) -> ShownPlace:
    return ShownPlace(
        latitude=UNSET if place.latitude is None else place.latitude,
        longitude=UNSET if place.longitude is None else place.longitude,
        name=place.name or UNSET,
    )


def _lay_out(body: ShownBody, place: Place) -> None:
    shown = _place(place)
    body.latitude, body.longitude, body.name = shown.latitude, shown.longitude, shown.name
