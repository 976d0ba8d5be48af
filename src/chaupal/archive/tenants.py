"""One tenant as a file: writing it while the server runs, and putting it into a running installation.

The file is an archive like the one of a whole installation, of the rows and media of one tenant. Instead of the
installation's secret key it holds the tenant's, sealed with a passphrase. Described for others in
docs/operate/moving.md.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chaupal.archive.checking import check_archive, opened_archive
from chaupal.archive.contents import (
    MANIFEST,
    TENANT_FORMAT,
    ArchiveRefused,
    RowDigest,
    TenantContents,
    TenantManifest,
    encode_row,
    read_lines,
)
from chaupal.archive.restoring import restore_media
from chaupal.archive.writing import (
    Tell,
    all_tables,
    check_source,
    described,
    write_media,
    write_table,
    writing,
)
from chaupal.auth.sealing import load_secret_key
from chaupal.auth.tenant_keys import TenantKeys
from chaupal.control import arrival_calls as calls
from chaupal.control.call import ArgumentsT, Call, ResultT
from chaupal.media.archiving import StoredObject, noting_objects
from chaupal.media.media_store import make_media_store
from chaupal.moving.carried import LEFT_BEHIND
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.gates import LEFT
from chaupal.store.schema import SCHEMA_VERSION
from chaupal.store.whole_database import Row, TableShape, WholeDatabase, read_database

_TENANTS, _KEYS = "tenants", "tenant_keys"
_SALT_BYTES, _NONCE_BYTES = 16, 12
_SCRYPT = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}
"""A tenth of a second and 32 MB for each guess."""

PASSPHRASE_MIN_CHARS = 12

_CHUNK_ROWS, _CHUNK_BYTES = 1_000, 400_000
"""Rows sent at once; well below what the control socket takes."""


class InstallationKeyRefused(ArchiveRefused):
    """The tenant has no key of its own, so the file would give the installation's away."""


def export_tenant(
    settings: Settings,
    tenant: str,
    path: Path,
    *,
    passphrase: str,
    with_installation_key: bool = False,
    tell: Tell = lambda _what: None,
) -> TenantManifest:
    """Write, check and name it; what it holds. `tenant` is an id or a name. Blocks; nobody waits for it.

    Raises:
        ArchiveRefused: there is something at `path` already, or no such tenant.
        InstallationKeyRefused: the tenant was made before tenants had keys, and `with_installation_key` is false.
        OSError, and the database's errors: nothing stays at `path`.
    """
    check_source(settings)
    with writing(path, tell, TENANT_FORMAT) as archive, read_database(settings) as database:
        tables = {table.name: table for table in all_tables()}
        tenant_id, name = _find_tenant(database, tables[_TENANTS], tenant)
        key = _key_of(settings, database, tables[_KEYS], tenant_id, with_installation_key=with_installation_key)
        stored: list[StoredObject] = []
        written = [
            write_table(archive, database, table, stored, tell, tenant_id=tenant_id)
            for table in tables.values()
            if table.name not in LEFT_BEHIND
        ]
        copied = asyncio.run(write_media(archive, make_media_store(settings).objects, stored, tell))
        manifest = TenantManifest(
            **described(settings, TENANT_FORMAT, written, copied, has_key=False),
            tenant=TenantContents(tenant_id, name, _seal(key, passphrase, tenant_id)),
        )
        archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


def _find_tenant(database: WholeDatabase, table: TableShape, named: str) -> tuple[str, str]:
    places = {column.name: at for at, column in enumerate(table.columns)}
    rows = [row for row in database.rows(table) if row[places["gate"]] != LEFT]
    here = [(row[places["tenant_id"]], row[places["name"]]) for row in rows]
    folded = named.strip().casefold()
    found = [each for each in here if each[0].lower() == folded]
    found = found or [each for each in here if each[0] and each[1].casefold() == folded]
    if len(found) != 1:
        raise ArchiveRefused(f"there is no tenant '{named}'" if not found else f"several tenants are called '{named}'")
    return found[0]


def _key_of(
    settings: Settings, database: WholeDatabase, table: TableShape, tenant_id: str, *, with_installation_key: bool
) -> bytes:
    keys = TenantKeys(load_secret_key(settings.secret_key_path))
    place = [column.name for column in table.columns].index("sealed_key")
    sealed = [bytes(row[place]) for row in database.rows(table, tenant_id=tenant_id)]
    key = keys.read(tenant_id, sealed[0] if sealed else None)
    if key is keys.installation and not with_installation_key:
        raise InstallationKeyRefused(
            "the tenant was made when tenants had no keys of their own, so the file would hold the secret key of this "
            "installation: if whoever gets it may have that, add --with-installation-key"
        )
    return key.exported()


def _seal(key: bytes, passphrase: str, tenant_id: str) -> str:
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_stretched(passphrase, salt)).encrypt(nonce, key, tenant_id.encode())
    return base64.b64encode(salt + nonce + sealed).decode()


