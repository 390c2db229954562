"""DNS queries over dnspython: one query, one answer or one exception, and a record of it for the trace.

What this is not: the choice of what to ask (``resolver.py``).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver

from blinkq.engine.errors import ResolveError

__all__ = ["DNSQuery", "QueryTraced", "SystemDNS"]

#: Answers remembered for as long as their records say.
CACHE_SIZE = 500
#: Seconds after which an unanswered query is sent again while its first copy still counts: UDP loses packets, and waiting the whole
#: ``timeout`` for a lost one would make a call wait 3 s.
REPEAT_AFTER = 0.7


@dataclass(frozen=True, slots=True)
class QueryTraced:
    """One DNS query as it went: ``answer`` is dnspython's, ``error`` the exception instead; ``nameservers`` as "IP:port"."""

    query_type: str
    query_name: str
    answer: dns.resolver.Answer | None
    error: Exception | None
    nameservers: tuple[str, ...]


class DNSQuery(Protocol):
    """Who answers DNS queries."""

    @property
    def nameservers(self) -> tuple[str, ...]:
        """Whom it asks, as "IP:port"."""

    async def query(self, name: str, kind: str, *, timeout: float, lifetime: float) -> dns.resolver.Answer:
        """Ask for records of type ``kind``; raises dns.exception.DNSException (NXDOMAIN, NoAnswer, NoNameservers, LifetimeTimeout).

        :param timeout: seconds for one name server
        :param lifetime: seconds for all of them
        """


class SystemDNS:
    """DNSQuery of the system's name servers, or of the given ones.

    :param nameservers: "IP" or "IP:port" ("[IPv6]:port"); None or empty for those of the system. Raises ValueError when one is no address.

    The system's list is read again for each lookup by whoever makes a new SystemDNS; this object keeps the one that it found.
    """

    def __init__(self, nameservers: Sequence[str] | None = None) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.cache = dns.resolver.LRUCache(CACHE_SIZE)
        self._failure = ""
        if nameservers:
            servers = [_parse_server(server) for server in nameservers]
        else:
            servers = []
            try:
                system = dns.resolver.Resolver(configure=True)
                servers = [(str(server), system.port) for server in system.nameservers]
            except (dns.resolver.NoResolverConfiguration, OSError) as error:
                self._failure = str(error)
        self._resolver.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in servers]
        self._names = tuple(f"[{address}]:{port}" if ":" in address else f"{address}:{port}" for address, port in servers)

    @property
    def nameservers(self) -> tuple[str, ...]:
        """The servers that are asked, as address:port."""
        return self._names

    async def query(self, name: str, kind: str, *, timeout: float, lifetime: float) -> dns.resolver.Answer:
        """See DNSQuery; raises ResolveError when there is no name server to ask."""
        if not self._names:
            raise ResolveError("This computer has no name server: check the network connection, or set one in the settings.", local=True)
        self._resolver.timeout = timeout
        first = asyncio.ensure_future(self._ask(name, kind, lifetime))
        attempts = [first]
        try:
            await asyncio.wait(attempts, timeout=REPEAT_AFTER)
            if not first.done() and lifetime > REPEAT_AFTER:
                attempts.append(asyncio.ensure_future(self._ask(name, kind, lifetime - REPEAT_AFTER)))
                await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
                if any(attempt.done() and isinstance(attempt.exception(), dns.exception.Timeout) for attempt in attempts):
                    await asyncio.wait(attempts)
            answered = [attempt for attempt in attempts if attempt.done() and not isinstance(attempt.exception(), dns.exception.Timeout)]
            return await (answered or [first])[0]
        finally:
            for attempt in attempts:
                attempt.cancel()

    async def _ask(self, name: str, kind: str, lifetime: float) -> dns.resolver.Answer:
        return await self._resolver.resolve(name.rstrip(".") + ".", kind, lifetime=lifetime, search=False)

    def flush(self) -> None:
        """Forget all answers, as after a change of networks."""
        if self._resolver.cache is not None:
            self._resolver.cache.flush()


def _parse_server(text: str) -> tuple[str, int]:
    address, port = text.strip(), "53"
    if address.startswith("["):
        address, _, rest = address[1:].partition("]")
        port = rest.removeprefix(":") or "53"
    elif address.count(":") == 1:
        address, port = address.split(":")
    try:
        number = int(port)
        address = str(ipaddress.ip_address(address))
    except ValueError:
        raise ValueError(f"a name server is an IP address with or without :port, not {text!r}") from None
    if not 0 < number < 65536:
        raise ValueError(f"a port is a number from 1 to 65535, not {number}")
    return address, number
