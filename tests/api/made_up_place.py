"""A running server with everything in it that made-up calls and random bytes may be about."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.files import picture
from tests.installations import ADMIN, Installation

MEMBER = "+919876543211"
SPARE_NUMBERS = {"+919876543218", "+919876543219"}
HELLO = {"message": "hi"}
REDIRECT_URI = "https://app.example.org/callback"
NO_LIMITS = {
    "CHAUPAL_CONNECTOR_CALLS_PER_MIN": "0",
    "CHAUPAL_TENANT_CALLS_PER_MIN": "0",
    "CHAUPAL_SIGN_IN_FORMS_PER_MIN_ADDRESS": "0",
    "CHAUPAL_SMS": "outbox",
    "CHAUPAL_MEDIA_FETCH_ALLOW": "127.0.0.1",
    "CHAUPAL_CALLBACK_ALLOW": "127.0.0.1",
    "CHAUPAL_WEBHOOK_PROOFS_PER_MIN": "0",
}
CARD = {"id": "com.example.Visit", "actionBody": {"questions": [{"title": "Well?", "type": "Text"}]}}
# The document's first example of an answer is one to this.
SURVEY = {
    "actionType": "Survey",
    "actionBody": {
        "title": "Day",
        "questions": [
            {"title": "Well?", "type": "SingleOption", "options": ["Oui", "Non"]},
            {"title": "How many?", "type": "Numeric"},
            {"title": "Where?", "type": "Location"},
        ],
        "acceptMultipleResponses": True,
    },
}
TENANT_ADMIN, OTHER = "tenant admin", "other tenant's admin"


class Place:
    """A running server with two organizations, and in the first one everything that a call may be about."""

    def __init__(self, made: Installation) -> None:
        self.made = made
        made.settings.update(NO_LIMITS)
        made.start()
        self.first = made.init()
        self.application_id: str = self.first["applicationId"]
        made.result("connector", "change", self.application_id, "--redirect-url", REDIRECT_URI)
        made.result("person", "add", MEMBER)
        second = made.result("init", "--tenant", "Second", "--admin", ADMIN, "--connector", "Other")
        self.tokens = {TENANT_ADMIN: made.access_token(self.first), OTHER: made.access_token(second)}
        self.tokens["member"] = self._token(MEMBER)
        self.group_id: str = self.post("groups", {"name": "Depot", "members": [MEMBER]})["groupId"]
        self.tokens["group"] = self._token(ADMIN, "--group", self.group_id)
        self.bot_id: str = self.post("bot", {"name": "Till"})["botUserId"]
        self.post(f"groups/{self.group_id}/bot", {"botUserId": self.bot_id})
        self.media_resource: str = self.call("POST", "media", content=picture())["mediaResource"]
        self.tokens["bot"] = self.call("GET", f"bot/accessToken/{self.bot_id}")["accessToken"]

    def _token(self, number: str, *options: str) -> str:
        asked = ("token", "create", "--connector", self.application_id, "--user", number, "--tenant", "First", *options)
        return self.made.access_token({**self.first, **self.made.result(*asked)})

    def call(self, method: str, path: str, **options: Any) -> Any:
        """A call of the tenant's admin that succeeds; its answer."""
        url = f"http://127.0.0.1:{self.made.port}/v1/{path}"
        answer = httpx.request(method, url, headers={"accessToken": self.tokens[TENANT_ADMIN]}, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, json=body)

    def settings(self) -> dict[str, str]:
        """What `made_up_calls.toml` leaves open beside the identity."""
        link = self.call("GET", f"media/{self.media_resource}")["mediaUrl"]
        return {
            "application_id": self.application_id,
            "application_secret": self.first["applicationSecret"],
            "refresh_token": self.first["refreshToken"],
            "redirect_uri": REDIRECT_URI,
            "file_name": link.rpartition("/")[2],
        }

    def told(self, other_url: str, file_name: str) -> dict[str, Any]:
        """What `made_up_calls.py` puts in place of made-up ids: by the names of parameters and fields."""
        kept = {
            "groupId": self.group_id,
            "sourceGroupId": self.group_id,
            "actionId": self._made("actions", SURVEY, "actionId"),
            "referenceId": self._made("messages", HELLO, "referenceId"),
            "botUserId": self.bot_id,
            "mediaResource": self.media_resource,
            "fileName": file_name,
            "client_id": self.application_id,
            "objectId": self.group_id,
            "subGroups": [self.post("groups", {"name": "Night shift"})["groupId"]],
        }
        kept["referenceIdOrReactionId"] = kept["referenceId"]
        return {
            "urls": {"mediaUrl": other_url, "callBackUrl": other_url},
            "kept": kept,
            "own": {call: {"groupId": self.group_id, **ids} for call, ids in self._own(kept, other_url).items()},
        }

    def _own(self, kept: dict[str, Any], other_url: str) -> dict[str, dict[str, str]]:
        """Of some calls what they alone are about: what they take away, or what is of the kind that they need."""
        path = f"groups/{self.group_id}/members"
        self.call("PUT", path, json={"members": sorted(SPARE_NUMBERS)})
        spare_ids = [
            each["id"] for each in self.call("GET", path)["members"] if not SPARE_NUMBERS.isdisjoint(each.values())
        ]
        like = {"referenceId": kept["referenceId"], "reactionType": "Like"}
        public = {"groupId": self.post("groups", {"name": "News", "groupType": "ConnectGroup"})["groupId"]}
        card = {"actionId": self._made("actions", CARD, "actionId")}
        hook = {
            "objectId": self.group_id,
            "objectType": "Group",
            "eventTypes": ["Announcement"],
            "callBackUrl": other_url,
        }
        return {
            **{f"subscribers.{call}": public for call in ("add", "remove", "page", "list")},
            **{f"actions.{call}": card for call in ("change", "properties")},
            "reactions.remove": {"referenceIdOrReactionId": self._made("reaction", like, "reactionId")},
            "subgroups.unlink": {"subGroupId": self._made("subGroups", {"name": "Below"}, "groupId")},
            "members.remove": {"memberId": spare_ids[0]},
            "members.change": {"memberId": spare_ids[1]},
            "messages.retract": {"referenceId": self._made("messages", HELLO, "referenceId")},
            "actions.retract": {"actionId": self._made("actions", CARD, "actionId")},
            "actions.close": {"actionId": self._made("actions", CARD, "actionId")},
            "groups.delete": {"groupId": self.post("groups", {"name": "Gone"})["groupId"]},
            "webhooks.change": {"webhookId": self.post("webhook", hook)["webhookId"]},
            "webhooks.delete": {"webhookId": self.post("webhook", hook)["webhookId"]},
            "bots.delete": {"botUserId": self.post("bot", {"name": "Gone"})["botUserId"]},
            "bots.revoke": {"botUserId": self.post("bot", {"name": "Mute"})["botUserId"]},
        }

    def _made(self, what: str, body: Any, name: str) -> str:
        """The id of something new in the group."""
        return str(self.post(f"groups/{self.group_id}/{what}", body)[name])

    def identities(self) -> dict[str, Any]:
        """Whom Schemathesis may be, in the form that it reads."""
        return {
            "auth": [
                {"name": name, "fixedHeaders": [{"name": "accessToken", "value": token}]}
                for name, token in self.tokens.items()
            ]
        }
