"""Examples of the group calls for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import GROUP_ID

_DONE = {"result": "true"}


def _group(name: str, group_id: str, *, role: str = "Admin", **details: Any) -> dict[str, Any]:
    return {
        "groupName": name,
        "groupId": group_id,
        "groupImageUrl": "",
        "hasSubGroups": False,
        "hasParentGroups": False,
        "callerRole": role,
        "currentLevelSubGroupCount": 0,
        "currentLevelParentGroupCount": 0,
        "userCount": 24,
        "uniqueUserCount": 24,
        "currentLevelUserCount": 24,
        "currentLevelUnProvisionedUserCount": 3,
        "unProvisionedUserCount": 3,
        "isMappedToTenant": True,
        "groupType": "Group",
        "isDuplicate": False,
        "isEditable": role == "Admin",
        "isDetailsReadable": True,
        **details,
    }


_DEPOT = _group("नागपूर डेपो", GROUP_ID)
_CLINIC = _group("عيادة الحي", "01a20bfa-4711-7c52-8e13-5d2f90ab1c07", role="Member")
_DEPOT_IN_DETAIL = _DEPOT | {
    "welcomeMessage": "सर्वांचे स्वागत!",
    "subGroups": [],
    "createdAt": "2026-11-24T05:14:36.817Z",
    "showHistory": False,
}

EXAMPLES: Examples = {
    "POST /groups": (
        Example(
            "A depot with two members",
            body={
                "name": "नागपूर डेपो",
                "welcomeMessage": "सर्वांचे स्वागत!",
                "members": ["+919876500001", "+919876500002"],
                "groupType": "Group",
            },
            reply={"groupId": GROUP_ID, "groupName": "नागपूर डेपो", "membersAdded": True},
        ),
        Example(
            "A clinic without members yet",
            body={"name": "عيادة الحي", "showHistory": True},
            reply={
                "groupId": "01a20bfa-4711-7c52-8e13-5d2f90ab1c07",
                "groupName": "عيادة الحي",
                "membersAdded": False,
            },
        ),
    ),
    "GET /groups": (
        Example("Two groups", reply={"groups": [_DEPOT, _CLINIC]}),
        Example("With details", query={"showDetail": True}, reply={"groups": [_DEPOT_IN_DETAIL]}),
    ),
    "GET /groups/{groupId}": (Example("A depot", reply={**_DEPOT_IN_DETAIL, "groups": [_DEPOT_IN_DETAIL]}),),
    "PUT /groups/{groupId}": (
        Example("A new name", body={"name": "நாக்பூர் பணிமனை"}, reply=_DONE),
        Example("No welcome any more", body={"welcomeMessage": "", "showHistory": True}, reply=_DONE),
    ),
    "DELETE /groups/{groupId}": (Example("Done", reply=_DONE),),
    "POST /groups/{groupId}/leave": (Example("Done", reply=_DONE),),
    "GET /tenant/findGroupsByQuery": (
        Example(
            "All depots, the first ten",
            query={"query": "डेपो", "resultsOffset": 0, "pageSize": 10},
            reply={"groups": [_DEPOT]},
        ),
    ),
}
