"""Who a person is signed in as, on which servers: a file that only they can read. Knows no calls.

It lies in `$XDG_CONFIG_HOME/chaupal`, else in `~/.config/chaupal`. It is replaced as a whole, and changed by one
command at a time.
"""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from chaupal.cli.failures import plain
from chaupal.control.protocol import OperationFailed

FIRST_PROFILE = "default"


class Profile(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One sign-in: where, by which connector, as whom, and the tokens. Times in milliseconds since 1970; 0: unknown."""

    url: str
    application_id: str
    application_secret: str
    mobile_number: str = ""
    name: str = ""
    refresh_token: str = ""
    refresh_token_expiry_ms: int = 0
    access_token: str = ""
    access_token_expiry_ms: int = 0
    endpoint_url: str = ""


class Profiles(msgspec.Struct, frozen=True, rename="camel"):
    """All of them. `current` is the one that commands use if none is named; `""` if there is none."""

    current: str = ""
    profiles: dict[str, Profile] = {}

    def with_profile(self, name: str, profile: Profile, *, is_current: bool) -> Profiles:
        """The same with this one, instead of one of that name."""
        current = name if is_current else self.current
        return Profiles(current, {**self.profiles, name: profile})

    def without(self, name: str) -> Profiles:
        """The same without it; the first of the others becomes the current one where it was that."""
        left = {kept: profile for kept, profile in self.profiles.items() if kept != name}
        return Profiles(self.current if self.current != name else next(iter(left), ""), left)


def profiles_path() -> Path:
    """Where the file is."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(home) if Path(home).is_absolute() else Path.home() / ".config"
    return folder / "chaupal" / "credentials.json"


def read_profiles() -> Profiles:
    """All profiles; none where there is no file.

    Raises:
        OperationFailed: the file cannot be read.
    """
    path = profiles_path()
    try:
        with path.open("rb") as file:
            _close_to_others(file.fileno(), path)
            return msgspec.json.decode(file.read(), type=Profiles)
    except FileNotFoundError:
        return Profiles()
    except (OSError, msgspec.DecodeError) as error:
        raise _unusable(path, error) from error


def _close_to_others(descriptor: int, path: Path) -> None:
    mode = os.fstat(descriptor).st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        os.fchmod(descriptor, 0o600)
        print(f"chaupal: {plain(str(path))} could be read by others; it cannot any more.", file=sys.stderr)


def change_profiles(change: Callable[[Profiles], Profiles]) -> None:
    """Replace the file by what `change` makes of it; on disk when this returns.

    Raises:
        OperationFailed: the file cannot be read or written.
    """
    path = profiles_path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(path):
            changed = msgspec.json.format(msgspec.json.encode(change(read_profiles())), indent=2)
            draft = path.with_name(f"{path.name}.new")
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(changed)
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
    except OSError as error:
        raise _unusable(path, error) from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """The system lets go of the lock with the process."""
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: Exception) -> OperationFailed:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return OperationFailed(
        f"{path}: {reason}. This file holds your sign-ins; mend it, or remove it and sign in again.",
        error_code="Conflict",
        category="ResourceException",
    )


def find_profile(name: str) -> tuple[str, Profile]:
    """(name, profile): the named one, or the current one for `""`.

    Raises:
        OperationFailed: there is none.
    """
    known = read_profiles()
    wanted = name or known.current
    if wanted in known.profiles:
        return wanted, known.profiles[wanted]
    if name:
        shown = ", ".join(sorted(known.profiles)) or "none"
        message = f"There is no profile {name}; there is: {shown}. `chaupal login --profile {name}` makes it."
    else:
        message = "You are not signed in. `chaupal login` does that."
    raise OperationFailed(message, error_code="Unauthenticated", category="AuthException")


def profile_names(incomplete: str) -> list[str]:
    """The profiles that begin like this, for a shell that completes; none where the file cannot be read."""
    try:
        return [name for name in read_profiles().profiles if name.startswith(incomplete)]
    except OperationFailed:
        return []
