from __future__ import annotations

from tests.cli.lives import lived, other
from tests.installations import installation, sqlite_installation, warm_commands

__all__ = ["installation", "lived", "other", "sqlite_installation", "warm_commands"]
