"""The local network: which addresses this computer has on which wires, and whether an address is on one of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import ifaddr

__all__ = ["Interface", "is_on_link", "lan_addresses", "list_interfaces"]

#: An address of ours with the length of its network's prefix.
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def list_interfaces() -> frozenset[Interface]:
    """All addresses of this computer, loopback included. Asks the operating system, which answers at once."""
    found: set[Interface] = set()
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            # IPv6 comes as (address, flow, scope)
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            try:
                found.add(ipaddress.ip_interface(f"{text.partition('%')[0]}/{ip.network_prefix}"))
            except ValueError:  # a mask with holes, as some virtual adapters have
                continue
    return frozenset(found)


def is_on_link(address: str, interfaces: Iterable[Interface]) -> bool:
    """Whether ``address`` is on a wire of ours: no router lies between it and us. False for what is no IP address."""
    try:
        wanted = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(wanted, ipaddress.IPv6Address) and wanted.ipv4_mapped is not None:
        wanted = wanted.ipv4_mapped
    return any(wanted.version == interface.version and wanted in interface.network for interface in interfaces)


def lan_addresses(interfaces: Iterable[Interface]) -> list[str]:
    """Our IPv4 addresses that others could reach, in a fixed order; those of loopback only where there is nothing else."""
    addresses = sorted(interface.ip for interface in interfaces if isinstance(interface, ipaddress.IPv4Interface))
    outside = [address for address in addresses if not address.is_loopback]
    return [str(address) for address in outside or addresses]
