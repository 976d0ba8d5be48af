"""Examples of the calls about answers for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import MEMBER_ID

_RESPONSE_ID = "01a20bfc-77aa-7b21-9c3e-6f0a4d2b8e11"
_RECEIPT = {"responseId": _RESPONSE_ID}
_SPOT = {"lt": 17.385, "lg": 78.4867, "n": "మేడ్చల్ డిపో"}


def _response(**further: Any) -> dict[str, Any]:
    return {
        "responseId": _RESPONSE_ID,
        "responder": "+919876543210",
        "responderId": MEMBER_ID,
        "responderName": "आशा देशमुख",
        "respondedAt": "2026-11-24T05:20:11.204Z",
        **further,
    }


EXAMPLES: Examples = {
    "POST /groups/{groupId}/actions/{actionId}/responses": (
        Example(
            "To a survey with a choice, a number and a place",
            body={"actionType": "Survey", "actionBody": {"responseName": "Asha", "answers": ["Oui", 212, _SPOT]}},
            reply=_RECEIPT,
        ),
        Example("To a job", body={"actionType": "Job", "actionBody": {"isCompleted": True}}, reply=_RECEIPT),
        Example("To a poll", body={"actionType": "Poll", "actionBody": {"choice": "चाय"}}, reply=_RECEIPT),
        Example(
            "To an invitation, changing an answer",
            body={"actionType": "LetsMeet", "responseId": _RESPONSE_ID, "actionBody": {"response": "Maybe"}},
            reply=_RECEIPT,
        ),
        Example(
            "To a training with a quiz",
            body={"actionType": "Training", "actionBody": {"answers": ["Piga 112", ["Mchanga", "Povu"]]}},
            reply={**_RECEIPT, "scorePercent": 50, "hasPassed": False},
        ),
    ),
    "GET /groups/{groupId}/actions/{actionId}/responses": (
        Example(
            "Of a poll, one at a time",
            query={"count": 1},
            reply={
                "responses": [_response(choice="चाय", answers=["चाय"])],
                "hasMore": True,
                "cursor": "ks8ABkqnIbkG3NkkMDFhMjBiZmM",
                "responseCount": 12,
                "responderCount": 12,
                "results": [
                    {
                        "title": "चाय या कॉफ़ी?",
                        "answerCount": 12,
                        "options": [{"title": "चाय", "count": 9}, {"title": "कॉफ़ी", "count": 3}],
                    }
                ],
            },
        ),
        Example(
            "Of a job",
            reply={
                "responses": [_response(isCompleted=True)],
                "hasMore": False,
                "responseCount": 1,
                "responderCount": 1,
            },
        ),
        Example(
            "Of an anonymous survey with two answers",
            reply={"responses": [], "hasMore": False, "responseCount": 2, "responderCount": 2},
        ),
    ),
}
