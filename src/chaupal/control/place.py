"""Where a running server listens for commands: a Unix socket, and the file in the data folder that says where it is.

The socket is in the data folder. Where the folder's path is too long for a socket's (about 104 bytes on some systems),
or its file system takes no sockets, it is in a private temporary folder instead.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import tempfile
from pathlib import Path

import msgspec

CONTROL_FILE = "control.json"
SOCKET_NAME = "control.sock"
_TEMPORARY_PREFIX = "chaupal-control-"

SOCKET_PATH_MAX_BYTES = 100
"""macOS and BSD take 104 bytes with the final NUL, Linux 108."""


class Whereabouts(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """What the file says. It outlives a killed server, so it proves nothing until the socket answers."""

    pid: int
    socket: str
    version: str = ""


def read_whereabouts(data: Path) -> Whereabouts | None:
    """Where the server of this data folder listens, or last listened; None where no readable file says so.

    Raises:
        PermissionError: the folder is another user's.
    """
    try:
        return msgspec.json.decode((data / CONTROL_FILE).read_bytes(), type=Whereabouts)
    except PermissionError:
        raise
    except (OSError, msgspec.DecodeError):
        return None


def write_whereabouts(data: Path, whereabouts: Whereabouts) -> None:
    """Replace the file as a whole; readable by its owner alone."""
    waiting = data / (CONTROL_FILE + ".new")
    with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(whereabouts) + b"\n")
    waiting.replace(data / CONTROL_FILE)


def socket_candidates(data: Path) -> list[Path]:
    """Where to knock: the recorded place, and the usual one, because the folder may be mounted under another path.

    Raises:
        PermissionError: the folder is another user's.
    """
    usual = data.absolute() / SOCKET_NAME
    whereabouts = read_whereabouts(data)
    recorded = [Path(whereabouts.socket)] if whereabouts is not None else []
    places = [place for place in recorded if place == usual or _is_private(place, data)]
    return list(dict.fromkeys(place for place in [*places, usual] if fits(place)))


def _is_private(place: Path, data: Path) -> bool:
    """Whether the folder is the server's own. The name of a killed server's folder could be taken by someone else."""
    try:
        found = place.parent.lstat()
        owners = {0, os.geteuid(), data.stat().st_uid}
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid in owners and not found.st_mode & 0o077


def fits(place: Path) -> bool:
    """Whether the path is short enough for a socket."""
    return len(os.fsencode(place)) <= SOCKET_PATH_MAX_BYTES


def bind_socket(data: Path) -> tuple[socket.socket, Path]:
    """A bound socket that only its owner may connect to, and its path.

    The caller holds the data folder's lock, so whatever lies in the way was left by a server that was killed.
    """
    usual = data.absolute() / SOCKET_NAME
    if fits(usual):
        usual.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # some mounted file systems take no sockets
            return _bound(usual), usual
    place = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX)) / SOCKET_NAME
    if not fits(place):  # a long TMPDIR, as macOS has it
        place.parent.rmdir()
        place = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX, dir="/tmp")) / SOCKET_NAME
    return _bound(place), place


def _bound(place: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        made.bind(str(place))
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


def remove_traces(data: Path) -> None:
    """Remove the socket, the temporary folder it may lie in, and the file. Harmless when repeated; needs the lock."""
    whereabouts = read_whereabouts(data)
    if whereabouts is not None:
        place = Path(whereabouts.socket)
        if place.name == SOCKET_NAME and place.parent.name.startswith(_TEMPORARY_PREFIX):
            with contextlib.suppress(OSError):
                place.unlink(missing_ok=True)
                place.parent.rmdir()
    (data / SOCKET_NAME).unlink(missing_ok=True)
    (data / CONTROL_FILE).unlink(missing_ok=True)
