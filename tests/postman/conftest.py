from __future__ import annotations

from tests.installations import installation, sqlite_installation, warm_commands

__all__ = ["installation", "sqlite_installation", "warm_commands"]
