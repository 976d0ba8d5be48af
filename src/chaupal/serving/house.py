"""What a running server consists of, handed to whoever needs a part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chaupal.auth.limiter import Limiter
from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import TokenSigner
from chaupal.settings import Settings
from chaupal.store.opening import DataFolder
from chaupal.store.store import Store


@dataclass(slots=True, eq=False)
class House:
    """The parts of one server process."""

    settings: Settings
    store: Store
    secret_key: SecretKey
    signer: TokenSigner
    folder: DataFolder
    limiter: Limiter = field(default_factory=Limiter)
    is_stopping: bool = False
    wake_jobs: Callable[[], None] = lambda: None
    """Called after a commit that queued a job; without it the job waits for the next poll."""

    @property
    def now_s(self) -> int:
        """The store's time in seconds since 1970 UTC."""
        return self.store.clock() // 1_000_000
