"""What a running server consists of, handed to whoever needs a part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaupal.auth.caller import Operator
from chaupal.auth.limiter import Limiter
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import TokenSigner
from chaupal.auth.tenant_keys import TenantKeys, meet_tenant
from chaupal.cells.calls import CellCalls
from chaupal.cells.roster import Roster
from chaupal.media.links import MediaLinks
from chaupal.media.media_store import MediaStore, make_media_store
from chaupal.outbound.guarded import GuardedClient
from chaupal.settings import Settings
from chaupal.store.opening import DataFolder
from chaupal.store.store import Store
from chaupal.subgroups.unique_counts import UniqueCounts

if TYPE_CHECKING:
    from chaupal.streams.live import LiveStreams
    from chaupal.tracing.tracer import Tracing


@dataclass(slots=True, eq=False)
class House:
    """The parts of one server process."""

    settings: Settings
    store: Store
    secret_key: SecretKey
    """The installation's; what belongs to a tenant is hashed and sealed with the tenant's."""
    signer: TokenSigner
    folder: DataFolder
    limiter: Limiter = field(default_factory=Limiter)
    unique_counts: UniqueCounts = field(default_factory=UniqueCounts)
    tenant_keys: TenantKeys = field(init=False)
    media_store: MediaStore = field(init=False)
    media_links: MediaLinks = field(init=False)
    media_fetcher: GuardedClient = field(init=False)
    """For URLs that callers name; to be closed before the event loop ends."""
    live_streams: LiveStreams | None = None
    """Made when the first stream is opened."""
    cell_calls: CellCalls = field(init=False)
    """To be closed before the event loop ends."""
    callbacks: GuardedClient = field(init=False)
    """For the receivers of webhooks; to be closed before the event loop ends."""
    tracing: Tracing | None = None
    roster: Roster = field(default_factory=Roster)
    """The other cells, and who has gone there; replaced as a whole when something changes."""
    is_stopping: bool = False
    wake_jobs: Callable[[], None] = lambda: None
    """Called after a commit that queued a job; without it the job waits for the next poll."""
    wake_moves: Callable[[], None] = lambda: None
    """Called after a commit that began a move."""
    tell_cells: Callable[[], None] = lambda: None
    """Called after a commit that changed what is known of cells or keys; every process then looks."""
    wake_webhooks: Callable[[], None] = lambda: None
    """Called after a commit that made or changed a webhook, or queued a delivery by hand."""

    def __post_init__(self) -> None:
        self.tenant_keys = TenantKeys(self.secret_key)
        self.cell_calls = CellCalls(self)
        self.media_store = make_media_store(self.settings)
        self.media_links = MediaLinks(self.tenant_keys, self.settings.endpoint_url)
        self.media_fetcher = GuardedClient(
            allow=self.settings.media_fetch_networks, setting="CHAUPAL_MEDIA_FETCH_ALLOW"
        )
        self.callbacks = GuardedClient(
            allow=self.settings.callback_networks,
            setting="CHAUPAL_CALLBACK_ALLOW",
            needs_tls=True,
            connections_max=0,
        )

    def trace_with(self, tracing: Tracing) -> None:
        """Make traces of all that is done from now on."""
        self.tracing = self.media_fetcher.tracing = self.callbacks.tracing = tracing
        self.store.trace_with(tracing)

    @property
    def now_s(self) -> int:
        """The store's time in seconds since 1970 UTC."""
        return self.store.clock() // 1_000_000

    async def meet_tenant(self, tenant_id: str) -> None:
        """Know the tenant's key; where there is no such tenant, nothing is known.

        Raises:
            Unavailable.
        """
        if tenant_id not in self.tenant_keys:
            await self.store.read(meet_tenant, Operator(tenant_id), self.tenant_keys)

    async def key_of(self, tenant_id: str) -> SecretKey:
        """The tenant's key.

        Raises:
            InvalidToken: there is no such tenant.
            Unavailable.
        """
        await self.meet_tenant(tenant_id)
        return self.tenant_keys.of(tenant_id)
