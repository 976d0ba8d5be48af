"""Examples of the webhook calls for the OpenAPI document."""

from __future__ import annotations

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import GROUP_ID, WEBHOOK_ID

_REGISTERED = {
    "objectId": GROUP_ID,
    "objectType": "Group",
    "eventTypes": ["TextMessageCreated", "SurveyResponse"],
    "callBackUrl": "https://hooks.example.org/chaupal",
    "callBackToken": "कड़ी-9f2c".encode().hex(),
    "callBackContext": "depot-17",
}
_LISTED = {
    "id": WEBHOOK_ID,
    "objectId": GROUP_ID,
    "objectType": "Group",
    "events": ["SurveyResponse", "TextMessageCreated"],
    "filters": [],
    "callbackUrl": "https://hooks.example.org/chaupal",
    "callbackToken": "कड़ी-9f2c".encode().hex(),
    "callbackContext": "depot-17",
    "ts": 1795497276885,
    "validity": 1858569276885,
    "active": True,
    "disabledReason": "",
    "isFailing": False,
    "isSigned": False,
}

EXAMPLES: Examples = {
    "POST /webhook": (
        Example("Messages and answers of a group", body=_REGISTERED, reply={"webhookId": WEBHOOK_ID}),
        Example(
            "Answers to a package, signed",
            body={
                "objectId": "com.example.StockCount",
                "objectType": "ActionPackage",
                "eventTypes": ["ActionResponse"],
                "callBackUrl": "https://hooks.example.org/stock",
                "callBackHeaders": {"X-Shop": "சென்னை".encode().hex()},
                "validity": "1858569276",
                "signingSecret": "whsec_Y2hhdXBhbC1leGFtcGxlLXNlY3JldC0wMDAx",
            },
            reply={"webhookId": WEBHOOK_ID},
        ),
    ),
    "GET /webhook": (
        Example(
            "Those of a group",
            query={"objectId": GROUP_ID, "objectType": "Group"},
            reply={"webhooks": [_LISTED]},
        ),
        Example("The own ones", reply={"webhooks": []}),
    ),
    "PUT /webhook/{webhookId}": (
        Example("Enabled again", body={"active": True}, reply={"result": "true"}),
        Example("Other events", body={"eventTypes": ["Announcement"]}, reply={"result": "true"}),
    ),
    "DELETE /webhook/{webhookId}": (Example("Done", reply={}),),
}
