"""Saved files on their way in, before the batch that uses them: checked and put to their place like uploads.

Of what is known already nothing is read. A batch that is never committed leaves bytes that the sweep removes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import msgspec

from chaupal.actions.imported import known_actions
from chaupal.auth.caller import Operator
from chaupal.errors import ChaupalError, Unavailable
from chaupal.importing.places import derived_id
from chaupal.importing.records import AttachmentRecord, Record, SavedFile
from chaupal.kept_ids.rules import as_kept
from chaupal.media.imported import reserve_for_import
from chaupal.media.intake import Intake
from chaupal.media.media_store import MediaStore
from chaupal.media.rules import MediaDraft
from chaupal.messages.imported import known_messages
from chaupal.store.store import Store
from chaupal.store.transaction import Transaction

_PIECE_BYTES = 1024 * 1024


class FileRoom(msgspec.Struct, frozen=True):
    """Where files go, and how large one message's may be together."""

    store: Store
    media_store: MediaStore
    max_bytes: int


class FilesRefused(msgspec.Struct, frozen=True):
    """Why the files of a record cannot be taken."""

    reason: str


Prepared = dict[int, MediaDraft | FilesRefused]
"""By the record's place in the batch; what is known already, and not as a text alone, is left out."""


async def prepare_files(room: FileRoom, operator: Operator, records: list[Record]) -> Prepared:
    """Take in the files of all attachments in a batch that are not known yet.

    Raises:
        Unavailable: the disk is full, or the media store gone; nothing of the batch may be taken then.
    """
    attachments = {index: record for index, record in enumerate(records) if isinstance(record, AttachmentRecord)}
    if not attachments:
        return {}
    ids = {index: id_of(operator.tenant_id, record) for index, record in attachments.items()}
    known = await room.store.read(_known, operator, list(ids.values()))
    prepared: Prepared = {}
    for index, record in attachments.items():
        # A text that stands in for the files may be replaced by them.
        if known.get(ids[index], record.text_instead) == record.text_instead:
            prepared[index] = await _prepare(room, operator, record)
    return prepared


def id_of(tenant_id: str, record: AttachmentRecord) -> str:
    """The id that an attachment has, or is given."""
    return record.message_id or derived_id(tenant_id, "message", record.derived_from)


def _known(tx: Transaction, caller: Operator, ids: list[str]) -> dict[str, str | None]:
    kept = as_kept(tx, caller, ids)
    known = known_texts(tx, kept)
    return {named: known[each] for named, each in zip(ids, kept, strict=True) if each in known}


def known_texts(tx: Transaction, ids: list[str]) -> dict[str, str | None]:
    """The texts of those of the ids that are known; None of an action, and of what has changed since."""
    actions: dict[str, str | None] = dict.fromkeys(known_actions(tx, ids))
    return actions | known_messages(tx, ids)


async def _prepare(room: FileRoom, operator: Operator, record: AttachmentRecord) -> MediaDraft | FilesRefused:
    limit = f"{room.max_bytes // (1024 * 1024)} MB"
    try:
        async with Intake(room.media_store, max_bytes=room.max_bytes, limit=limit) as intake:
            for file in record.files:
                await _take(room, intake, file)
            return await intake.keep(room.store, operator, reserve_for_import)
    except Unavailable:
        raise
    except (ChaupalError, OSError) as error:
        return FilesRefused(str(error))


async def _take(room: FileRoom, intake: Intake, file: SavedFile) -> None:
    threads = room.media_store.threads
    opened = await threads.run(lambda: _open(Path(file.path)))
    try:
        intake.begin(field=file.name, name=file.name, content_type="")
        while piece := await threads.run(lambda: opened.read(_PIECE_BYTES)):
            await intake.write(piece)
        await intake.end()
    finally:
        opened.close()


def _open(path: Path) -> IO[bytes]:
    """No link is followed: what was unpacked of someone's archive must not lead to other files of this machine."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0)
