"""Whether the other cells answer, as seen from this machine, and whether this installation is still one of them."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

from chaupal import __version__
from chaupal.cli.checks.check import Check, fault, ok, warning
from chaupal.settings import Settings

_ASK_TIMEOUT_S = 3
_TAKEN_OUT = "The root has taken this installation, the cell '{name}', out; it serves nobody."


def check_cells(settings: Settings) -> list[Check]:
    """One check for each other cell; none where the installation is alone, and one where it was taken out."""
    from chaupal.cells.rules import BELONGING, LEFT
    from chaupal.cells.watching import ADVICE_TAKEN_OUT
    from chaupal.store.examining import examine_cells

    if not settings.is_postgres and not settings.sqlite_path.exists():
        return []
    cells = examine_cells(settings)
    for name, _, is_self, state in cells:
        if is_self and state == LEFT:
            return [fault("cells", _TAKEN_OUT.format(name=name), ADVICE_TAKEN_OUT)]
    return [_check_cell(name, url) for name, url, is_self, state in cells if not is_self and state in BELONGING]


def _check_cell(name: str, url: str) -> Check:
    version, trouble = _version_at(url)
    if version is None:
        return warning(
            f"cell {name}",
            f"{url} gives no answer of a Chaupal server: {trouble}.",
            "See whether the cell runs, and whether its address and certificate can be used from this machine.",
        )
    if version != __version__:
        advice = "Upgrade the cells one after another, the root first."
        return warning(f"cell {name}", f"{url} runs chaupal {version}, this is {__version__}.", advice)
    return ok(f"cell {name}", f"{url} answers.")


def _version_at(url: str) -> tuple[str | None, str]:
    """(the version of the Chaupal at the address, what is in the way)."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_ASK_TIMEOUT_S)
    try:
        connection.request("GET", f"{parts.path}healthz")
        return str(json.loads(connection.getresponse().read(10_000))["version"]), ""
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        return None, str(error) or type(error).__name__
    finally:
        connection.close()
