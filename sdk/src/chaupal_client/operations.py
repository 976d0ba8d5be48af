"""Every call of the API that one method makes. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client._operations import Operation
from chaupal_client.models import (
    ActionAnswer,
    ActionReceipt,
    ActionsAnswer,
    AddedAnswer,
    BotsAnswer,
    BotTokenAnswer,
    ChangesAnswer,
    CreatedBotAnswer,
    CreatedGroupAnswer,
    CreatedSubgroupAnswer,
    CurrentUser,
    DeliveriesAnswer,
    DetailsAnswer,
    GroupAnswer,
    GroupsAnswer,
    LimitsAnswer,
    MediaAnswer,
    MediaReceipt,
    MembersAnswer,
    Message,
    MessageReceipt,
    MessagesAnswer,
    NothingAnswer,
    ReactionReceipt,
    RemovedAnswer,
    ReplayAnswer,
    ResponseReceipt,
    ResponsesAnswer,
    ResultAnswer,
    SubscribersAnswer,
    SummaryAnswer,
    TestAnswer,
    WebhookReceipt,
    WebhooksAnswer,
)

TENANT_LIMITS: Operation[LimitsAnswer] = Operation("GET", "/tenant/limits", LimitsAnswer)
USERS_ME: Operation[CurrentUser] = Operation("GET", "/users/me", CurrentUser)
GROUPS_CREATE: Operation[CreatedGroupAnswer] = Operation(
    "POST", "/groups", CreatedGroupAnswer, has_idempotency_key=True
)
GROUPS_LIST: Operation[GroupsAnswer] = Operation("GET", "/groups", GroupsAnswer)
GROUPS_GET: Operation[GroupAnswer] = Operation("GET", "/groups/{}", GroupAnswer)
GROUPS_CHANGE: Operation[ResultAnswer] = Operation("PUT", "/groups/{}", ResultAnswer)
GROUPS_DELETE: Operation[ResultAnswer] = Operation("DELETE", "/groups/{}", ResultAnswer)
GROUPS_LEAVE: Operation[ResultAnswer] = Operation("POST", "/groups/{}/leave", ResultAnswer, has_idempotency_key=True)
GROUPS_FIND: Operation[GroupsAnswer] = Operation("GET", "/tenant/findGroupsByQuery", GroupsAnswer)
SUBGROUPS_CREATE: Operation[CreatedSubgroupAnswer] = Operation(
    "POST", "/groups/{}/subGroups", CreatedSubgroupAnswer, has_idempotency_key=True
)
SUBGROUPS_LINK: Operation[ResultAnswer] = Operation("PUT", "/groups/{}/subGroups", ResultAnswer)
SUBGROUPS_LIST: Operation[GroupAnswer] = Operation("GET", "/groups/{}/subGroups", GroupAnswer)
SUBGROUPS_UNLINK: Operation[ResultAnswer] = Operation("DELETE", "/groups/{}/subGroups/{}", ResultAnswer)
MEMBERS_LIST: Operation[MembersAnswer] = Operation("GET", "/groups/{}/members", MembersAnswer)
MEMBERS_ADD: Operation[ResultAnswer] = Operation("PUT", "/groups/{}/members", ResultAnswer)
MEMBERS_REMOVE: Operation[ResultAnswer] = Operation("DELETE", "/groups/{}/members/{}", ResultAnswer)
MEMBERS_CHANGE: Operation[ResultAnswer] = Operation("PUT", "/groups/{}/members/{}", ResultAnswer)
SUBSCRIBERS_PAGE: Operation[SubscribersAnswer] = Operation(
    "POST", "/groups/{}/subscribers", SubscribersAnswer, has_idempotency_key=True
)
SUBSCRIBERS_LIST: Operation[SubscribersAnswer] = Operation("GET", "/groups/{}/subscribers", SubscribersAnswer)
SUBSCRIBERS_ADD: Operation[AddedAnswer] = Operation("PUT", "/groups/{}/subscribers/add", AddedAnswer)
SUBSCRIBERS_REMOVE: Operation[RemovedAnswer] = Operation("PUT", "/groups/{}/subscribers/remove", RemovedAnswer)
MESSAGES_POST: Operation[MessageReceipt] = Operation(
    "POST", "/groups/{}/messages", MessageReceipt, has_idempotency_key=True
)
MESSAGES_LIST: Operation[MessagesAnswer] = Operation("GET", "/groups/{}/messages", MessagesAnswer)
MESSAGES_GET: Operation[Message] = Operation("GET", "/groups/{}/messages/{}", Message)
MESSAGES_EDIT: Operation[ResultAnswer] = Operation("PUT", "/groups/{}/messages/{}", ResultAnswer)
MESSAGES_RETRACT: Operation[ResultAnswer] = Operation("DELETE", "/groups/{}/messages/{}", ResultAnswer)
BOTS_CREATE: Operation[CreatedBotAnswer] = Operation("POST", "/bot", CreatedBotAnswer, has_idempotency_key=True)
BOTS_LIST: Operation[BotsAnswer] = Operation("GET", "/bot", BotsAnswer)
BOTS_CHANGE: Operation[ResultAnswer] = Operation("PUT", "/bot/{}", ResultAnswer)
BOTS_DELETE: Operation[ResultAnswer] = Operation("DELETE", "/bot/{}", ResultAnswer)
BOTS_TOKEN: Operation[BotTokenAnswer] = Operation("GET", "/bot/accessToken/{}", BotTokenAnswer)
BOTS_REVOKE: Operation[ResultAnswer] = Operation("DELETE", "/bot/accessToken/{}", ResultAnswer)
BOTS_JOIN: Operation[ResultAnswer] = Operation("POST", "/groups/{}/bot", ResultAnswer, has_idempotency_key=True)
REACTIONS_POST: Operation[ReactionReceipt] = Operation(
    "POST", "/groups/{}/reaction", ReactionReceipt, has_idempotency_key=True
)
REACTIONS_CHANGES: Operation[ChangesAnswer] = Operation("GET", "/groups/{}/reaction/summary", ChangesAnswer)
REACTIONS_SUMMARY: Operation[SummaryAnswer] = Operation("GET", "/groups/{}/reaction/{}/summary", SummaryAnswer)
REACTIONS_DETAILS: Operation[DetailsAnswer] = Operation("GET", "/groups/{}/reaction/{}", DetailsAnswer)
REACTIONS_REMOVE: Operation[ResultAnswer] = Operation("DELETE", "/groups/{}/reaction/{}", ResultAnswer)
RESPONSES_POST: Operation[ResponseReceipt] = Operation(
    "POST", "/groups/{}/actions/{}/responses", ResponseReceipt, has_idempotency_key=True
)
RESPONSES_LIST: Operation[ResponsesAnswer] = Operation("GET", "/groups/{}/actions/{}/responses", ResponsesAnswer)
MEDIA_FETCH: Operation[MediaReceipt] = Operation("POST", "/media/url", MediaReceipt, has_idempotency_key=True)
MEDIA_GET: Operation[MediaAnswer] = Operation("GET", "/media/{}", MediaAnswer)
ACTIONS_POST: Operation[ActionReceipt] = Operation(
    "POST", "/groups/{}/actions", ActionReceipt, has_idempotency_key=True
)
ACTIONS_LIST: Operation[ActionsAnswer] = Operation("GET", "/groups/{}/actions", ActionsAnswer)
ACTIONS_GET: Operation[ActionAnswer] = Operation("GET", "/groups/{}/actions/{}", ActionAnswer)
ACTIONS_CHANGE: Operation[ResultAnswer] = Operation("PUT", "/groups/{}/actions/{}", ResultAnswer)
ACTIONS_RETRACT: Operation[ResultAnswer] = Operation("DELETE", "/groups/{}/actions/{}", ResultAnswer)
ACTIONS_PROPERTIES: Operation[ResultAnswer] = Operation("PUT", "/groups/{}/actions/{}/properties", ResultAnswer)
ACTIONS_REMIND: Operation[ResultAnswer] = Operation(
    "POST", "/groups/{}/actions/{}/reminder", ResultAnswer, has_idempotency_key=True
)
ACTIONS_CLOSE: Operation[ResultAnswer] = Operation("PUT", "/groups/{}/actions/{}/close", ResultAnswer)
WEBHOOKS_CREATE: Operation[WebhookReceipt] = Operation("POST", "/webhook", WebhookReceipt, has_idempotency_key=True)
WEBHOOKS_LIST: Operation[WebhooksAnswer] = Operation("GET", "/webhook", WebhooksAnswer)
WEBHOOKS_CHANGE: Operation[ResultAnswer] = Operation("PUT", "/webhook/{}", ResultAnswer)
WEBHOOKS_DELETE: Operation[NothingAnswer] = Operation("DELETE", "/webhook/{}", NothingAnswer)
WEBHOOKS_DELIVERIES: Operation[DeliveriesAnswer] = Operation("GET", "/webhook/{}/deliveries", DeliveriesAnswer)
WEBHOOKS_REPLAY: Operation[ReplayAnswer] = Operation(
    "POST", "/webhook/{}/replay", ReplayAnswer, has_idempotency_key=True
)
WEBHOOKS_TEST: Operation[TestAnswer] = Operation("POST", "/webhook/{}/test", TestAnswer, has_idempotency_key=True)
