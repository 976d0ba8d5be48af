"""Examples of the calls about people for the OpenAPI document."""

from __future__ import annotations

from chaupal.openapi.examples import Example, Examples

EXAMPLES: Examples = {
    "GET /users/me": (
        Example(
            "A shopkeeper's token",
            reply={
                "id": "01a20bf7-53a0-7608-af64-ac5df344626c",
                "name": "आशा देशमुख",
                "mobileNumber": "+919876543210",
                "profilePic": "",
                "tenantId": "01a20bf7-5310-7d41-9f0a-3b6c1d2e4f50",
                "role": "Admin",
                "isTenantAdmin": True,
                "applicationId": "3f2b6a58-4d0e-4c9b-9a51-7c1e08d2f6b4",
            },
        ),
    ),
}
