"""What a running server consists of, handed to whoever needs a part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaupal.auth.limiter import Limiter
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import TokenSigner
from chaupal.media.links import MediaLinks
from chaupal.media.media_store import MediaStore, make_media_store
from chaupal.outbound.guarded import GuardedClient
from chaupal.settings import Settings
from chaupal.store.opening import DataFolder
from chaupal.store.store import Store
from chaupal.subgroups.unique_counts import UniqueCounts

if TYPE_CHECKING:
    from chaupal.streams.live import LiveStreams


@dataclass(slots=True, eq=False)
class House:
    """The parts of one server process."""

    settings: Settings
    store: Store
    secret_key: SecretKey
    signer: TokenSigner
    folder: DataFolder
    limiter: Limiter = field(default_factory=Limiter)
    unique_counts: UniqueCounts = field(default_factory=UniqueCounts)
    media_store: MediaStore = field(init=False)
    media_links: MediaLinks = field(init=False)
    media_fetcher: GuardedClient = field(init=False)
    """For URLs that callers name; to be closed before the event loop ends."""
    live_streams: LiveStreams | None = None
    """Made when the first stream is opened."""
    callbacks: GuardedClient = field(init=False)
    """For the receivers of webhooks; to be closed before the event loop ends."""
    is_stopping: bool = False
    wake_jobs: Callable[[], None] = lambda: None
    """Called after a commit that queued a job; without it the job waits for the next poll."""
    wake_webhooks: Callable[[], None] = lambda: None
    """Called after a commit that made or changed a webhook, or queued a delivery by hand."""

    def __post_init__(self) -> None:
        self.media_store = make_media_store(self.settings)
        self.media_links = MediaLinks(self.secret_key, self.settings.endpoint_url)
        self.media_fetcher = GuardedClient(
            allow=self.settings.media_fetch_networks, setting="CHAUPAL_MEDIA_FETCH_ALLOW"
        )
        self.callbacks = GuardedClient(
            allow=self.settings.callback_networks,
            setting="CHAUPAL_CALLBACK_ALLOW",
            needs_tls=True,
            connections_max=0,
        )

    @property
    def now_s(self) -> int:
        """The store's time in seconds since 1970 UTC."""
        return self.store.clock() // 1_000_000
