"""Made-up events of every type, in the forms that real ones have, for trying a receiver out."""

from __future__ import annotations

from typing import Any

from chaupal.happenings.rules import Happening
from chaupal.store.clock import new_id

_NUMBER = "+919800000000"
_PERSON = "01a20bf7-53a0-7608-af64-ac5df344626c"
_ACTION = "01a20bfb-35d6-77c8-8ad4-c8d03de1ea74"
_REFERENCE = "01a20bfa-35d6-77c8-8ad4-c8d03de1ea74"
_RESPONSE = "01a20bfc-1f00-7d18-9c66-0b7be1f4d3a8"
_PACKAGE = {"actionPackageId": "com.example.Test", "packageId": "com.example.Test.1"}
_MEDIA = [{"mediaUrl": "https://chat.example.org/files/test.jpg", "mediaFileName": "test.jpg"}]
_PLACE = {"latitude": 19.076, "longitude": 72.8777, "name": "मुंबई"}
_QUESTIONS: list[dict[str, Any]] = [
    {"title": "आज कैसा रहा?", "type": "SingleOption", "options": [{"title": "अच्छा"}, {"title": "ठीक"}]},
    {"title": "Anything else?", "type": "Text", "options": []},
]
_ANSWERED = [{**_QUESTIONS[0], "answer": ["अच्छा"]}, {**_QUESTIONS[1], "answer": "No."}]
_RESPONDER = {
    "responder": _NUMBER,
    "responderId": _PERSON,
    "responderName": "Test",
    "responderProfilePic": "",
}
_POSTED = {"actionId": _ACTION, "title": "Test", "questions": _QUESTIONS, "properties": [], "isAnonymous": False}
_POSTED_AS_ANSWERED = {
    "responseId": "",
    "isUpdateResponse": False,
    **_RESPONDER,
    "responseDetails": {"responseWithQuestions": []},
}
_RESPONDED = {
    "actionId": _ACTION,
    "responseId": _RESPONSE,
    "isUpdateResponse": False,
    **_RESPONDER,
    "isAnonymous": False,
    "creatorId": _PERSON,
    "properties": [],
    "responseDetails": {"responseWithQuestions": _ANSWERED},
}
_MEMBER = {
    "member": _NUMBER,
    "memberId": _PERSON,
    "memberName": "Test",
    "memberProfilePic": "",
    "type": "Member",
}
_TOP_OF_MEMBER = {"member": _NUMBER, "memberName": "Test", "type": "Member", "profilePic": ""}
_ASSIGNEE = {"assignee": _NUMBER, "assigneeName": "Test", "assigneeProfilePic": "", "isCompleted": True}

_DATA: dict[str, dict[str, Any]] = {
    "ActionCreated": {**_POSTED, **_POSTED_AS_ANSWERED, **_PACKAGE},
    "ActionResponse": {**_RESPONDED, **_PACKAGE},
    "SurveyCreated": {**_POSTED, **_POSTED_AS_ANSWERED},
    "JobCreated": {"actionId": _ACTION, "title": "Test", "assignedTo": [_NUMBER], "dueDate": "2026-11-25T05:14:36Z"},
    "SurveyResponse": _RESPONDED,
    "JobResponse": {
        "actionId": _ACTION,
        "title": "Test",
        "responseId": _RESPONSE,
        "responseDetails": {"response": _ASSIGNEE},
    },
    "TextMessageCreated": {"text": "This is a test. यह एक परीक्षण है।"},
    "AttachmentCreated": {"media": _MEDIA, "actionType": "Image", "caption": "Test"},
    "Announcement": {
        "title": "Test",
        "text": "This is a test.",
        "media": [{"url": _MEDIA[0]["mediaUrl"], "fileName": _MEDIA[0]["mediaFileName"]}],
    },
    "MemberAdded": _MEMBER,
    "MemberRemoved": _MEMBER,
    "GroupAdded": {"groupName": "Test", "groupType": "Group", "parentGroupId": ""},
    "GroupRemoved": {"groupName": "Test", "groupType": "Group", "parentGroupId": ""},
    "PollCreated": {
        "actionId": _ACTION,
        "title": "Test",
        "question": "Test",
        "choices": [{"title": "Yes"}, {"title": "No"}],
        "questions": _QUESTIONS[:1],
        "isSenderOnly": False,
        "expiryDate": "2026-12-24T05:14:36Z",
    },
    "PollResponse": {**_RESPONDED, "title": "Test"},
    "LetsMeetCreated": {
        "actionId": _ACTION,
        "title": "Test",
        "startingTime": 1795583676000,
        "duration": 30,
        "agenda": "",
        "isSenderOnly": False,
        "place": _PLACE,
    },
    "LetsMeetResponse": {**_RESPONDED, "title": "Test"},
    "LocationShared": {"actionId": _ACTION, "actionType": "ShareLocation", **_PLACE},
    "PhotoWithLocation": {"actionId": _ACTION, "media": _MEDIA, "caption": "Test", **_PLACE},
    "ReactionCreated": {
        "referenceId": _REFERENCE,
        "reactionId": _RESPONSE,
        "reactionType": "Comment",
        "comment": "Test",
    },
    "MessageEdited": {"referenceId": _REFERENCE, "text": "Test", "editedAt": "2026-11-24T05:14:36.885Z"},
    "MessageRetracted": {"referenceId": _REFERENCE},
}


def sample_happening(event_type: str, *, group_id: str, at_us: int) -> Happening:
    """An event that has not happened; its body has `"isTest": true` at the top."""
    data = {**_DATA[event_type], "groupId": group_id, "sourceGroupId": group_id}
    top_level = _TOP_OF_MEMBER if event_type in ("MemberAdded", "MemberRemoved") else {}
    return Happening(
        position=0,
        at_us=at_us,
        event_id=new_id(),
        event_type=event_type,
        group_id=group_id,
        source_group_id=group_id,
        from_user=_NUMBER,
        from_user_id=_PERSON,
        from_user_name="Test",
        data=data,
        top_level={**top_level, "isTest": True},
    )
