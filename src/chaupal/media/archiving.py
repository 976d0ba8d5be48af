"""What an archive of the installation has to know of media: which objects the rows speak of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from chaupal.media.objects import ObjectKey
from chaupal.store.whole_database import Row, TableShape

_TABLE = "media_objects"
_WITH_BYTES = ("kept", "loose")


class StoredObject(msgspec.Struct, frozen=True):
    """An object whose bytes should be in their place."""

    key: ObjectKey
    size_bytes: int


def noting_objects(table: TableShape, rows: Iterable[Row], found: list[StoredObject]) -> Iterator[Row]:
    """The rows as they are; where they are those of media objects, the ones that have bytes are added to `found`."""
    if table.name != _TABLE:
        yield from rows
        return
    places = {column.name: index for index, column in enumerate(table.columns)}
    for row in rows:
        if row[places["state"]] in _WITH_BYTES:
            key = ObjectKey(row[places["tenant_id"]], row[places["sha256"]], row[places["object_id"]])
            found.append(StoredObject(key, row[places["size_bytes"]]))
        yield row
