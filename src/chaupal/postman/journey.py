"""The journey: every call that a program makes, in the order in which a newcomer runs them.

Source: contract, section 13, whose variable names these are; what is not in that order comes after it. `LEFT_OUT` says
which calls are not in it, and why.
"""

from __future__ import annotations

from chaupal.postman.further_legs import BOTS, CLEAN_UP, SYNC, WEBHOOKS
from chaupal.postman.people_legs import GROUPS, MEMBERS, SIGN_IN, SUBGROUPS, SUBSCRIBERS
from chaupal.postman.sent_legs import ACTIONS, MEDIA, MESSAGES, REACTIONS, RESPONSES

LEFT_OUT = {
    "GET /api/Oauth/Authorize": "a page for a person's browser",
    "POST /api/Oauth/Authorize": "the form on that page",
    "POST /api/oauth/token": "takes a code that only the page gives",
    "GET /events": "a stream that does not end",
}
"""Calls that are not in the collection, with the reason."""

SET_BY_THE_USER = {
    "api-root": "http://127.0.0.1:8080/",
    "mobile-number": "",
    "application-id": "",
    "application-secret": "",
    "callback-url": "",
}
"""Variables with what they hold at first; all others are filled by the run."""

JOURNEY = (
    SIGN_IN,
    GROUPS,
    SUBGROUPS,
    MEMBERS,
    SUBSCRIBERS,
    MEDIA,
    MESSAGES,
    ACTIONS,
    RESPONSES,
    REACTIONS,
    WEBHOOKS,
    BOTS,
    SYNC,
    CLEAN_UP,
)
