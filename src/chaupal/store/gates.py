"""Who may write to a tenant: everyone, or, while it moves to another cell and after that, only what moves it.

The gate stands in the tenant's row, which every batch locks, or assumes and compares, before its first rule. So it
holds for every writer of every process from the commit that closes it: users' calls, jobs, deliveries and sweeps alike.
"""

from __future__ import annotations

from chaupal.errors import Unavailable

OPEN = ""
HELD = "held"
"""The tenant is about to move: what is written now might be left behind."""
LEFT = "left"
"""The tenant lives in another cell; what is still here of it is what was copied."""


class TenantHeld(Unavailable):
    """Writes of the tenant wait for the end of its move."""

    def __init__(self) -> None:
        super().__init__(reason="The organization is being moved.", retry_after_s=2)


class TenantLeft(Unavailable):
    """The tenant is not served here any more. Answered by saying where it is, wherever that is known."""

    def __init__(self) -> None:
        super().__init__(reason="The organization has been moved to another server.", retry_after_s=2)


def check_gate(gate: str, caller: object) -> None:
    """Pass where the caller is one whom no gate stops (`passes_gate`).

    Raises:
        TenantHeld, TenantLeft.
    """
    if getattr(caller, "passes_gate", False):
        return
    raise TenantLeft if gate == LEFT else TenantHeld
