"""Examples of the calls about an organization for the OpenAPI document."""

from __future__ import annotations

from chaupal.openapi.examples import Example, Examples

EXAMPLES: Examples = {
    "GET /tenant/limits": (
        Example(
            "A busy minute",
            reply={
                "resetsAt": "2026-01-05T10:31:00Z",
                "tenant": {"limit": 3000, "used": 812, "remaining": 2188},
                "connectors": [
                    {
                        "applicationId": "3f2b6a58-4d0e-4c9b-9a51-7c1e08d2f6b4",
                        "name": "Relatórios diários",
                        "limit": 1000,
                        "used": 790,
                        "remaining": 210,
                    }
                ],
            },
        ),
    ),
}
