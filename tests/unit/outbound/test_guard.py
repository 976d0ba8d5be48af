"""Which URLs and addresses the guard lets through: the long table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.outbound.failures import AddressRefused
from chaupal.outbound.guard import Guard, read_networks

SETTING = "CHAUPAL_MEDIA_FETCH_ALLOW"

REFUSED = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 100.100.100.200 127.0.0.1 127.1.2.3
    169.254.0.1 169.254.169.254 169.254.170.2 168.63.129.16 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1
    192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1
    239.255.255.250 240.0.0.1 255.255.255.255 192.31.196.1 192.52.193.1 192.175.48.1
    :: ::1 ::7f00:1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::7f00:1
    64:ff9b::8.8.8.8 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1
    2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1 3fff::1 5f00::1 fc00::1 fd00::1 fd00:ec2::254
    fe80::1 fe80::1%eth0 2606:4700:4700::1111%eth0 fec0::1 ff02::1 ff0e::1 4000::1 e000::1 2620:4f:8000::1
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
    169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
    223.255.255.255 168.63.129.17 2606:4700:4700::1111 2a00:1450:4001:800::200e 2001:4860:4860::8888 2400:cb00::1
"""

REFUSED_URLS = [
    ("ftp://example.org/a", "must begin with https"),
    ("file:///etc/passwd", "must begin with https"),
    ("gopher://example.org:6379/_x", "must begin with https"),
    ("//example.org/a", "must begin with https"),
    ("example.org/a", "must begin with https"),
    ("", "must begin with https"),
    ("http:/example.org", "must begin with https"),
    ("http:///etc", "must be a name"),
    ("http://:80/", "must be a name"),
    ("http://user@example.org/", "user or password"),
    ("http://user:word@example.org/", "user or password"),
    ("http://example.org@127.0.0.1/", "user or password"),
    ("http://example.org%40127.0.0.1/", "must be a name"),
    ("http://127.0.0.1/", "no public address"),
    ("http://127.0.0.1.:8080/", "begin or end with a dot"),
    ("http://example.org./", "begin or end with a dot"),
    ("http://.example.org/", "begin or end with a dot"),
    ("http://example..org/", "two in a row"),
    ("http://2130706433/", "four decimal numbers"),
    ("http://0x7f000001/", "four decimal numbers"),
    ("http://0x7f.0.0.1/", "four decimal numbers"),
    ("http://0X7F.1/", "four decimal numbers"),
    ("http://017700000001/", "four decimal numbers"),
    ("http://0177.0.0.1/", "four decimal numbers"),
    ("http://127.1/", "four decimal numbers"),
    ("http://127.0.1/", "four decimal numbers"),
    ("http://0/", "four decimal numbers"),
    ("http://1.2.3.4.5/", "four decimal numbers"),
    ("http://256.1.1.1/", "four decimal numbers"),
    ("http://127.0.0.0x1/", "four decimal numbers"),
    ("http://08.8.8.8/", "four decimal numbers"),
    ("http://[::1]/", "no public address"),
    ("http://[::ffff:127.0.0.1]:8080/", "no public address"),
    ("http://[::ffff:7f00:1]/", "no public address"),
    ("http://[64:ff9b::7f00:1]/", "no public address"),
    ("http://[fe80::1%25eth0]/", "must be a name"),
    ("http://[::1/", "must be a name"),
    ("http://[1.2.3.4.5]/", "not an IPv6 address"),
    ("http://[:::]/", "not an IPv6 address"),
    ("http://①②⑦.⓪.⓪.①/", "must be a name"),
    ("http://127。0。0。1/", "must be a name"),
    ("http://प्रदेश.भारत/", "must be a name"),
    ("http://exa mple.org/", "must be a name"),
    ("http://example.org:22/", "port must be"),
    ("http://example.org:0/", "port must be"),
    ("http://example.org:25/", "port must be"),
    ("http://example.org:1023/", "port must be"),
    ("http://example.org:65536/", "port must be"),
    ("http://example.org:99999999/", "must be a name"),
    ("http://example.org:-80/", "must be a name"),
    ("http://example.org:+80/", "must be a name"),
    ("http://example.org:８０/", "must be a name"),
    ("http://example.org\\@127.0.0.1/", "characters that no URL has"),
    ("http:\\\\127.0.0.1\\", "characters that no URL has"),
    ("http://example.org/\r\nHost: x", "characters that no URL has"),
    ("http://example.org\t/", "characters that no URL has"),
    ("http://exam\u202eple.org/", "characters that no URL has"),
    ("http://example.org/\x00", "characters that no URL has"),
    ("http://example.org/" + "x" * 2_048, "longer than 2048"),
    ("http://169.254.169.254/latest/meta-data/", "no public address"),
]


