"""What the API answers, as types. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

from chaupal_client.models.actions import (
    ActionAnswer,
    ActionReceipt,
    ActionsAnswer,
    PostedProperty,
    ShownAction,
    ShownBody,
    ShownFile,
    ShownItem,
    ShownOption,
    ShownPart,
    ShownPlace,
    ShownProperty,
    ShownQuestion,
)
from chaupal_client.models.bots import BotInformation, BotsAnswer, BotTokenAnswer, CreatedBotAnswer
from chaupal_client.models.events import ShownHappening, SyncAnswer
from chaupal_client.models.groups import CreatedGroupAnswer, GroupsAnswer
from chaupal_client.models.media import MediaAnswer, MediaFileAnswer, MediaReceipt
from chaupal_client.models.members import Member, MembersAnswer
from chaupal_client.models.messages import Message, MessageReceipt, MessagesAnswer
from chaupal_client.models.reactions import (
    ChangesAnswer,
    DetailsAnswer,
    ReactionCounts,
    ReactionDetail,
    ReactionReceipt,
    ReactionSummary,
    SummaryAnswer,
)
from chaupal_client.models.responses import ResponseReceipt, ResponsesAnswer
from chaupal_client.models.shared import (
    FailedResult,
    GroupAnswer,
    GroupInformation,
    ItemResults,
    OptionCount,
    QuestionResults,
    ResultAnswer,
    ShownQuote,
    ShownResponse,
    ShownSpot,
)
from chaupal_client.models.sign_in import AccessTokenAnswer, PinGenerated, RefreshTokenAnswer, TokenAnswer
from chaupal_client.models.subgroups import CreatedSubgroupAnswer
from chaupal_client.models.subscribers import Added, AddedAnswer, Removed, RemovedAnswer, Subscriber, SubscribersAnswer
from chaupal_client.models.tenant import ConnectorUse, LimitsAnswer, Use
from chaupal_client.models.users import CurrentUser
from chaupal_client.models.webhooks import (
    DeliveriesAnswer,
    NothingAnswer,
    ReplayAnswer,
    ShownDelivery,
    ShownTry,
    TestAnswer,
    WebhookInformation,
    WebhookReceipt,
    WebhooksAnswer,
)

__all__ = [
    "AccessTokenAnswer",
    "ActionAnswer",
    "ActionReceipt",
    "ActionsAnswer",
    "Added",
    "AddedAnswer",
    "BotInformation",
    "BotTokenAnswer",
    "BotsAnswer",
    "ChangesAnswer",
    "ConnectorUse",
    "CreatedBotAnswer",
    "CreatedGroupAnswer",
    "CreatedSubgroupAnswer",
    "CurrentUser",
    "DeliveriesAnswer",
    "DetailsAnswer",
    "FailedResult",
    "GroupAnswer",
    "GroupInformation",
    "GroupsAnswer",
    "ItemResults",
    "LimitsAnswer",
    "MediaAnswer",
    "MediaFileAnswer",
    "MediaReceipt",
    "Member",
    "MembersAnswer",
    "Message",
    "MessageReceipt",
    "MessagesAnswer",
    "NothingAnswer",
    "OptionCount",
    "PinGenerated",
    "PostedProperty",
    "QuestionResults",
    "ReactionCounts",
    "ReactionDetail",
    "ReactionReceipt",
    "ReactionSummary",
    "RefreshTokenAnswer",
    "Removed",
    "RemovedAnswer",
    "ReplayAnswer",
    "ResponseReceipt",
    "ResponsesAnswer",
    "ResultAnswer",
    "ShownAction",
    "ShownBody",
    "ShownDelivery",
    "ShownFile",
    "ShownHappening",
    "ShownItem",
    "ShownOption",
    "ShownPart",
    "ShownPlace",
    "ShownProperty",
    "ShownQuestion",
    "ShownQuote",
    "ShownResponse",
    "ShownSpot",
    "ShownTry",
    "Subscriber",
    "SubscribersAnswer",
    "SummaryAnswer",
    "SyncAnswer",
    "TestAnswer",
    "TokenAnswer",
    "Use",
    "WebhookInformation",
    "WebhookReceipt",
    "WebhooksAnswer",
]
