"""Examples of the webhook calls for the OpenAPI document."""

from __future__ import annotations

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import GROUP_ID, REFERENCE_ID, WEBHOOK_ID

_REGISTERED = {
    "objectId": GROUP_ID,
    "objectType": "Group",
    "eventTypes": ["TextMessageCreated", "SurveyResponse"],
    "callBackUrl": "https://hooks.example.org/chaupal",
    "callBackToken": "कड़ी-9f2c".encode().hex(),
    "callBackContext": "depot-17",
    "alertEmail": "shop@example.org",
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
    "alertEmail": "shop@example.org",
}

_DELIVERY_ID = "01a20bfd-0b3e-7f04-8a55-9d2f6c0e1b77"
_FAILED = {
    "deliveryId": _DELIVERY_ID,
    "eventId": REFERENCE_ID,
    "eventType": "TextMessageCreated",
    "origin": "event",
    "status": "retrying",
    "happenedAt": "2026-11-24T05:14:36.885Z",
    "queuedAt": "2026-11-24T05:14:36.901Z",
    "nextTryAt": "2026-11-24T05:19:22.114Z",
    "tries": [
        {"triedAt": "2026-11-24T05:14:36.912Z", "durationMs": 41, "status": 503, "answer": "मरम्मत चल रही है"},
    ],
}
_TEST = {"deliveryId": _DELIVERY_ID, "eventId": REFERENCE_ID, "eventType": "TextMessageCreated"}

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
    "GET /webhook/{webhookId}/deliveries": (
        Example("What has failed", query={"status": "retrying"}, reply={"deliveries": [_FAILED]}),
        Example("Nothing yet", reply={"deliveries": []}),
    ),
    "POST /webhook/{webhookId}/replay": (
        Example("One event", body={"eventIds": [REFERENCE_ID]}, reply={"replayed": 1, "hasMore": False}),
        Example(
            "All that was missed since a time",
            body={"since": "2026-11-24T05:00:00Z"},
            reply={"replayed": 1000, "hasMore": True},
        ),
    ),
    "POST /webhook/{webhookId}/test": (
        Example("A message", body={"eventType": "TextMessageCreated"}, reply=_TEST),
        Example("The first type that the webhook hears of", body={}, reply=_TEST),
    ),
}
