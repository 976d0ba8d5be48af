"""The server, which lets a tenant leave only when what is on its way to receivers has landed, however long that takes.

Run as a script; the first argument names a file to which it adds a line each time it has looked and something was still
on its way.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from chaupal.cli.main import main
from chaupal.moving import driving
from chaupal.store.store import Store
from chaupal.webhooks.delivering.claiming import is_sending


def serve_patiently() -> None:
    """What `chaupal` does, with the arguments after the first."""
    looks = Path(sys.argv.pop(1)).open("a", buffering=1)  # noqa: SIM115 - for as long as it serves
    read = Store.read

    async def watched(store: Store, rule: Any, caller: Any, request: Any) -> Any:
        found = await read(store, rule, caller, request)
        if rule is is_sending and found:
            looks.write("under way\n")
        return found

    Store.read = watched  # type: ignore[method-assign]
    driving._LANDING_MOST_S = float("inf")
    main()


if __name__ == "__main__":
    serve_patiently()
