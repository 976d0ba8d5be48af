"""The headers of the tenant export that organizations kept; ours have the same, because programs read them by name.
Source: contract, section 14."""

MESSAGE_HEADERS = (
    "Group Name",
    "MessageID",
    "Sender",
    "Message Type",
    "Timestamp",
    "Attachement stored at:",
    "Message",
)
"""In their order, which is also that of a file without a header."""
