"""What addresses of clients mean: whose they are for limits, and whether they are a trusted proxy's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_SITE_BITS = 64
"""Whoever has one IPv6 address has all that differ in the last half only."""


def site_of(address: str) -> str:
    """What counts as one client: an IPv4 address, also where it is written as IPv6; the first half of an IPv6 address;
    what is no address, as it is."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, _SITE_BITS), strict=False))
    return address if parsed is None else str(parsed)


def is_in(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    """Whether it is an address in one of the networks."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def address_behind(address: str, forwarded: str, proxies: tuple[IPv4Network | IPv6Network, ...]) -> str:
    """Whose address the proxies before us name in `X-Forwarded-For`: the last that is none of theirs. `address` is the
    peer's; what a peer that is no proxy of ours says counts for nothing."""
    for claimed in reversed(forwarded.split(",")):
        if not is_in(address, proxies):
            return address
        address = claimed.strip() or address
    return address


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
