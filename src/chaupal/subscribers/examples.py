"""Examples of the subscriber calls for the OpenAPI document."""

from __future__ import annotations

from chaupal.openapi.examples import Example, Examples

_WANJIRU = {
    "id": "01a20bf7-53a0-7608-af64-ac5df3446266",
    "mobileNumber": "+254712345678",
    "name": "Wanjirũ Kamau",
    "profilePic": "",
    "isProvisioned": True,
}
_CURSOR = "2SQwMWEyMGJmNy01M2Ew"

EXAMPLES: Examples = {
    "GET /groups/{groupId}/subscribers": (
        Example("Everyone", reply={"subscribers": [_WANJIRU]}),
        Example("A page of one", query={"count": 1}, reply={"subscribers": [_WANJIRU], "cursor": _CURSOR}),
    ),
    "POST /groups/{groupId}/subscribers": (
        Example("A page of one", body={"count": 1}, reply={"subscribers": [_WANJIRU], "cursor": _CURSOR}),
    ),
    "PUT /groups/{groupId}/subscribers/add": (
        Example(
            "Two people, of whom one is a member already",
            body={"subscribers": ["+254712345678", "+919876500001"]},
            reply={
                "result": {
                    "+254712345678": {"isAdded": True},
                    "+919876500001": {"isAdded": False, "reason": "Is a member of this group already."},
                }
            },
        ),
    ),
    "PUT /groups/{groupId}/subscribers/remove": (
        Example(
            "One person",
            body={"subscribers": ["+254712345678"]},
            reply={"result": {"+254712345678": {"isRemoved": True}}},
        ),
    ),
}
