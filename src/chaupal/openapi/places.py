"""What the document says of path parameters, headers and ways to sign in: whatever stands in no shape."""

from __future__ import annotations

from typing import Any

from chaupal.openapi.schemas import Schema

Object = dict[str, Any]

GROUP_ID = "01a20bfa-3592-7172-b065-c79602501c2d"
MEDIA_RESOURCE = "AZogG_o1knFywGXHlgJQHC1zaWduZWQ"
SUBGROUP_ID = "01a20bfa-5d20-7b6f-9c41-6a2f0e8d3c17"
MEMBER_ID = "01a20bf7-53a0-7608-af64-ac5df344626c"
BOT_USER_ID = "01a20bfb-0c14-7a3e-b7d2-61f0c8a9e235"
REACTION_ID = "01a20bfb-2a40-7d18-9c66-0b7be1f4d3a8"
ACTION_ID = "01a20bfb-35d6-77c8-8ad4-c8d03de1ea74"
REFERENCE_ID = "01a20bfa-35d6-77c8-8ad4-c8d03de1ea74"

WEBHOOK_ID = "01a20bfb-4b10-7c52-a6d9-0f3e7b2c8d41"

PATH_PARAMETERS: dict[str, tuple[str, str]] = {
    "groupId": ("The group, as `POST /groups` and `GET /groups` name it.", GROUP_ID),
    "fileName": ("The last part of the link; the link's signature is in it.", "AQEaIBu0cnlwdGVkLWxpbms.jpg"),
    "mediaResource": ("The media, as the call that took it named it.", MEDIA_RESOURCE),
    "memberId": ("The person, as `GET /groups/{groupId}/members` names them.", MEMBER_ID),
    "subGroupId": ("A group directly below the group, as `GET /groups/{groupId}/subGroups` names it.", SUBGROUP_ID),
    "botUserId": ("The bot, as `POST /bot` and `GET /bot` name it.", BOT_USER_ID),
    "reactionId": ("The reaction, as `POST /groups/{groupId}/reaction` named it.", REACTION_ID),
    "actionId": ("The action, as `POST /groups/{groupId}/actions` named it.", ACTION_ID),
    "webhookId": ("The webhook, as `POST /webhook` named it and `GET /webhook` lists it.", WEBHOOK_ID),
    "referenceId": ("The message or action, as the call that sent it named it.", REFERENCE_ID),
}
"""Name -> (what it is, an example). The names are those in the routes' paths."""

HEADERS: dict[str, Object] = {
    "X-Request-Id": {
        "description": "The call's id, which the server's log has, too; the client's own where it sent one.",
        "schema": {"type": "string", "examples": ["01a20bfa-3602-75ae-9d20-ee49fffa30b3"]},
        "required": True,
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer", "minimum": 1},
        "required": True,
    },
    "X-RateLimit-Limit": {
        "description": "How many calls a minute the tightest limit on this call allows; absent where none is in force.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-RateLimit-Remaining": {
        "description": "How many of them are left in this minute.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Reset": {
        "description": "Seconds until the next minute begins.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Location": {
        "description": "The same call at the endpoint that the organization has been moved to, path and query kept.",
        "schema": {"type": "string", "examples": ["https://north.example.org/v1/users/me"]},
        "required": True,
    },
    "Allow": {
        "description": "The methods that are possible here.",
        "schema": {"type": "string", "examples": ["POST"]},
        "required": True,
    },
    "Idempotency-Replayed": {
        "description": "`true` where this is the stored answer to an earlier call with the same `Idempotency-Key`.",
        "schema": {"type": "string", "const": "true"},
    },
}

PARAMETERS: dict[str, Object] = {
    "X-Request-Id": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "An id for this call, of the client's choice. One of another form is not used.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{8,64}$"},
        "example": "attendance-2026-11-24:0017",
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Names one intention. Repeated with the same key, a call is done once, and answered the same.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "example": "opening-2026-11-24",
    },
}

SECURITY_SCHEMES: dict[str, Object] = {
    "accessToken": {
        "type": "apiKey",
        "in": "header",
        "name": "accessToken",
        "description": "The access token that `GET /accessToken` gives.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The same access token as `Authorization: Bearer`. The header `accessToken` wins over it.",
    },
    "applicationId": {
        "type": "apiKey",
        "in": "header",
        "name": "applicationId",
        "description": "The connector's application id.",
    },
    "applicationSecret": {
        "type": "apiKey",
        "in": "header",
        "name": "applicationSecret",
        "description": "The connector's application secret.",
    },
    "refreshToken": {
        "type": "apiKey",
        "in": "header",
        "name": "refreshToken",
        "description": "A refresh token, as `POST /loginWithPinAndApplicationId` or the command line gives it.",
    },
}


class PlaceUnknown(Exception):
    """A route has something that this module does not describe; the sentence says what to add."""


def path_parameter(name: str) -> Object:
    """The parameter object of a name in a path.

    Raises:
        PlaceUnknown.
    """
    if name not in PATH_PARAMETERS:
        raise PlaceUnknown(f"the path parameter {{{name}}} is not described: add it to PATH_PARAMETERS in {__name__}")
    text, example = PATH_PARAMETERS[name]
    schema: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return {"name": name, "in": "path", "required": True, "description": text, "schema": schema, "example": example}


def security_of(call: str, credentials: tuple[str, ...]) -> list[dict[str, list[str]]]:
    """The ways in which a call is signed: an access token, or the named credentials together; nothing is no way.

    Raises:
        PlaceUnknown.
    """
    if call:
        return [{"accessToken": []}, {"bearer": []}]
    for name in credentials:
        if name not in SECURITY_SCHEMES:
            raise PlaceUnknown(f"the credential {name} is not described: add it to SECURITY_SCHEMES in {__name__}")
    return [{name: [] for name in credentials}] if credentials else []
