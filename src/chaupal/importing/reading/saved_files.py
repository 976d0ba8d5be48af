"""Folders of saved attachments, `<Group Name>/<timestamp>_<MessageID>_<Sender>_<Message Type>.<ext>`. Section 14.

They are matched to the messages of an export by their ids; what no export has is taken by what its name says. Memory
holds the names in a few folders, and a number for each file that was matched.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from chaupal.importing.reading.columns import folded
from chaupal.importing.reading.findings import Finding, Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.texts import Unreadable, read_kept_id, storable
from chaupal.importing.records import AttachmentRecord, SavedFile
from chaupal.wire.ids import without_unit

_FOLDERS_KEPT = 16
FILES_MAX = 10
"""Of one album."""

_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?:@[0-9]{1,9})?"
_NAME = re.compile(
    # Colons cannot stand in the names of files everywhere, so they were saved as something else, or left out.
    r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)[T _-]?"
    r"(?P<hour>\d\d)[:._-]?(?P<minute>\d\d)[:._-]?(?P<second>\d\d)(?:[.,]\d+)?Z?_"
    rf"(?P<id>{_GUID}|[^_]+)_(?P<sender>.+)_(?P<type>[A-Za-z][A-Za-z ]*?)[ _-]*(?:\(?\d+\)?)?\.\w{{1,10}}"
)


class SavedName(msgspec.Struct, frozen=True):
    """What the name of a saved file says. `message_id` is as it is kept."""

    timestamp: str
    message_id: str
    sender: str
    message_type: str


def read_saved_name(name: str) -> SavedName | None:
    """What a file's name says; None where it is no saved attachment's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    date = f"{match['year']}-{match['month']}-{match['day']}"
    try:
        message_id = read_kept_id(match["id"])
    except Unreadable:
        return None
    timestamp = f"{date}T{match['hour']}:{match['minute']}:{match['second']}Z"
    return SavedName(timestamp, message_id, storable(match["sender"]), match["type"])


class SavedFiles:
    """The folders of one import."""

    def __init__(self, folders: Sequence[Path], mapping: Mapping, people: KnownPeople) -> None:
        self._mapping = mapping
        self._people = people
        self._of_group: dict[str, list[Path]] = defaultdict(list)
        for folder in folders:
            # What cannot stand in a name of a folder was left out or replaced: letters and digits are compared.
            self._of_group[folded(folder.name)].append(folder)
        self._listed: OrderedDict[Path, dict[str, list[SavedFile]]] = OrderedDict()
        self._matched: set[int] = set()

    def of_message(self, group_name: str, message_id: str) -> tuple[SavedFile, ...]:
        """The files that were saved of a message, in the order of their names."""
        if not message_id:
            return ()
        message_id = without_unit(message_id)
        found: list[SavedFile] = []
        for folder in self._of_group.get(folded(group_name), ()):
            found += self._list(folder).get(message_id, ())
        if found:
            self._matched.add(hash(message_id))
        return tuple(found)

    def left_in(self, folder: Path) -> Iterator[Finding]:
        """What was saved in a folder and belongs to no message that was read."""
        for message_id, files in list(self._list(folder).items()):
            if hash(message_id) in self._matched:
                continue
            said = read_saved_name(files[0].name)
            assert said is not None, "only such names are listed"
            try:
                yield from self._attachments_of(folder, said, tuple(files))
            except Unreadable as error:
                yield Problem(1, f"{files[0].path}: {error}", files[0].name)

    def _attachments_of(self, folder: Path, said: SavedName, files: tuple[SavedFile, ...]) -> Iterator[Finding]:
        sent_at_us = self._mapping.times.read(said.timestamp)
        for number, some in enumerate(in_albums(files)):
            record = AttachmentRecord(
                group=self._mapping.group(storable(folder.name)),
                sender=self._people.meant_by(said.sender),
                sent_at_us=sent_at_us + number,
                files=some,
                text_instead=text_instead(said.message_type, some),
                message_id="" if number else said.message_id,
                derived_from=f"{without_unit(said.message_id)}#{number}" if number else "",
            )
            yield Found(record, 1)

    def _list(self, folder: Path) -> dict[str, list[SavedFile]]:
        listed = self._listed.pop(folder, None)
        if listed is None:
            listed = _list_folder(folder)
            if len(self._listed) >= _FOLDERS_KEPT:
                self._listed.popitem(last=False)
        self._listed[folder] = listed
        return listed


def _list_folder(folder: Path) -> dict[str, list[SavedFile]]:
    """The files of each message, by its id without scale unit."""
    by_id: dict[str, list[SavedFile]] = defaultdict(list)
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            said = read_saved_name(entry.name) if entry.is_file(follow_symlinks=False) else None
            if said is not None:
                path = str(Path(entry.path).absolute())
                by_id[without_unit(said.message_id)].append(SavedFile(path, entry.name, entry.stat().st_size))
    return dict(by_id)


def in_albums(files: tuple[SavedFile, ...]) -> Iterator[tuple[SavedFile, ...]]:
    """Files as they can be posted: pictures together, at most ten, and each other file by itself."""
    pictures = [file for file in files if file.name.rpartition(".")[2].lower() in _PICTURES]
    for at in range(0, len(pictures), FILES_MAX):
        yield tuple(pictures[at : at + FILES_MAX])
    for file in files:
        if file not in pictures:
            yield (file,)


_PICTURES = frozenset({"jpg", "jpeg", "png", "gif", "webp"})


def text_instead(message_type: str, files: tuple[SavedFile, ...]) -> str:
    """What is left to say of files that cannot be taken."""
    return " ".join([f"[{message_type or 'Attachment'}]", *(storable(file.name) for file in files)])
