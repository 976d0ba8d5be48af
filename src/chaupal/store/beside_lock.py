"""The lock that whoever writes beside a tenant's calls holds on PostgreSQL (`store.beside`)."""

from __future__ import annotations

import zlib
from typing import Any

from chaupal.store.statements import CompiledStatement

_CLASS = 0x62657369
_SIGNED_HALF = 2**31

_LOCK = CompiledStatement("SELECT pg_advisory_xact_lock(%s, %s)", (), {}, (), str, (), "", "")


def beside_lock_of(tenant_id: str) -> tuple[CompiledStatement, tuple[Any, ...]]:
    """What takes the lock until the transaction ends. Tenants may share one."""
    return _LOCK, (_CLASS, zlib.crc32(tenant_id.encode()) - _SIGNED_HALF)
