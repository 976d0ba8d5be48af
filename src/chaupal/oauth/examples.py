"""Examples of OAuth's calls for the OpenAPI document."""

from __future__ import annotations

from chaupal.openapi.examples import Example, Examples

_APPLICATION_ID = "3f2b6a58-4d0e-4c9b-9a51-7c1e08d2f6b4"
_REDIRECT_URI = "https://app.example.org/callback"
_ACCESS_TOKEN = "eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiIwMWEyIn0.c2lnbmF0dXJl"
_REFRESH_TOKEN = "q1vGJxgYhM0jTn0cQ4S8bXo2hF6yWkP9"
_TOKENS = {
    "accessToken": _ACCESS_TOKEN,
    "endpointUrl": "https://chat.example.org/",
    "accessTokenExpiry": 1795583676000,
    "refreshToken": "",
    "scope": "groupinfo.read,textmessage.read",
    "access_token": _ACCESS_TOKEN,
    "token_type": "Bearer",
    "expires_in": 86400,
}
_QUERY = {"client_id": _APPLICATION_ID, "redirect_uri": _REDIRECT_URI, "state": "af0ifjsldkj"}

EXAMPLES: Examples = {
    "GET /api/Oauth/Authorize": (
        Example("A sign-in in Hindi", query=_QUERY | {"response_type": "code", "lang": "hi"}),
    ),
    "POST /api/Oauth/Authorize": (
        Example("The number typed on the first page", query=_QUERY, body={"progress": "", "number": "+91 98765 00001"}),
    ),
    "POST /api/oauth/token": (
        Example(
            "A code",
            body={
                "client_id": _APPLICATION_ID,
                "client_secret": "OLDSECRET1",
                "grant_type": "authorization_code",
                "code": "SplxlOBeZQQYbYS6WxSbIA",
            },
            reply=_TOKENS | {"refreshToken": _REFRESH_TOKEN, "refresh_token": _REFRESH_TOKEN},
        ),
        Example(
            "A refresh token",
            body={
                "client_id": _APPLICATION_ID,
                "client_secret": "OLDSECRET1",
                "grant_type": "refresh_token",
                "refresh_token": _REFRESH_TOKEN,
            },
            reply=_TOKENS,
        ),
    ),
}