@pytest.fixture
def guard() -> Guard:
    return Guard(setting=SETTING)


class TestCheckAddress:
    @pytest.mark.parametrize("address", REFUSED.split())
    def test_refuses_whatever_is_not_public_and_names_the_setting(self, guard: Guard, address: str) -> None:
        with pytest.raises(AddressRefused, match=SETTING):
            guard.check_address(address)

    @pytest.mark.parametrize("address", PUBLIC.split())
    def test_lets_public_ones_through(self, guard: Guard, address: str) -> None:
        guard.check_address(address)

    @given(st.ip_addresses())
    def test_is_never_more_generous_than_pythons_own_list(self, address: object) -> None:
        try:
            Guard(setting=SETTING).check_address(str(address))
        except AddressRefused:
            return
        assert address.is_global and not address.is_multicast  # type: ignore[attr-defined]

    @given(st.ip_addresses(v=4))
    def test_no_ipv4_address_gets_in_inside_of_another(self, address: object) -> None:
        guard = Guard(setting=SETTING)
        number = int(address)  # type: ignore[call-overload]
        high, low = number >> 16, number & 0xFFFF
        inside = (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}", f"2002:{high:x}:{low:x}::1")
        for text in inside:
            with pytest.raises(AddressRefused):
                guard.check_address(text)


class TestAllowed:
    def test_an_entry_opens_its_network_and_no_other(self) -> None:
        guard = Guard(allow=read_networks(["10.1.0.0/16", "192.168.7.7", "fd00::/8"]), setting=SETTING)
        for address in ("10.1.2.3", "192.168.7.7", "fd12::1", "8.8.8.8"):
            guard.check_address(address)
        for address in ("10.2.0.1", "192.168.7.8", "fe80::1", "::ffff:10.1.2.3"):
            with pytest.raises(AddressRefused):
                guard.check_address(address)

    def test_metadata_is_opened_by_its_own_entry_alone(self) -> None:
        everything = Guard(allow=read_networks(["0.0.0.0/0", "::/0"]), setting=SETTING)
        for address in ("169.254.169.254", "168.63.129.16", "fd00:ec2::254", "100.100.100.200"):
            with pytest.raises(AddressRefused):
                everything.check_address(address)
        Guard(allow=read_networks(["169.254.169.254/32"]), setting=SETTING).check_address("169.254.169.254")

    def test_of_a_names_addresses_the_open_ones_are_left(self, guard: Guard) -> None:
        assert guard.open_among(["10.0.0.1", "8.8.8.8", "64:ff9b::808:808"]) == ["8.8.8.8"]
        with pytest.raises(AddressRefused, match=SETTING):
            guard.open_among(["10.0.0.1", "::1"])


class TestCheckUrl:
    @pytest.mark.parametrize(("url", "reason"), REFUSED_URLS, ids=[repr(url)[:40] for url, _ in REFUSED_URLS])
    def test_refuses(self, guard: Guard, url: str, reason: str) -> None:
        with pytest.raises(AddressRefused, match=reason):
            guard.check_url(url)

    @pytest.mark.parametrize(
        ("url", "scheme", "host", "port"),
        [
            ("https://example.org", "https", "example.org", 443),
            ("HTTP://Example.ORG:80/a?b=c#d", "http", "example.org", 80),
            (" https://example.org:8443/a b ", "https", "example.org", 8443),
            ("https://a-b_c.example.org:1024/फ़ाइल.jpg", "https", "a-b_c.example.org", 1024),
            ("http://8.8.8.8:65535/", "http", "8.8.8.8", 65_535),
            ("https://[2606:4700:4700::1111]:443/", "https", "2606:4700:4700::1111", 443),
            ("https://xn--i1b6b1a6a2e.example/", "https", "xn--i1b6b1a6a2e.example", 443),
            ("http://example.org:443/user@host", "http", "example.org", 443),
            ("http://localhost:8080/", "http", "localhost", 8080),
        ],
    )
    def test_takes_a_plain_one_apart(self, guard: Guard, url: str, scheme: str, host: str, port: int) -> None:
        checked = guard.check_url(url)
        assert (checked.scheme, checked.host, checked.port) == (scheme, host, port)

    @given(st.text(max_size=60))
    def test_is_refused_or_plain_whatever_follows_the_scheme(self, rest: str) -> None:
        try:
            checked = Guard(setting=SETTING).check_url("http://" + rest)
        except AddressRefused:
            return
        assert checked.host.isascii()
        assert "@" not in rest.replace("\\", "/").split("/")[0].split("?")[0].split("#")[0]
