"""What a client knows of who it is, and where that is kept while the program does not run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

import msgspec


class Tokens(msgspec.Struct, frozen=True):
    """What a sign-in has given. Times in milliseconds since 1970; 0: not known."""

    refresh_token: str = ""
    refresh_token_expiry_ms: int = 0
    access_token: str = ""
    access_token_expiry_ms: int = 0
    endpoint_url: str = ""
    """Where calls go; `""`: to the address that the client was made with."""


class TokenStore(Protocol):
    """Where tokens are kept. Write your own to keep them in a database or a keyring.

    Both are called seldom: `load` when a client is made and before each renewal, `save` after each. Never by two
    calls of one client at a time. An error of theirs reaches whoever has called.
    """

    def load(self) -> Tokens | None:
        """What was saved last; None if nothing was."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Keep them instead of what was there."""
        ...


class MemoryTokens:
    """Keeps tokens as long as the program runs."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens

    def load(self) -> Tokens | None:
        """What was saved last; None if nothing was."""
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        """Keep them instead of what was there."""
        self._tokens = tokens


class FileTokens:
    """Keeps tokens in a file that only its owner can read. A crash leaves the file as it was, or as it should be."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def load(self) -> Tokens | None:
        """What was saved last; None if nothing was.

        Raises:
            ValueError: the file holds something else.
        """
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(text, type=Tokens)
        except msgspec.DecodeError as error:
            raise ValueError(f"{self._path} does not hold tokens: {error}") from None

    def save(self, tokens: Tokens) -> None:
        """Keep them instead of what was there."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(opened, "wb") as file:  # noqa: PTH123 - a file descriptor, so that nobody else can read it for a moment
            file.write(msgspec.json.encode(tokens))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)
