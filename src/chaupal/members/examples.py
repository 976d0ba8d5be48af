"""Examples of the member calls for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import MEMBER_ID

_DONE = {"result": "true"}


def _member(person_id: str, role: str, mobile_number: str, name: str, *, is_provisioned: bool = True) -> dict[str, Any]:
    return {
        "id": person_id,
        "role": role,
        "mobileNumber": mobile_number,
        "name": name,
        "profilePic": "",
        "isProvisioned": is_provisioned,
    }


_ASHA = _member(MEMBER_ID, "Admin", "+919876543210", "आशा देशमुख")
_WANJIRU = _member("01a20bfa-3592-7172-b065-c79602501c2e", "Member", "+254712345678", "Wanjirũ Kamau")
_AMINA = _member("01a20bfa-3592-7172-b065-c79602501c2f", "Member", "+201001234567", "أمينة", is_provisioned=False)

EXAMPLES: Examples = {
    "GET /groups/{groupId}/members": (
        Example("Everyone", reply={"members": [_ASHA, _WANJIRU, _AMINA]}),
        Example(
            "A page of two", query={"count": 2}, reply={"members": [_ASHA, _WANJIRU], "cursor": "2SQwMWEyMGJmYS0zNTky"}
        ),
    ),
    "PUT /groups/{groupId}/members": (
        Example("Two people", body={"members": ["+919876500002", "+254712345678"]}, reply=_DONE),
        Example(
            "One number that cannot be read",
            body={"members": ["+201001234567", "98765"]},
            reply={
                "result": "false",
                "failedResult": [
                    {
                        "subscriber": "98765",
                        "subscriberId": "",
                        "errorReason": "members: must be a mobile number in international form, such as +919876543210 "
                        "(got: 98765)",
                        "errorCode": "InvalidParameters",
                    }
                ],
            },
        ),
    ),
    "DELETE /groups/{groupId}/members/{memberId}": (Example("Done", reply=_DONE),),
    "PUT /groups/{groupId}/members/{memberId}": (Example("One more admin", body={"role": "Admin"}, reply=_DONE),),
}
