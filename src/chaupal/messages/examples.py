"""Examples of the message calls for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import GROUP_ID, MEMBER_ID, REFERENCE_ID

_DONE = {"result": "true"}


def _message(reference_id: str, text: str, sent_at: str, **further: Any) -> dict[str, Any]:
    return {
        "referenceId": reference_id,
        "message": text,
        "sender": "+919876543210",
        "senderId": MEMBER_ID,
        "senderName": "आशा देशमुख",
        "sentAt": sent_at,
        "sourceGroupId": GROUP_ID,
        **further,
    }


_HINDI = _message(REFERENCE_ID, "दुकान सुबह नौ बजे खुलेगी।", "2026-11-24T05:14:36.885Z")
_FRENCH = _message(
    "01a20bfa-35d6-77c8-8ad4-c8d03de1ea73",
    "Le camion arrive à 8 h.",
    "2026-11-24T05:10:02.114Z",
    editedAt="2026-11-24T05:11:40.007Z",
)
_RETRACTED = _message("01a20bfa-35d6-77c8-8ad4-c8d03de1ea72", "", "2026-11-24T05:09:58.500Z", isRetracted=True)

EXAMPLES: Examples = {
    "POST /groups/{groupId}/messages": (
        Example("In Hindi", body={"message": "दुकान सुबह नौ बजे खुलेगी।"}, reply={"referenceId": REFERENCE_ID}),
        Example(
            "In Swahili",
            body={"message": "Duka litafunguliwa saa tatu asubuhi 🕘"},
            reply={"referenceId": "01a20bfa-35d6-77c8-8ad4-c8d03de1ea75"},
        ),
        Example(
            "To two subscribers of a public group, of whom one is not",
            body={"message": "कल पानी नहीं आएगा।", "subscribers": ["+254712345678", "+919811111111"]},
            reply={
                "referenceId": "01a20bfa-35d6-77c8-8ad4-c8d03de1ea76",
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
    "GET /groups/{groupId}/messages": (
        Example("The newest", query={"count": 50}, reply={"messages": [_HINDI, _FRENCH, _RETRACTED]}),
        Example(
            "A page of one, and where the next begins",
            query={"count": 1, "direction": "older"},
            reply={"messages": [_HINDI], "cursor": "ks8ABkGVXiPhgA"},
        ),
    ),
    "GET /groups/{groupId}/messages/{referenceId}": (
        Example("A message", reply=_HINDI),
        Example("One that was edited", reply=_FRENCH),
        Example("One that was retracted", reply=_RETRACTED),
    ),
    "PUT /groups/{groupId}/messages/{referenceId}": (
        Example("Another text", body={"message": "दुकान सुबह दस बजे खुलेगी।"}, reply=_DONE),
    ),
    "DELETE /groups/{groupId}/messages/{referenceId}": (Example("Done", reply=_DONE),),
}
