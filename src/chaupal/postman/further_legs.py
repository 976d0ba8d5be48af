"""The last legs: webhooks, bots, what has happened, cleaning up."""

from __future__ import annotations

from chaupal.postman.people_legs import PUBLIC, SECOND_MEMBER
from chaupal.postman.steps import Leg, Step

_WITHOUT_A_RECEIVER = """if (!pm.environment.get("callback-url")) {
    pm.execution.skipRequest(); // nobody is there whom the webhook could call
}"""

WEBHOOKS = Leg(
    "11. Webhooks",
    "Set `callback-url` to an address of yours that answers `validationToken`; without one these requests are skipped.",
    (
        Step(
            "POST /webhook",
            "Register a webhook",
            {
                "objectId": "{{test-group-id}}",
                "objectType": "Group",
                "eventTypes": ["TextMessageCreated", "SurveyResponse"],
                "callBackUrl": "{{callback-url}}",
                "callBackToken": "a-secret-of-yours",
                "callBackContext": "postman",
            },
            before=_WITHOUT_A_RECEIVER,
            fills={"test-webhook-id": "answer.webhookId"},
        ),
        Step(
            "GET /webhook",
            "Webhooks of the group",
            query={"objectId": "{{test-group-id}}", "objectType": "Group"},
            before=_WITHOUT_A_RECEIVER,
            holds={"it is active": "answer.webhooks.length === 1 && answer.webhooks[0].active"},
        ),
        Step(
            "POST /groups/{groupId}/messages",
            "A message that it is called for",
            {"message": "यह वेबहुक को बताया जाता है"},
            before=_WITHOUT_A_RECEIVER,
        ),
        Step(
            "PUT /webhook/{webhookId}",
            "Other events",
            {"eventTypes": ["Announcement", "TextMessageCreated"]},
            before=_WITHOUT_A_RECEIVER,
        ),
        Step(
            "POST /webhook/{webhookId}/test",
            "Send it a made-up event",
            {"eventType": "TextMessageCreated"},
            before=_WITHOUT_A_RECEIVER,
        ),
        Step(
            "GET /webhook/{webhookId}/deliveries",
            "What was sent to it",
            before=_WITHOUT_A_RECEIVER,
            holds={"the made-up event is among it": "answer.deliveries.some((one) => one.origin === 'test')"},
        ),
        Step(
            "POST /webhook/{webhookId}/replay",
            "Send again what it has missed",
            {"since": 0},
            before=_WITHOUT_A_RECEIVER,
        ),
        Step("DELETE /webhook/{webhookId}", "Delete the webhook", before=_WITHOUT_A_RECEIVER),
    ),
)

BOTS = Leg(
    "12. Bots",
    "A sender that is a program.",
    (
        Step("POST /bot", "Make a bot", {"name": "Pump watch"}, fills={"test-bot-id": "answer.botUserId"}),
        Step("GET /bot", "My bots"),
        Step("PUT /bot/{botUserId}", "Rename it", {"name": "Pump watch 2"}),
        Step("POST /groups/{groupId}/bot", "Add it to the group", {"botUserId": "{{test-bot-id}}"}),
        Step("GET /bot/accessToken/{botUserId}", "Its access token", fills={"bot-access-token": "answer.accessToken"}),
        Step(
            "POST /groups/{groupId}/messages",
            "It sends a message",
            {"message": "Pump 7 runs"},
            headers={"accessToken": "{{bot-access-token}}"},
        ),
        Step("DELETE /bot/accessToken/{botUserId}", "Stop all of its tokens"),
        Step("DELETE /bot/{botUserId}", "Delete it"),
    ),
)

SYNC = Leg(
    "13. What has happened",
    "Events since a place in the log, a page at a time. The stream is at GET /v1/events.",
    (
        Step("GET /sync", "From now on", fills={"sync-cursor": "answer.cursor"}),
        Step("POST /groups/{groupId}/messages", "Something happens", {"message": "Aconteceu"}),
        Step(
            "GET /sync",
            "What has happened since",
            query={"cursor": "{{sync-cursor}}"},
            holds={"it is told": "answer.events.some((e) => e.data.text === 'Aconteceu')"},
        ),
        Step("GET /tenant/limits", "How much of the limits is used"),
    ),
)

CLEAN_UP = Leg(
    "14. Clean up",
    "Closing, retracting, leaving and deleting.",
    (
        Step("PUT /groups/{groupId}/actions/{actionId}/close", "Close the survey"),
        Step("DELETE /groups/{groupId}/actions/{actionId}", "Retract the poll", path={"actionId": "test-poll-id"}),
        Step("PUT /groups/{groupId}/members", "Add a member again", {"members": ["{{mobile-number-2}}"]}),
        Step("GET /groups/{groupId}/members", "List members again", fills={"test-member-id": SECOND_MEMBER}),
        Step("PUT /groups/{groupId}/members/{memberId}", "Make the member an admin again", {"role": "Admin"}),
        Step("POST /groups/{groupId}/leave", "Leave the group"),
        Step("DELETE /groups/{groupId}", "Delete the other group", path={"groupId": "test-sub-group-id"}),
        Step("DELETE /groups/{groupId}", "Delete the public group", path=PUBLIC),
    ),
)
