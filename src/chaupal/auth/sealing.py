"""Secret keys: they hash what is only compared, and seal what must be readable again.

The installation's key, from which those of its tenants are derived, is kept outside the database
(`CHAUPAL_SECRET_KEY_FILE`), so a stolen database alone gives neither PINs nor tokens. Losing the key
costs every sign-in and every sealed value: back it up apart from the database.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12


class SecretKeyRefused(RuntimeError):
    """The key file cannot be used."""


class SealBroken(RuntimeError):
    """A sealed value was made with another key, for another purpose, or was changed."""


class SecretKey:
    """One key, from which a key for each purpose is derived."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._sealing_keys: dict[str, bytes] = {}

    def hash(self, purpose: str, value: str) -> bytes:
        """A keyed hash of a secret, 32 bytes. Equal for equal values; useless without the key."""
        return hmac.digest(self._derived("hash:" + purpose), value.encode("utf-8", "surrogatepass"), hashlib.sha256)

    def matches(self, purpose: str, value: str, hashed: bytes) -> bool:
        """Whether the hash is the value's, compared in constant time."""
        return hmac.compare_digest(self.hash(purpose, value), hashed)

    def seal(self, purpose: str, value: bytes) -> bytes:
        """The value encrypted and bound to its purpose."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._sealing_key(purpose)).encrypt(nonce, value, purpose.encode())

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """The value that was sealed for this purpose.

        Raises:
            SealBroken: another key or purpose, or changed bytes.
        """
        try:
            aead = AESGCM(self._sealing_key(purpose))
            return aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"a sealed {purpose} cannot be read with this secret key") from error

    def derive(self, label: str) -> SecretKey:
        """Another key, the same each time for the same label, from which this one cannot be found."""
        return SecretKey(self._derived("key:" + label))

    def exported(self) -> bytes:
        """The key itself, for taking it elsewhere under another seal."""
        return self._key

    def _sealing_key(self, purpose: str) -> bytes:
        """Derived once: purposes are words of the program, and few."""
        found = self._sealing_keys.get(purpose)
        if found is None:
            found = self._sealing_keys[purpose] = self._derived("seal:" + purpose)
        return found

    def _derived(self, label: str) -> bytes:
        return hmac.digest(self._key, label.encode(), hashlib.sha256)


def load_secret_key(path: Path) -> SecretKey:
    """The key in the file; a new one where there is no file yet, readable by its owner alone.

    Raises:
        SecretKeyRefused: the file cannot be read or does not hold a key.
    """
    try:
        text = path.read_bytes().strip()
    except FileNotFoundError:
        return SecretKey(_make(path))
    except OSError as error:
        raise SecretKeyRefused(f"CHAUPAL_SECRET_KEY_FILE={path}: {error.strerror}") from error
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise SecretKeyRefused(f"CHAUPAL_SECRET_KEY_FILE={path}: must hold {_KEY_BYTES} bytes in base64")
    return SecretKey(key)


def _make(path: Path) -> bytes:
    key = secrets.token_bytes(_KEY_BYTES)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Of its own name: several servers on one new folder may do this at once, and none may write into another's file.
    waiting = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(waiting, path)  # whoever comes first wins; the other reads the winner's key
    except FileExistsError:
        key = base64.b64decode(path.read_text().strip())
    waiting.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    return key
