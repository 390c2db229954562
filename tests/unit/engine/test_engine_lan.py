"""Which addresses are on the local network."""

from __future__ import annotations

from ipaddress import ip_interface

import pytest

from blinkq.engine.asyncio_network import AsyncioNetwork
from blinkq.engine.lan import is_on_link, lan_addresses

OURS = [ip_interface(text) for text in ("127.0.0.1/8", "192.168.7.20/24", "10.1.2.3/30", "fe80::1/64")]


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("192.168.7.99", True), ("192.168.8.1", False), ("10.1.2.1", True), ("10.1.2.4", False), ("127.0.0.2", True), ("8.8.8.8", False),
        ("fe80::abcd%eth0", True), ("2001:db8::1", False), ("::ffff:192.168.7.1", True), ("::ffff:8.8.8.8", False), ("nonsense", False),
        ("", False),
    ],
)  # fmt: skip
def test_on_link(address: str, there: bool) -> None:
    assert is_on_link(address, OURS) is there


def test_the_addresses_that_others_reach() -> None:
    assert lan_addresses(OURS) == ["10.1.2.3", "192.168.7.20"]
    assert lan_addresses(OURS[:1]) == ["127.0.0.1"]
    assert lan_addresses([]) == []


def test_this_computer_has_a_loopback_interface() -> None:
    assert ip_interface("127.0.0.1/8") in AsyncioNetwork().local_interfaces()