def _unseal(tenant: TenantContents, passphrase: str) -> bytes:
    try:
        packed = base64.b64decode(tenant.sealed_key, validate=True)
        salt, nonce = packed[:_SALT_BYTES], packed[_SALT_BYTES : _SALT_BYTES + _NONCE_BYTES]
        aead = AESGCM(_stretched(passphrase, salt))
        return aead.decrypt(nonce, packed[_SALT_BYTES + _NONCE_BYTES :], tenant.tenant_id.encode())
    except (InvalidTag, ValueError) as error:
        raise ArchiveRefused("the passphrase is not the one that the file was made with") from error


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, dklen=32, **_SCRYPT)


Perform = Callable[[Call[ArgumentsT, ResultT], ArgumentsT], ResultT]
"""Has an operation done by whoever may write: the running server, or this process."""


def import_tenant(
    settings: Settings, path: Path, perform: Any, *, passphrase: str, tell: Tell = lambda _what: None
) -> TenantManifest:
    """Put the file's tenant into the installation, which may be serving others. Blocks.

    It is there whole, or not at all. What a try that was cut off has left counts for nothing; the next one removes it.

    Raises:
        ArchiveRefused: the archive cannot be used here, or what was put in is not what was read.
        OperationFailed: such a tenant is here already, or one of its application ids.
        OSError.
    """
    tell("checking the archive")
    check_archive(path, TENANT_FORMAT)
    with opened_archive(path, TENANT_FORMAT) as (archive, manifest):
        assert isinstance(manifest, TenantManifest)
        _check_schema(manifest)
        arrival = _Arrival(perform, manifest.tenant.tenant_id)
        arrival.begin(_unseal(manifest.tenant, passphrase))
        stored: list[StoredObject] = []
        for contents in manifest.tables:
            tell(f"table {contents.table.name}")
            with archive.open(contents.member) as file:
                rows = noting_objects(contents.table, read_lines(file, contents, RowDigest()), stored)
                arrival.put(contents.table, rows)
            arrival.compare(contents.table.name, contents.row_count, contents.digest)
        asyncio.run(restore_media(archive, make_media_store(settings), stored, tell))
        arrival.finish()
    return manifest


def _check_schema(manifest: TenantManifest) -> None:
    if manifest.schema_version != SCHEMA_VERSION:
        raise ArchiveRefused(
            f"the archive has schema {manifest.schema_version}, this installation {SCHEMA_VERSION}: bring both to the "
            "same version of chaupal, and export the tenant again"
        )
    here = {table.name: table for table in all_tables()}
    for contents in manifest.tables:
        if contents.table.name in LEFT_BEHIND or here.get(contents.table.name) != contents.table:
            raise ArchiveRefused(f"the table {contents.table.name} of the archive is none of this version")


class _Arrival:
    """The steps of `moving.arrivals`, as operations."""

    def __init__(self, perform: Any, tenant_id: str) -> None:
        self._perform = perform
        self._tenant_id = tenant_id
        self._arrival_id = new_id()

    def begin(self, key: bytes) -> None:
        place = calls.ArrivalPlace(tenant_id=self._tenant_id, arrival_id=self._arrival_id)
        begun = calls.ArrivalBegin(tenant_id=self._tenant_id, arrival_id=self._arrival_id, key=key)
        self._perform(calls.ARRIVAL_BEGIN, begun)
        while self._perform(calls.ARRIVAL_CLEAR, place).has_more:
            continue

    def put(self, table: TableShape, rows: Iterable[Row]) -> None:
        for chunk in _chunks(rows):
            put = calls.ArrivalRows(
                tenant_id=self._tenant_id, arrival_id=self._arrival_id, table=table.name, rows=chunk
            )
            self._perform(calls.ARRIVAL_PUT, put)

    def compare(self, table: str, row_count: int, digest: str) -> None:
        found, after = RowDigest(), None
        while True:
            asked = calls.ArrivalSumOf(tenant_id=self._tenant_id, table=table, after=after)
            part = self._perform(calls.ARRIVAL_SUM, asked)
            found.add_part(part.row_count, part.digest)
            after = part.after
            if after is None:
                break
        if (found.row_count, found.hex) != (row_count, digest):
            raise ArchiveRefused(f"the table {table} has other rows than the archive after it was put in; try again")

    def finish(self) -> None:
        self._perform(calls.ARRIVAL_FINISH, calls.ArrivalPlace(tenant_id=self._tenant_id, arrival_id=self._arrival_id))


def _chunks(rows: Iterable[Row]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    size_bytes = 0
    for row in rows:
        chunk.append(list(row))
        size_bytes += len(encode_row(row))
        if len(chunk) >= _CHUNK_ROWS or size_bytes >= _CHUNK_BYTES:
            yield chunk
            chunk, size_bytes = [], 0
    if chunk:
        yield chunk


def read_passphrase(path: Path) -> str:
    """The first line of a file.

    Raises:
        ArchiveRefused: it cannot be read, or is too short.
    """
    try:
        with path.open(encoding="utf-8") as file:
            passphrase = file.readline().rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise ArchiveRefused(f"'{path}' cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(passphrase) < PASSPHRASE_MIN_CHARS:
        raise ArchiveRefused(f"the passphrase in {path} must have at least {PASSPHRASE_MIN_CHARS} characters")
    return passphrase
