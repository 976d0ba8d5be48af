"""The client of a profile: made, its tokens kept in the profile, and its errors told in a command's words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from chaupal.cli.using.profiles import Profile, Profiles, change_profiles, find_profile, read_profiles
from chaupal.control.protocol import OperationFailed

if TYPE_CHECKING:
    from chaupal_client import Chaupal, ChaupalError, Tokens, TokenStore

TOKEN_FIELDS = (
    "refresh_token",
    "refresh_token_expiry_ms",
    "access_token",
    "access_token_expiry_ms",
    "endpoint_url",
)


class ProfileTokens:
    """Keeps a client's tokens in a profile, which other commands may change meanwhile. Once it is gone, so are they."""

    def __init__(self, name: str) -> None:
        self._name = name

    def load(self) -> Tokens | None:
        """What the profile has."""
        from chaupal_client import Tokens

        profile = read_profiles().profiles.get(self._name)
        return Tokens(**{field: getattr(profile, field) for field in TOKEN_FIELDS}) if profile else None

    def save(self, tokens: Tokens) -> None:
        """Keep them instead of those."""
        fields = {field: getattr(tokens, field) for field in TOKEN_FIELDS}

        def change(known: Profiles) -> Profiles:
            profile = known.profiles.get(self._name)
            if profile is None:
                return known
            return known.with_profile(self._name, msgspec.structs.replace(profile, **fields), is_current=False)

        change_profiles(change)


@contextmanager
def connected(profile_name: str) -> Iterator[Chaupal]:
    """A client that acts as a profile, `""` for the current one.

    Raises:
        OperationFailed: whatever the client raises inside, in a command's words.
    """
    name, profile = find_profile(profile_name)
    with told_errors(), new_client(profile, ProfileTokens(name)) as client:
        yield client


def new_client(profile: Profile, tokens: TokenStore) -> Chaupal:
    """A client of the profile's server and connector.

    Raises:
        OperationFailed: the profile's URL is none.
    """
    from chaupal_client import Chaupal

    try:
        return Chaupal(
            profile.url,
            application_id=profile.application_id,
            application_secret=profile.application_secret,
            refresh_token=profile.refresh_token,
            tokens=tokens,
        )
    except ValueError as error:
        raise OperationFailed(f"{error}.", error_code="InvalidParameters", category="ValidationException") from error


@contextmanager
def told_errors() -> Iterator[None]:
    """Errors of the client become a command's failure."""
    from chaupal_client import ChaupalError

    try:
        yield
    except ChaupalError as error:
        raise failure_of(error) from error


def failure_of(error: ChaupalError) -> OperationFailed:
    """The error in a command's words, with the request id that the server's log has, too."""
    from chaupal_client import ApiError, InvalidToken, SignInNeeded, Unauthenticated

    if isinstance(error, ApiError):
        advice = " `chaupal login` signs you in again." if isinstance(error, (InvalidToken, Unauthenticated)) else ""
        request = f" (request {error.request_id})" if error.request_id else ""
        details = f" {error.details}" if error.details else ""
        return OperationFailed(
            f"{error.message}{details}{request}{advice}",
            error_code=error.error_code,
            category=error.error_category or "ServiceException",
        )
    if isinstance(error, SignInNeeded):
        message = "This profile has no token any more. `chaupal login` signs you in."
        return OperationFailed(message, error_code="Unauthenticated", category="AuthException")
    return OperationFailed(f"{error}.", error_code="Unavailable", category="ServiceException")


def is_watched() -> bool:
    """Whether somebody sees progress."""
    return sys.stderr.isatty()
