"""The first legs: signing in, groups, and the people in them."""

from __future__ import annotations

from chaupal.postman.steps import Leg, Step

ASK_FOR_THE_PIN = """if (!pm.environment.get("pin")) {
    throw new Error("Type the PIN that was sent to mobile-number into the variable pin, and send this once more.");
}"""

TAKE_THE_PIN = """// In development mode the server says it; else it comes by SMS, and a person types it into pin.
pm.environment.set("pin", pm.response.headers.get("X-Development-Pin") || "");"""

SECOND_MEMBER = 'answer.members.find((member) => member.mobileNumber === pm.environment.get("mobile-number-2")).id'


_HAS_THE_GROUP = "answer.groups.some((group) => group.groupId === pm.environment.get('test-group-id'))"

SIGN_IN = Leg(
    "1. Sign in",
    "A PIN by SMS, a refresh token for it, an access token for that.",
    (
        Step(
            "POST /generatePin",
            "Send a PIN",
            {"mobileNumber": "{{mobile-number}}", "applicationId": "{{application-id}}"},
            after=TAKE_THE_PIN,
            on_root=True,
        ),
        Step(
            "POST /loginWithPinAndApplicationId",
            "Exchange the PIN for a refresh token",
            {
                "mobileNumber": "{{mobile-number}}",
                "applicationId": "{{application-id}}",
                "applicationSecret": "{{application-secret}}",
                "pin": "{{pin}}",
            },
            before=ASK_FOR_THE_PIN,
            fills={"refresh-token": "answer.refreshToken", "endpoint-url": "answer.endpointUrl"},
            on_root=True,
        ),
        Step(
            "GET /accessToken",
            "Get an access token",
            headers={
                "applicationId": "{{application-id}}",
                "applicationSecret": "{{application-secret}}",
                "refreshToken": "{{refresh-token}}",
            },
            fills={"access-token": "answer.accessToken", "endpoint-url": "answer.endpointUrl"},
            on_root=True,
        ),
        Step("GET /users/me", "Who am I", fills={"test-user-id": "answer.id"}),
    ),
)

GROUPS = Leg(
    "2. Groups",
    "A group with one member beside its maker.",
    (
        Step(
            "POST /groups",
            "Create a group",
            {"name": "गाँव की बैठक", "welcomeMessage": "स्वागत है!", "members": ["{{mobile-number-2}}"]},
            fills={"test-group-id": "answer.groupId"},
            holds={"its member was added": "answer.membersAdded === true"},
        ),
        Step(
            "GET /groups",
            "List my groups",
            query={"showDetail": "true"},
            holds={"the group is among them": _HAS_THE_GROUP},
        ),
        Step("GET /groups/{groupId}", "Group details", holds={"two people are in it": "answer.userCount === 2"}),
        Step("PUT /groups/{groupId}", "Rename the group", {"name": "गाँव की बैठक 2"}),
        Step(
            "GET /tenant/findGroupsByQuery",
            "Find groups by name",
            query={"query": "बैठक", "pageSize": "10"},
            holds={"the group is found": _HAS_THE_GROUP},
        ),
    ),
)

SUBGROUPS = Leg(
    "3. Subgroups",
    "Groups below the group: one that is made there, one that is linked and unlinked.",
    (
        Step("POST /groups/{groupId}/subGroups", "Create a subgroup", {"groupName": "वार्ड 1"}),
        Step(
            "POST /groups",
            "Create another group",
            {"name": "Bairro Norte", "welcomeMessage": ""},
            fills={"test-sub-group-id": "answer.groupId"},
        ),
        Step("PUT /groups/{groupId}/subGroups", "Add it as a subgroup", {"subGroups": ["{{test-sub-group-id}}"]}),
        Step("GET /groups/{groupId}/subGroups", "Subgroups", holds={"there are two": "answer.subGroups.length === 2"}),
        Step("DELETE /groups/{groupId}/subGroups/{subGroupId}", "Detach the subgroup"),
    ),
)

MEMBERS = Leg(
    "4. Members",
    "People of the group, by their mobile numbers.",
    (
        Step("PUT /groups/{groupId}/members", "Add members", {"members": ["{{mobile-number-3}}"]}),
        Step(
            "GET /groups/{groupId}/members",
            "List members",
            fills={"test-member-id": SECOND_MEMBER},
            holds={"there are three": "answer.members.length === 3"},
        ),
        Step("PUT /groups/{groupId}/members/{memberId}", "Make a member an admin", {"role": "Admin"}),
        Step("DELETE /groups/{groupId}/members/{memberId}", "Remove a member"),
    ),
)

PUBLIC = {"groupId": "test-public-group-id"}

SUBSCRIBERS = Leg(
    "5. Public group",
    "A group whose subscribers hear, and never learn of each other. Made by an admin of the organization.",
    (
        Step(
            "POST /groups",
            "Create a public group",
            {"name": "Notícias", "welcomeMessage": "Olá!", "groupType": "ConnectGroup"},
            fills={"test-public-group-id": "answer.groupId"},
        ),
        Step(
            "PUT /groups/{groupId}/subscribers/add",
            "Add subscribers",
            {"subscribers": ["{{mobile-number-2}}", "{{mobile-number-3}}"]},
            path=PUBLIC,
            holds={"both were added": "Object.values(answer.result).every((each) => each.isAdded)"},
        ),
        Step("GET /groups/{groupId}/subscribers", "All subscribers", path=PUBLIC),
        Step(
            "POST /groups/{groupId}/subscribers",
            "Subscribers, a page",
            {"count": 1},
            path=PUBLIC,
            fills={"subscribers-cursor": "answer.cursor"},
        ),
        Step(
            "POST /groups/{groupId}/messages",
            "Message to all subscribers",
            {"message": "Bom dia a todos", "sendToAllSubscribers": True},
            path=PUBLIC,
        ),
        Step(
            "POST /groups/{groupId}/messages",
            "Message to one subscriber",
            {"message": "Só para si", "subscribers": ["{{mobile-number-2}}"]},
            path=PUBLIC,
        ),
        Step(
            "PUT /groups/{groupId}/subscribers/remove",
            "Remove subscribers",
            {"subscribers": ["{{mobile-number-3}}"]},
            path=PUBLIC,
            holds={"it was removed": "Object.values(answer.result).every((each) => each.isRemoved)"},
        ),
    ),
)
