"""Examples of the subgroup calls for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import GROUP_ID, SUBGROUP_ID

_DONE = {"result": "true"}


def _group(name: str, group_id: str, *, people: int, parents: int, children: int, **further: Any) -> dict[str, Any]:
    return {
        "groupName": name,
        "groupId": group_id,
        "groupImageUrl": "",
        "hasSubGroups": children > 0,
        "hasParentGroups": parents > 0,
        "callerRole": "Admin",
        "currentLevelSubGroupCount": children,
        "currentLevelParentGroupCount": parents,
        "userCount": people,
        "uniqueUserCount": people,
        "currentLevelUserCount": people,
        "currentLevelUnProvisionedUserCount": 0,
        "unProvisionedUserCount": 0,
        "isMappedToTenant": True,
        "groupType": "Group",
        "isDuplicate": False,
        "isEditable": True,
        "isDetailsReadable": True,
        "welcomeMessage": "",
        **further,
    }


_NIGHT_SHIFT = _group("रात पाळी", SUBGROUP_ID, people=8, parents=1, children=0)
_DEPOT = _group(
    "नागपूर डेपो",
    GROUP_ID,
    people=24,
    parents=0,
    children=1,
    createdAt="2026-11-24T05:14:36.817Z",
    showHistory=False,
    subGroups=[_NIGHT_SHIFT],
)

EXAMPLES: Examples = {
    "POST /groups/{groupId}/subGroups": (
        Example(
            "A night shift",
            body={"groupName": "रात पाळी", "members": ["+919876500001"]},
            reply={"groupId": SUBGROUP_ID, "groupName": "रात पाळी"},
        ),
        Example(
            "A group that the caller does not join",
            body={"groupName": "Équipe de nuit", "admins": ["+919876500002"], "addUserToGroup": False},
            reply={"groupId": SUBGROUP_ID, "groupName": "Équipe de nuit"},
        ),
    ),
    "PUT /groups/{groupId}/subGroups": (Example("One group", body={"subGroups": [SUBGROUP_ID]}, reply=_DONE),),
    "GET /groups/{groupId}/subGroups": (
        Example("A depot and its night shift", reply={**_DEPOT, "groups": [_DEPOT]}),
        Example("The whole tree", query={"fetchAllGroups": True}, reply={**_DEPOT, "groups": [_DEPOT]}),
    ),
    "DELETE /groups/{groupId}/subGroups/{subGroupId}": (Example("Done", reply=_DONE),),
}
