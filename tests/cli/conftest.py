from __future__ import annotations

from tests.cli.lives import lived, other
from tests.cli.using import first_user, user
from tests.installations import installation, sqlite_installation, warm_commands

__all__ = ["first_user", "installation", "lived", "other", "sqlite_installation", "user", "warm_commands"]
