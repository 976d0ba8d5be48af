"""Turns what goes wrong while an installation is opened into sentences for whoever runs it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from chaupal.control.protocol import OperationFailed
from chaupal.errors import ChaupalError
from chaupal.settings import Settings


@contextlib.contextmanager
def explained_opening(settings: Settings) -> Iterator[None]:
    """Raise OperationFailed in place of what is expected; DataFolderBusy passes, since one may wait for it."""
    from chaupal.store.examining import explain_driver_error
    from chaupal.store.opening import DataFolderBusy

    try:
        yield
    except (DataFolderBusy, OperationFailed):
        raise
    except PermissionError as error:
        raise OperationFailed(foreign_sentence(settings.data)) from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise OperationFailed(_sentence(f"{where}{error.strerror or error}")) from error
    except ChaupalError as error:
        cause = getattr(error, "cause", None)
        raise OperationFailed(f"{error} ({cause})" if cause else str(error)) from error
    except RuntimeError as error:  # how the store says that a key or a database cannot be used
        raise OperationFailed(_sentence(str(error))) from error
    except Exception as error:
        explained = explain_driver_error(error)
        if explained is None:
            raise
        raise OperationFailed(explained) from error


def foreign_sentence(data: Path) -> str:
    """What to say where the system refuses access."""
    return (
        f"The data folder {data.absolute()}, or something in it, belongs to another user: "
        "run this command as the user that runs the server."
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
