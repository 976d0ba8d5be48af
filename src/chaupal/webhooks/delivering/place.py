"""What delivering needs of whoever runs it: a server's house has it, and so has the process that only delivers."""

from __future__ import annotations

from typing import Protocol

import msgspec

from chaupal.auth.sealing import SecretKey
from chaupal.auth.tenant_keys import TenantKeys
from chaupal.media.links import MediaLinks
from chaupal.outbound.guarded import GuardedClient
from chaupal.settings import Settings
from chaupal.store.store import Store


class DeliveryPlace(Protocol):
    """Settings, store, keys, and the client that may call receivers."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def store(self) -> Store:
        """Where events and deliveries are."""

    @property
    def tenant_keys(self) -> TenantKeys:
        """What bodies, targets and answers are sealed with."""

    @property
    def media_links(self) -> MediaLinks:
        """Makes the links that bodies hold."""

    @property
    def callbacks(self) -> GuardedClient:
        """Calls receivers."""

    async def key_of(self, tenant_id: str) -> SecretKey:
        """The tenant's key."""


class Tally(msgspec.Struct, tag=True):
    """What has happened since the last one, for the metrics. `flights` are on their way now; `failures` were caught."""

    matched: int = 0
    delivered: int = 0
    retrying: int = 0
    exhausted: int = 0
    failures: int = 0
    flights: int = 0
    delays_s: list[float] = []

    def add(self, other: Tally) -> None:
        """Count what came later, too."""
        self.matched += other.matched
        self.delivered += other.delivered
        self.retrying += other.retrying
        self.exhausted += other.exhausted
        self.failures += other.failures
        self.flights = other.flights
        self.delays_s += other.delays_s


class DeliveryMetrics(Protocol):
    """Whoever counts."""

    def note_webhooks(self, tally: Tally) -> None:
        """Count it."""
