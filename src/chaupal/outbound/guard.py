"""Which URLs and addresses a call may go to when somebody else than the operator has named them.

Public addresses only, in their one plain spelling. Everything is decided twice: by the URL before a name is resolved,
and by the address that is really connected to. Source: contract, sections 7 and 11; the registries of special-purpose
addresses (RFC 6890 and what has been added since).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from chaupal.outbound.failures import AddressRefused

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_URL_MAX_CHARS = 2_048
_LOWEST_FREE_PORT = 1_024
_WEB_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"(?P<scheme>[a-z]+)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
"""How a resolver tells a number from a name: whatever ends in one would be read as an IPv4 address."""

_CLOSED_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (CGNAT); some clouds keep their metadata there
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_IPV6 = IPv6Network("2000::/3")
"""Only here are public addresses; loopback, mapped, compatible, NAT64, ULA, link- and site-local lie outside."""

_CLOSED_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 holds an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_METADATA = frozenset(
    ip_address(address)
    for address in (
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
"""Where clouds give out their machines' secrets. Opened by an entry for the very address, not by a network around."""


class CheckedUrl(msgspec.Struct, frozen=True):
    """A URL whose spelling is plain. Its host is lower case, without brackets; where it leads is not known yet."""

    text: str
    scheme: str
    host: str
    port: int


class Guard:
    """Decides for one purpose. `setting` is the name of the setting that `allow` comes from; refusals name it.

    Without `is_public_open` nothing but what is allowed is open: for calls that nobody on the way may read.
    """

    def __init__(self, *, allow: Iterable[Network] = (), setting: str, is_public_open: bool = True) -> None:
        self._allow = tuple(allow)
        self._setting = setting
        self._is_public_open = is_public_open

    def check_url(self, text: str) -> CheckedUrl:
        """The URL, taken apart.

        Raises:
            AddressRefused: it is not plain, or names an address or port that calls may not go to.
        """
        url = read_url(text)
        literal = _literal(url.host)
        if literal is not None:
            self.check_address(str(literal))
        return url

    def check_address(self, text: str) -> None:
        """Pass where calls may go to this address.

        Raises:
            AddressRefused.
        """
        if not self._is_open(ip_address(text)):
            raise self._refusal()

    def open_among(self, addresses: Iterable[str]) -> list[str]:
        """Those of a name's addresses that calls may go to.

        Raises:
            AddressRefused: there is none.
        """
        found = [text for text in addresses if self._is_open(ip_address(text))]
        if not found:
            raise self._refusal()
        return found

    def _refusal(self) -> AddressRefused:
        if self._is_public_open:
            return AddressRefused(f"the host has no public address; {self._setting} can allow others")
        return AddressRefused(f"the URL must begin with https://; {self._setting} can allow http:// to some addresses")

    def _is_open(self, address: Address) -> bool:
        entries = [network for network in self._allow if address in network]
        if address in _METADATA:
            return any(network.num_addresses == 1 for network in entries)
        return bool(entries) or (self._is_public_open and _is_public(address))


@lru_cache(maxsize=1_000)
def is_public_address(text: str) -> bool:
    """Whether anybody may call this address."""
    return _is_public(ip_address(text))


def read_networks(entries: Iterable[str]) -> tuple[Network, ...]:
    """The networks of an allow list; a single address stands for itself.

    Raises:
        ValueError: naming the entry.
    """
    return tuple(ip_network(entry, strict=False) for entry in entries)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_IPV4)
    if address.scope_id is not None or address not in _GLOBAL_IPV6:
        return False
    return not any(address in network for network in _CLOSED_IPV6)


def read_url(text: str) -> CheckedUrl:
    """The URL, taken apart; where it leads is not looked at.

    Raises:
        AddressRefused: it is not plain.
    """
    text = text.strip()
    if len(text) > _URL_MAX_CHARS:
        raise AddressRefused(f"the URL is longer than {_URL_MAX_CHARS} characters")
    # Programs differ in how they read these; whatever is read in two ways could lead to two places.
    if "\\" in text or any(not character.isprintable() for character in text):
        raise AddressRefused("the URL holds characters that no URL has")
    found = _URL.fullmatch(text)
    scheme = found["scheme"].lower() if found else ""
    if found is None or scheme not in _WEB_PORTS:
        raise AddressRefused("the URL must begin with https:// or http://")
    if "@" in found["authority"]:
        raise AddressRefused("the URL must not hold a user or password")
    authority = _AUTHORITY.fullmatch(found["authority"])
    if authority is None:
        raise AddressRefused("the host must be a name of ASCII letters, or an address, with an optional port")
    port = int(authority["port"]) if authority["port"] else _WEB_PORTS[scheme]
    if port not in _WEB_PORTS.values() and not _LOWEST_FREE_PORT <= port <= 65_535:
        raise AddressRefused("the port must be 80, 443, or 1024 to 65535")
    host = _plain_host(authority["host"].lower())
    return CheckedUrl(text=text, scheme=scheme, host=host, port=port)


def _plain_host(host: str) -> str:
    if host.startswith("["):
        host = host[1:-1]
        if _literal(host) is None:
            raise AddressRefused("the host is not an IPv6 address")
        return host
    if host.startswith(".") or host.endswith(".") or ".." in host:
        raise AddressRefused("the host must not begin or end with a dot, or have two in a row")
    if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]) and _literal(host) is None:
        raise AddressRefused("an IPv4 address must be written as four decimal numbers")
    return host


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
