"""What a process keeps in memory of cells: their keys and addresses, and which tenants have left or come.

Looked at by every call that carries a token, so it is dictionaries and nothing else; it is filled anew when something
has changed (`cells.watching`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from chaupal.directory.places import TenantPlace


class TenantMoved(Exception):
    """The call is about an organization that lives in another cell; it is answered from there."""

    def __init__(self, place: TenantPlace) -> None:
        super().__init__(place.cell_name)
        self.place = place


class Peer(msgspec.Struct, frozen=True):
    """Another cell that has joined, by the ids of its keys."""

    name: str
    endpoint_url: str
    is_root: bool
    state: str
    keys: dict[str, Ed25519PublicKey]


class Roster(msgspec.Struct):
    """All of it. `own_name` "" is an installation that is alone."""

    own_name: str = ""
    is_root: bool = False
    taken_out_by: str = ""
    """The address of the root that has taken this cell out, which then knows and serves nobody; else ""."""
    peers: dict[str, Peer] = {}
    removed: dict[str, Ed25519PublicKey] = {}
    """At the root, by their ids: the keys of cells that were taken out."""
    departures: dict[str, TenantPlace] = {}
    """By tenant id; whoever left long ago as well, so that what is still here of them is never taken for them."""
    origins: dict[str, dict[str, int]] = {}
    """By tenant id: the cells whose tokens work here, each until when, milliseconds since 1970 UTC."""

    @property
    def root(self) -> Peer | None:
        """The API root, where that is another cell."""
        return next((peer for peer in self.peers.values() if peer.is_root), None)

    def endpoint_of(self, place: TenantPlace) -> str:
        """Where the tenant's calls go now: its cell's address as last heard, with one slash at its end."""
        peer = self.peers.get(place.cell_name)
        url = peer.endpoint_url if peer is not None else place.endpoint_url
        return url.rstrip("/") + "/"

    def trusts(self, tenant_id: str, cell_name: str, *, now_ms: int) -> bool:
        """Whether the cell's signature on a token of the tenant's means something here: it has lived there lately, or
        does not live here any more, so that its token opens nothing but the way to where it is."""
        if tenant_id in self.departures:
            return True
        return self.origins.get(tenant_id, {}).get(cell_name, 0) > now_ms
