"""Examples of the action calls for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import ACTION_ID, GROUP_ID, MEDIA_RESOURCE, MEMBER_ID


def _receipt(action_id: str = ACTION_ID, **further: Any) -> dict[str, Any]:
    return {"referenceId": action_id, "actionId": action_id, **further}


def _action(action_type: str, body: dict[str, Any], action_id: str = ACTION_ID, **further: Any) -> dict[str, Any]:
    return {
        "referenceId": action_id,
        "actionType": action_type,
        "sender": "+919876543210",
        "senderId": MEMBER_ID,
        "senderName": "आशा देशमुख",
        "creationTime": 1795497276,
        "sentAt": "2026-11-24T05:14:36.885Z",
        "sourceGroupId": GROUP_ID,
        "version": 1,
        **further,
        "actionBody": {"actionId": action_id, **body},
    }


_SURVEY_ID = "01a20bfb-35d6-77c8-8ad4-c8d03de1ea75"
_POLL = _action(
    "Poll",
    {
        "question": "चाय या कॉफ़ी?",
        "choices": [{"title": "चाय"}, {"title": "कॉफ़ी"}],
        "isSenderOnly": False,
        "responseCount": 12,
        "expiryDate": "2026-12-24T05:14:36Z",
    },
)
_JOB = _action(
    "Job",
    {
        "title": "Pakia lori",
        "dueDate": "2026-11-25T05:14:36Z",
        "assigneeCount": 2,
        "responseCount": 1,
        "isCompleted": False,
        "isAssignedToMe": True,
    },
    "01a20bfb-35d6-77c8-8ad4-c8d03de1ea76",
)
_PACKAGE = _action(
    "ActionPackage",
    {
        "title": "",
        "responseCount": 0,
        "expiryDate": "2026-11-25T05:14:36Z",
        "properties": [{"name": "occasion", "type": "Text", "value": "பிறந்த நாள்"}],
    },
    "01a20bfb-35d6-77c8-8ad4-c8d03de1ea77",
    actionPackageId="com.example.Birthday",
    packageId="com.example.Birthday.12",
)
_SURVEY_HEAD = {"title": "Tournée du jour", "responseCount": 1, "expiryDate": "2026-11-25T05:14:36Z"}
_SURVEY = _action("Survey", _SURVEY_HEAD, _SURVEY_ID)
_QUESTIONS = [
    {"title": "Le camion est-il en ordre ?", "type": "SingleOption", "options": [{"title": "Oui"}, {"title": "Non"}]},
    {"title": "Kilomètres", "type": "Numeric", "isOptional": True, "options": []},
]
_RESPONSE = {
    "responseId": "01a20bfc-77aa-7b21-9c3e-6f0a4d2b8e11",
    "responder": "+919876543210",
    "responderId": MEMBER_ID,
    "responderName": "आशा देशमुख",
    "respondedAt": "2026-11-24T05:20:11.204Z",
    "responseName": "Asha",
    "responseLocation": None,
    "answers": ["Oui", 212],
}
_RESULTS = [
    {
        "title": "Le camion est-il en ordre ?",
        "answerCount": 1,
        "options": [{"title": "Oui", "count": 1}, {"title": "Non", "count": 0}],
    },
    {"title": "Kilomètres", "answerCount": 1, "options": []},
]
_JOB_RESPONSE = {name: _RESPONSE[name] for name in _RESPONSE if name.startswith(("responder", "responded"))}
_JOB_DETAILS = {
    **_JOB["actionBody"],
    "status": "Active",
    "assignedTo": ["+919876500001", "+254712345678"],
    "responses": [{"responseId": _RESPONSE["responseId"], **_JOB_RESPONSE, "isCompleted": True}],
    "hasMore": False,
    "responderCount": 1,
}

_DONE = {"result": "true"}
_CHANGE = (
    Example(
        "The status of a card",
        body={
            "version": -1,
            "updateProperties": [{"name": "status", "type": "Text", "value": "تم التسليم"}],
            "sendNotificationToSubscribers": True,
        },
        reply=_DONE,
    ),
    Example(
        "Only if nobody else has changed it meanwhile",
        body={"version": 3, "updateProperties": [{"name": "count", "type": "Numeric", "value": "42"}]},
        reply=_DONE,
    ),
)

EXAMPLES: Examples = {
    "PUT /groups/{groupId}/actions/{actionId}": _CHANGE,
    "PUT /groups/{groupId}/actions/{actionId}/properties": _CHANGE,
    "POST /groups/{groupId}/actions/{actionId}/reminder": (
        Example("All who have not answered", body={}, reply=_DONE),
        Example(
            "A subscriber of a public group, and one who is none",
            body={"subscribers": ["+254712345678", "+919811111111"]},
            reply={
                "result": "false",
                "failedResult": [
                    {
                        "subscriber": "+919811111111",
                        "subscriberId": "",
                        "errorReason": "Not a subscriber of this group.",
                        "errorCode": "NotFound",
                    }
                ],
            },
        ),
    ),
    "PUT /groups/{groupId}/actions/{actionId}/close": (Example("Done", reply=_DONE),),
    "DELETE /groups/{groupId}/actions/{actionId}": (Example("Done", reply=_DONE),),
    "POST /groups/{groupId}/actions": (
        Example(
            "A poll in Hindi",
            body={
                "actionType": "Poll",
                "actionBody": {"question": "चाय या कॉफ़ी?", "choices": [{"title": "चाय"}, {"title": "कॉफ़ी"}]},
            },
            reply=_receipt(),
        ),
        Example(
            "A survey in French",
            body={
                "actionType": "Survey",
                "actionBody": {
                    "title": "Tournée du jour",
                    "dueDate": 24,
                    "questions": [
                        {
                            "title": "Le camion est-il en ordre ?",
                            "type": "SingleOption",
                            "options": [{"title": "Oui"}, {"title": "Non"}],
                        },
                        {"title": "Kilomètres", "type": "Numeric", "isOptional": True},
                    ],
                },
            },
            reply=_receipt(_SURVEY_ID),
        ),
        Example(
            "A job in Swahili, for one who is not in the group as well",
            body={
                "actionType": "Job",
                "actionBody": {"title": "Pakia lori", "assignedTo": ["+254712345678", "+919811111111"]},
            },
            reply=_receipt(
                failedResult=[
                    {
                        "subscriber": "+919811111111",
                        "subscriberId": "",
                        "errorReason": "Not a member of this group to whom the action could be assigned.",
                        "errorCode": "NotFound",
                    }
                ]
            ),
        ),
        Example(
            "An instance of a package",
            body={
                "id": "com.example.Birthday.12",
                "actionBody": {"properties": [{"name": "occasion", "type": "Text", "value": "பிறந்த நாள்"}]},
            },
            reply=_receipt(),
        ),
        Example(
            "A picture",
            body={"actionType": "Image", "actionBody": {"mediaResource": MEDIA_RESOURCE, "caption": "مخزن"}},
            reply=_receipt(),
        ),
    ),
    "GET /groups/{groupId}/actions": (
        Example("The newest", reply={"actions": [_PACKAGE, _SURVEY, _JOB, _POLL], "hasMore": False}),
        Example(
            "The jobs since a day, one at a time",
            query={"actionType": "Job", "fromDate": "2026-11-24", "count": 1},
            reply={"actions": [_JOB], "hasMore": True, "cursor": "k8LPAAZKpyG5UHg"},
        ),
    ),
    "GET /groups/{groupId}/actions/{actionId}": (
        Example(
            "A survey",
            query={"getDetails": True},
            reply={
                "actionType": "Survey",
                "actionDetails": {
                    "actionId": _SURVEY_ID,
                    "status": "Active",
                    **_SURVEY_HEAD,
                    "isAnonymous": False,
                    "isSenderOnly": False,
                    "acceptMultipleResponses": False,
                    "visibility": "0",
                    "questions": _QUESTIONS,
                    "responses": [_RESPONSE],
                    "hasMore": False,
                    "responderCount": 1,
                    "results": _RESULTS,
                },
                "sender": "+919876543210",
                "sentAt": "2026-11-24T05:14:36.885Z",
                "actions": [_SURVEY],
            },
        ),
        Example(
            "A job",
            query={"getDetails": True},
            reply={
                "actionType": "Job",
                "actionDetails": _JOB_DETAILS,
                "sender": "+919876543210",
                "sentAt": "2026-11-24T05:14:36.885Z",
                "actions": [_JOB],
            },
        ),
    ),
}
