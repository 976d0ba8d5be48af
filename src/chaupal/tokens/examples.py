"""Examples of the token calls for the OpenAPI document."""

from __future__ import annotations

from chaupal.openapi.examples import Example, Examples

_APPLICATION_ID = "3f2b6a58-4d0e-4c9b-9a51-7c1e08d2f6b4"
_ENDPOINT_URL = "https://chat.example.org/"
_SCOPE = "groupinfo.read,groupinfo.write,groupinfo.remove,groupinfo.update,textmessage.read"

EXAMPLES: Examples = {
    "POST /generatePin": (
        Example(
            "A PIN for a number in India",
            body={"mobileNumber": "+919876500001", "applicationId": _APPLICATION_ID},
            reply={},
        ),
    ),
    "POST /loginWithPinAndApplicationId": (
        Example(
            "The PIN from the text message",
            body={"mobileNumber": "+919876500001", "applicationId": _APPLICATION_ID, "pin": "042861"},
            reply={
                "refreshToken": "q1vGJxgYhM0jTn0cQ4S8bXo2hF6yWkP9",
                "endpointUrl": _ENDPOINT_URL,
                "grantedScope": _SCOPE,
                "refreshTokenExpiry": 1827033276000,
            },
        ),
    ),
    "GET /accessToken": (
        Example(
            "A refresh token that is not yet to be renewed",
            reply={
                "accessToken": "eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiIwMWEyIn0.c2lnbmF0dXJl",
                "endpointUrl": _ENDPOINT_URL,
                "accessTokenExpiry": 1795583676000,
                "refreshToken": "",
                "scope": _SCOPE,
            },
        ),
    ),
}
