"""The client of Chaupal: `Chaupal` waits for answers, `AsyncChaupal` is awaited. Its guide is docs/sdk.md."""

from chaupal_client._clients import AsyncChaupal, Chaupal
from chaupal_client._driving import AsyncItems, Items
from chaupal_client._errors import (
    ApiError,
    ChaupalError,
    Conflict,
    ConnectionFailed,
    CursorExpired,
    EndpointChanged,
    EndpointRefused,
    Forbidden,
    InternalError,
    InvalidParameters,
    InvalidToken,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    RequestTimeout,
    SignInNeeded,
    SignInRefused,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnreadableAnswer,
    UnsupportedMedia,
    WebhookRefused,
)
from chaupal_client._retrying import Retrying
from chaupal_client._tokens import FileTokens, MemoryTokens, Tokens, TokenStore

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "AsyncChaupal",
    "AsyncItems",
    "Chaupal",
    "ChaupalError",
    "Conflict",
    "ConnectionFailed",
    "CursorExpired",
    "EndpointChanged",
    "EndpointRefused",
    "FileTokens",
    "Forbidden",
    "InternalError",
    "InvalidParameters",
    "InvalidToken",
    "Items",
    "MemoryTokens",
    "MethodNotAllowed",
    "NotFound",
    "PayloadTooLarge",
    "RequestTimeout",
    "Retrying",
    "SignInNeeded",
    "SignInRefused",
    "TokenStore",
    "Tokens",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "UnreadableAnswer",
    "UnsupportedMedia",
    "WebhookRefused",
]
