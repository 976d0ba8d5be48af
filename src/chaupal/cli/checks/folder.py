"""The data folder and the secret key: there, private, writable, with room. Changes nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from chaupal.cli.checks.check import Check, fault, ok, warning
from chaupal.settings import Settings

_SPACE_FAULT_BYTES = 100 * 1024 * 1024
"""A migration's copy and a write-ahead log have to fit."""
_SPACE_WARNING_BYTES = 1024 * 1024 * 1024
_OTHERS = 0o077


def check_folder(settings: Settings) -> list[Check]:
    """The folder itself, its privacy and the space on its disk."""
    data = settings.data.absolute()
    if not data.exists():
        return [_check_future_folder(data), _check_space(_nearest_folder(data))]
    if not data.is_dir():
        return [fault("data folder", f"{data} is not a folder.", "Set CHAUPAL_DATA to a folder.")]
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        return [
            fault(
                "data folder",
                f"{data} cannot be read and written by this user.",
                "Run `chaupal doctor` as the user that runs the server, or give the folder to that user (chown).",
            )
        ]
    return [ok("data folder", f"{data} is there and can be written."), _check_privacy(data), _check_space(data)]


def _check_future_folder(data: Path) -> Check:
    parent = _nearest_folder(data)
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
        return ok("data folder", f"{data} is not there yet; the first start makes it.")
    return fault(
        "data folder",
        f"{data} is not there and cannot be made in {parent}.",
        "Set CHAUPAL_DATA to a folder that this user can write.",
    )


def _nearest_folder(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _check_privacy(data: Path) -> Check:
    found = data.stat()
    if found.st_uid != os.geteuid():
        return warning(
            "data folder privacy",
            f"{data} belongs to another user (id {found.st_uid}).",
            "Run server and commands as the folder's owner, or files of two users get mixed in it.",
        )
    if found.st_mode & _OTHERS:
        return warning(
            "data folder privacy",
            f"Other users of this machine may enter {data} (mode {found.st_mode & 0o777:o}).",
            f"chmod 700 {data}",
        )
    return ok("data folder privacy", "Only its owner may enter it.")


def _check_space(folder: Path) -> Check:
    free_bytes = shutil.disk_usage(folder).free
    message = f"{free_bytes / 1024**3:,.1f} GiB are free on the disk of {folder}."
    advice = "Make room: a full disk makes every change fail with 503."
    if free_bytes < _SPACE_FAULT_BYTES:
        return fault("free space", message, advice)
    if free_bytes < _SPACE_WARNING_BYTES:
        return warning("free space", message, advice)
    return ok("free space", message)


def check_secret_key(settings: Settings) -> Check:
    """The key that seals what must be readable again."""
    from chaupal.auth.sealing import SecretKeyRefused, load_secret_key

    name = "secret key"
    path = settings.secret_key_path.absolute()
    try:
        if not path.exists():
            if not settings.is_postgres and settings.sqlite_path.exists():
                return fault(
                    name,
                    f"{path} is missing, but there is a database made with it.",
                    "Put the key's copy back; with a new key every token and PIN stops working.",
                )
            return ok(name, f"{path} is not there yet; the first start makes it. Keep a copy apart from the database.")
        load_secret_key(path)
        mode = path.stat().st_mode
    except SecretKeyRefused as error:
        return fault(name, f"{error}.", "Put the key's copy back, or make the file readable for the server's user.")
    except OSError as error:
        return fault(name, f"{path}: {error.strerror}.", "Make the file readable for the server's user.")
    if mode & _OTHERS:
        return warning(name, f"Other users may read {path} (mode {mode & 0o777:o}).", f"chmod 600 {path}")
    return ok(name, f"{path} can be read, by its owner alone.")
