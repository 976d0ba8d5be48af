"""What answers of the API show of the answers to an action: the fields of its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from chaupal.actions import contents as actions
from chaupal.actions.bodies.links import ShownMedia
from chaupal.actions.contents import MULTI_OPTION, SINGLE_OPTION, Question
from chaupal.media.links import MediaLinks
from chaupal.people.rules import shown_number
from chaupal.responses.contents import (
    MEETING_REPLIES,
    ResponseContent,
    Spot,
    answered_in,
    questions_of,
    read_content,
    read_spot,
)
from chaupal.responses.queries import SeenResponse
from chaupal.responses.reading import SeenResponses
from chaupal.responses.shapes import (
    ItemResults,
    OptionCount,
    QuestionResults,
    ResponsesAnswer,
    ShownResponse,
    ShownSpot,
)
from chaupal.wire.cursors import write_cursor
from chaupal.wire.instants import write_instant


def show_responses(seen: SeenResponses, links: MediaLinks, tenant_id: str) -> ResponsesAnswer:
    """A page of answers with the sums of all, as far as the caller sees them."""
    action, sight = seen.action, seen.sight
    media = ShownMedia(links, tenant_id, seen.media)
    return ResponsesAnswer(
        responses=[_show_response(each, seen, media) for each in seen.responses],
        has_more=seen.next_place is not None,
        cursor=write_cursor(tuple(seen.next_place)) if seen.next_place is not None else UNSET,
        response_count=(action.response_count or 0) if sight.sees_counts else 0,
        responder_count=(action.responder_count or 0) if sight.sees_counts else UNSET,
        results=_show_results(seen),
        item_results=_show_items(seen),
    )


def _show_response(each: SeenResponse, seen: SeenResponses, media: ShownMedia) -> ShownResponse:
    row, access = each.response, seen.access
    is_mine = row.responder_id == access.caller.user_id
    names_responder = not seen.action.is_anonymous and (is_mine or seen.sight.sees_responders)
    shown = ShownResponse(
        response_id=row.response_id,
        responder=shown_number(access.caller, each.responder_number or "") if names_responder else "",
        responder_id=row.responder_id if names_responder else UNSET,
        responder_name=(each.responder_name or "") if names_responder else "",
        responded_at=write_instant(row.responded_at_us // 1000),
        updated_at=UNSET if row.updated_at_ms is None else write_instant(row.updated_at_ms),
        is_mine=True if is_mine else UNSET,
    )
    content = read_content(row.answers)
    if isinstance(seen.content, actions.JobContent):
        shown.is_completed = row.is_completed
    elif isinstance(seen.content, actions.SurveyContent):
        shown.response_name = row.response_name if names_responder else ""
        spot = row.response_location if names_responder else ""
        shown.response_location = _spot(read_spot(spot)) if spot else None
    _SHOWERS.get(type(seen.content), _show_nothing)(shown, content, seen.content)
    _link_media(shown, content, seen.content, media)
    if isinstance(seen.content, actions.AttendanceContent) and not names_responder:
        shown.location = shown.photo = UNSET  # where someone was, and their face
    return shown


def _link_media(shown: ShownResponse, content: ResponseContent, asked: actions.Content, media: ShownMedia) -> None:
    """Put links in the places of mediaResources, "" and [] where the media were removed."""
    if content.photo:
        shown.photo = media.url(content.photo)
    if not isinstance(asked, actions.SurveyContent | actions.TrainingContent):
        return
    assert isinstance(shown.answers, list), "a form has answers"
    for index, (question, answer) in enumerate(zip(answered_in(asked, content), content.answers, strict=True)):
        if answer is not None and question.type == "Image":
            shown.answers[index] = media.url(answer)
        elif answer is not None and question.type == "AttachmentList":
            shown.answers[index] = [file for resource in answer for file in media.files(resource)]


def _show_nothing(_shown: ShownResponse, _content: ResponseContent, _asked: actions.Content) -> None:
    return


def _show_form(
    shown: ShownResponse, content: ResponseContent, asked: actions.SurveyContent | actions.TrainingContent
) -> None:
    shown.answers = [
        _show_answer(question, answer)
        for question, answer in zip(answered_in(asked, content), content.answers, strict=True)
    ]
    shown.score_percent = UNSET if content.score_percent is None else content.score_percent
    shown.has_passed = UNSET if content.has_passed is None else content.has_passed


def _show_answer(question: Question, answer: Any) -> Any:
    if answer is None:
        return None
    if question.type == SINGLE_OPTION:
        return question.options[answer].title
    if question.type == MULTI_OPTION:
        return [question.options[index].title for index in answer]
    if question.type == "Location":
        return _spot(Spot(**answer))
    return answer


def _spot(spot: Spot) -> ShownSpot:
    accuracy = UNSET if spot.acc is None else spot.acc
    return ShownSpot(lt=spot.lt, lg=spot.lg, n=spot.n, acc=accuracy, latitude=spot.lt, longitude=spot.lg, name=spot.n)


def _show_poll(shown: ShownResponse, content: ResponseContent, asked: actions.PollContent) -> None:
    title = asked.choices[content.answers[0]].title
    shown.choice, shown.answers = title, [title]


def _show_meeting(shown: ShownResponse, content: ResponseContent, _asked: actions.LetsMeetContent) -> None:
    shown.response = MEETING_REPLIES[content.answers[0]]


def _show_roll_call(shown: ShownResponse, content: ResponseContent, _asked: actions.AttendanceContent) -> None:
    shown.status = content.status
    shown.is_late = content.is_late
    shown.note = content.note or UNSET
    _show_whereabouts(shown, content, _asked)


def _show_whereabouts(shown: ShownResponse, content: ResponseContent, _asked: actions.Content) -> None:
    shown.location = UNSET if content.spot is None else _spot(content.spot)


def _show_item(shown: ShownResponse, content: ResponseContent, asked: actions.ChecklistContent) -> None:
    assert content.item is not None, "the answer to a checklist names an item"
    shown.item, shown.item_index, shown.status = asked.items[content.item], content.item, content.status


_SHOWERS: dict[type[actions.Content], Callable[[ShownResponse, ResponseContent, Any], None]] = {
    actions.SurveyContent: _show_form,
    actions.TrainingContent: _show_form,
    actions.PollContent: _show_poll,
    actions.LetsMeetContent: _show_meeting,
    actions.AttendanceContent: _show_roll_call,
    actions.ChecklistContent: _show_item,
    actions.RequestLocationContent: _show_whereabouts,
    actions.PlaceContent: _show_whereabouts,
}


def _show_results(seen: SeenResponses) -> list[QuestionResults] | Any:
    questions = questions_of(seen.content)
    if seen.sums is None or not questions:
        return UNSET
    return [
        QuestionResults(
            title=question.title,
            answer_count=counted.answer_count,
            options=[
                OptionCount(title=option.title, count=count)
                for option, count in zip(question.options, counted.choice_counts, strict=True)
            ],
        )
        for question, counted in zip(questions, seen.sums.questions, strict=True)
    ]


def _show_items(seen: SeenResponses) -> list[ItemResults] | Any:
    if seen.sums is None or not isinstance(seen.content, actions.ChecklistContent):
        return UNSET
    shown: list[ItemResults] = []
    for index, title in enumerate(seen.content.items):
        state = seen.sums.items.get(index)
        names = state is not None and seen.sight.sees_responders
        one = ItemResults(title=title, is_done=state is not None)
        if seen.content.needs_verification:
            one.is_verified = state is not None and bool(state.verified_by)
        if state is not None and names:
            one.done_by, one.done_at = state.done_by, write_instant(state.done_at_ms)
            one.verified_by = state.verified_by or UNSET
        shown.append(one)
    return shown
