"""Route: where to send SIP requests, as found by a DNS lookup or chosen by the application."""

from __future__ import annotations

import ipaddress

from blinkq.sipsimple.sip_uri import SIPURI

__all__ = ["Route"]

_TRANSPORTS = ("udp", "tcp", "tls")


class Route:
    """One next hop.

    :param address: IP address (IPv4 or IPv6, without brackets); ValueError otherwise
    :param port: 1 to 65535, or None for the transport's default (5060, for TLS 5061)
    :param transport: "udp", "tcp" or "tls", in any case
    :param tls_name: the name that the server's certificate must have (RFC 5922), None when it is not known
    """

    def __init__(self, address: str, port: int | None = None, transport: str = "udp", tls_name: str | None = None) -> None:
        self.address = address
        self.transport = transport
        self.port = port
        self.tls_name = tls_name

    @property
    def address(self) -> str:
        """The IP address, without brackets. Setting anything else raises ValueError."""
        return self._address

    @address.setter
    def address(self, address: str) -> None:
        try:
            self._address = str(ipaddress.ip_address(address))
        except ValueError:
            raise ValueError(f"a route needs an IP address, not {address!r}") from None

    @property
    def port(self) -> int:
        """The port; the transport's default where none was given."""
        if self._port is not None:
            return self._port
        return 5061 if self._transport == "tls" else 5060

    @port.setter
    def port(self, port: int | None) -> None:
        if port is not None and not 0 < port < 65536:
            raise ValueError(f"a port is a number from 1 to 65535, not {port}")
        self._port = port

    @property
    def transport(self) -> str:
        """"udp", "tcp" or "tls". Setting anything else raises ValueError."""
        return self._transport

    @transport.setter
    def transport(self, transport: str) -> None:
        if transport.lower() not in _TRANSPORTS:
            raise ValueError(f"a transport is one of {', '.join(_TRANSPORTS)}, not {transport!r}")
        self._transport = transport.lower()

    @property
    def uri(self) -> SIPURI:
        """A SIPURI with address, port and transport."""
        return SIPURI(self.address, port=self.port, parameters={"transport": self.transport})

    def get_uri(self) -> SIPURI:
        """The same as ``uri``."""
        return self.uri

    def _parts(self) -> tuple[object, ...]:
        return self.address, self.port, self.transport, self.tls_name

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, Route) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._parts())

    def __str__(self) -> str:
        return str(self.uri)

    def __repr__(self) -> str:
        return f"Route({self.address!r}, {self.port}, {self.transport!r})"
