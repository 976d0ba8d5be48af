"""Examples of the bot calls for the OpenAPI document."""

from __future__ import annotations

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import BOT_USER_ID, MEMBER_ID

_DONE = {"result": "true"}

EXAMPLES: Examples = {
    "POST /bot": (Example("A bot that reads meters", body={"name": "मीटर वाचक"}, reply={"botUserId": BOT_USER_ID}),),
    "GET /bot": (
        Example(
            "One bot",
            reply={
                "bots": [
                    {
                        "botUserId": BOT_USER_ID,
                        "name": "मीटर वाचक",
                        "profilePic": "",
                        "tenantId": "01a20bf7-5310-7d41-9f0a-3b6c1d2e4f50",
                        "creatorId": MEMBER_ID,
                        "creator": "+919876543210",
                        "creatorName": "आशा देशमुख",
                        "creatorProfilePic": "",
                        "status": "Active",
                    }
                ]
            },
        ),
    ),
    "PUT /bot/{botUserId}": (Example("A new name", body={"name": "قارئ العدادات"}, reply=_DONE),),
    "DELETE /bot/{botUserId}": (Example("Done", reply=_DONE),),
    "GET /bot/accessToken/{botUserId}": (
        Example(
            "A token for a day",
            reply={
                "accessToken": "eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiIwMWEyIn0.c2lnbmF0dXJl",
                "accessTokenExpiry": 1795583676000,
                "scope": "groupinfo.read,textmessage.read",
                "endpointUrl": "https://chat.example.org/",
            },
        ),
    ),
    "DELETE /bot/accessToken/{botUserId}": (Example("Done", reply=_DONE),),
    "POST /groups/{groupId}/bot": (Example("The bot that reads meters", body={"botUserId": BOT_USER_ID}, reply=_DONE),),
}
