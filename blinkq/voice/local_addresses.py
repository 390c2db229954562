"""The addresses of this machine that others can reach: what ICE offers as host candidates."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import ifaddr

__all__ = ["MAX_ADDRESSES", "local_addresses", "usable_addresses"]

#: Addresses used at most: each costs two sockets, and a pair with every candidate of the peer.
MAX_ADDRESSES = 6


def local_addresses(default: str) -> tuple[str, ...]:
    """``default``, then the other addresses of the machine."""
    found = [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    return usable_addresses(default, found)


def usable_addresses(default: str, found: Iterable[str]) -> tuple[str, ...]:
    """``default``, then those of ``found`` that a host candidate may have (RFC 8445 §5.1.1.1): neither loopback nor link-local."""
    usable = [default]
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not (address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast) and text not in usable:
            usable.append(text)
    return tuple(usable[:MAX_ADDRESSES])
