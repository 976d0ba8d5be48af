"""Files of an organization's past elsewhere: taken in like uploads, in the name of whoever sent them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec

from chaupal.auth.caller import Operator
from chaupal.media.events import media_added
from chaupal.media.queries import MediaRow, insert_media
from chaupal.media.resources import SECRET_BYTES, write_resource
from chaupal.media.rules import Content, MediaDraft, Reservation, file_row, reserve, take_objects
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction


def reserve_for_import(tx: Transaction, _caller: Operator, contents: Sequence[Content]) -> list[Reservation]:
    """An object for each content, in order."""
    return reserve(tx, contents)


def add_past_media(tx: Transaction, draft: MediaDraft, *, owner_id: str) -> str:
    """Make a media resource that is in use from the first; its `mediaResource`. Inside tx.

    Where pictures were taken is forgotten, as of any picture in a message.

    Raises:
        UploadTookTooLong.
    """
    files = tuple(msgspec.structs.replace(file, place_e7=None) for file in draft.files)
    objects = take_objects(tx, draft)
    row = MediaRow(
        media_id=new_id(),
        kind=draft.kind.value,
        secret=secrets.token_bytes(SECRET_BYTES),
        owner_id=owner_id,
        connector_id="",
        created_at_ms=tx.now_ms,
        attached_at_ms=tx.now_ms,
    )
    insert_media(tx, row, [file_row(row, number, file, objects) for number, file in enumerate(files, 1)])
    size_bytes = sum(file.content.size_bytes for file in files)
    tx.append(media_added(row.media_id, owner_id=owner_id, kind=row.kind, file_count=len(files), size_bytes=size_bytes))
    return write_resource(row.media_id, row.secret)
