"""Where to send SIP (RFC 3263), and where a domain's MSRP relay or STUN server is.

IP address or port given: no search. Otherwise NAPTR, then SRV, then A and AAAA, each falling back to the next; SRV in the order of
RFC 2782 with injected chance. What this is not: the queries themselves (``dns_query.py``).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import dns.exception
import dns.resolver

from blinkq.base.clock import Entropy
from blinkq.engine.dns_query import DNSQuery, QueryTraced, SystemDNS
from blinkq.engine.errors import ResolveError
from blinkq.engine.srv_order import srv_order

__all__ = ["Resolver", "RouteInfo", "Target"]

#: Routes handed out at most: who answers with hundreds of servers must not make us try for an hour.
MAX_ROUTES = 64
#: Queries at a time in one lookup; name servers limit clients that ask more at once.
MAX_PARALLEL = 16
#: Seconds that a known IPv4 address waits for the IPv6 ones (or the other way round); some servers never answer AAAA queries.
SECOND_FAMILY_WAIT = 0.3

#: Names that mean this computer; name servers are not to be asked for them (RFC 6761 §6.3).
_WITHOUT_DNS = {"localhost": "127.0.0.1"}
_NAPTR_TRANSPORTS = {"sips+d2t": "tls", "sip+d2t": "tcp", "sip+d2u": "udp"}
_SRV_NAMES = {"tls": "_sips._tcp", "tcp": "_sip._tcp", "udp": "_sip._udp"}
#: service -> SRV name, default port, whether A records with the default port will do (RFC 4976, RFC 5389)
_SERVICES = {"msrprelay": ("_msrps._tcp", 2855), "stun": ("_stun._udp", 3478)}

Trace = Callable[[QueryTraced], None]


class Target(Protocol):
    """What is looked at of a SIP URI."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int | None: ...
    @property
    def secure(self) -> bool: ...
    @property
    def parameters(self) -> Mapping[str, str | None]: ...


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """One next hop: IP address, port, transport, and the name that a TLS certificate must have (RFC 5922 §5)."""

    address: str
    port: int
    transport: str
    tls_name: str


class Resolver:
    """Looks up servers.

    :param nameservers: "IP:port" each; None for the system's. ValueError when one is no address
    :param dns: who answers the queries instead (tests)

    Results are lists, best first. The methods raise ResolveError with a sentence for people.
    """

    def __init__(self, nameservers: Sequence[str] | None, *, entropy: Entropy, dns: DNSQuery | None = None) -> None:
        self._entropy = entropy
        self._dns = dns or SystemDNS(nameservers)

    @property
    def nameservers(self) -> tuple[str, ...]:
        """Whom it asks, as "IP:port"."""
        return self._dns.nameservers

    def configure(self, nameservers: Sequence[str] | None) -> None:
        """Ask other name servers from now on (None: the system's, read anew); forgets remembered answers."""
        self._dns = SystemDNS(nameservers)

    async def locate(
        self,
        uri: Target,
        transports: Sequence[str],
        *,
        timeout: float = 3.0,
        lifetime: float = 15.0,
        trace: Trace | None = None,
    ) -> list[RouteInfo]:
        """The next hops for a request to ``uri``, ordered by ``transports`` (RFC 3263 §4).

        :param transports: of "udp", "tcp", "tls", preferred first
        :param timeout: seconds for one name server
        :param lifetime: seconds for the whole lookup
        """
        host = uri.host.strip("[]")
        usable = self._usable_transports(uri, [transport.lower() for transport in transports])
        default = "udp" if "udp" in usable else usable[0]
        known = host if _is_address(host) else _WITHOUT_DNS.get(host.lower())
        if known is not None:
            return [RouteInfo(known, uri.port or _default_port(default), default, host)]
        lookup = _Lookup(self._dns, timeout, lifetime, trace)
        if uri.port is not None:
            addresses = await lookup.require_addresses(host)
            return [RouteInfo(address, uri.port, default, host) for address in addresses][:MAX_ROUTES]
        routes: list[RouteInfo] = []
        if not uri.parameters.get("transport"):
            routes = await self._by_naptr(lookup, host, usable, secure=uri.secure)
        if not routes:
            names = [(transport, f"{_SRV_NAMES[transport]}.{host}") for transport in usable]
            routes = await self._by_srv(lookup, host, names)
        if not routes:
            if lookup.refused:
                raise ResolveError(f"{host} says that it has no SIP service: check the address.")
            addresses = await lookup.require_addresses(host)
            routes = [RouteInfo(address, _default_port(default), default, host) for address in addresses]
        return routes[:MAX_ROUTES]

    async def lookup_service(
        self, host: str, service: str, *, timeout: float = 3.0, lifetime: float = 15.0, trace: Trace | None = None, announced: bool = False
    ) -> list[tuple[str, int]]:
        """(address, port) of the servers of "msrprelay" or "stun"; raises ValueError for another service.

        :param announced: only what SRV records name, never ``host`` itself on the default port
        """
        if service not in _SERVICES:
            raise ValueError(f"a service is one of {', '.join(_SERVICES)}, not {service!r}")
        prefix, port = _SERVICES[service]
        host = host.strip("[]")
        if _is_address(host):
            return [(host, port)]
        lookup = _Lookup(self._dns, timeout, lifetime, trace)
        found = await self._targets(lookup, [f"{prefix}.{host}"])
        servers = [(address, target_port) for _name, address, target_port in found]
        if not servers and not announced and not lookup.refused:
            servers = [(address, port) for address in await lookup.require_addresses(host)]
        if not servers:
            raise lookup.failure(host) if lookup.timed_out else ResolveError(f"{host} has no {service} server.")
        return servers[:MAX_ROUTES]

    async def address(self, host: str, *, timeout: float = 3.0, lifetime: float = 15.0) -> str:
        """An address of ``host``, by A and AAAA records alone. Raises ResolveError."""
        lookup = _Lookup(self._dns, timeout, lifetime, None)
        return (await lookup.require_addresses(host))[0]

    def _usable_transports(self, uri: Target, transports: list[str]) -> list[str]:
        wanted = (uri.parameters.get("transport") or "").lower()
        usable = [transport for transport in transports if transport in _SRV_NAMES]
        if uri.secure:
            # RFC 3261 §26.2.2: transport=tcp in a sips URI means TLS over TCP
            usable = [transport for transport in usable if transport == "tls"] if wanted in ("", "tcp", "tls") else []
            if not usable:
                raise ResolveError("This address demands TLS, which is switched off: switch it on in the settings.")
        elif wanted:
            usable = [transport for transport in usable if transport == wanted]
            if not usable:
                raise ResolveError(f"This address demands the transport {wanted.upper()}, which is not available: check the settings.")
        if not usable:
            raise ResolveError("No transport is switched on: switch on UDP, TCP or TLS in the settings.")
        return usable

    async def _by_naptr(self, lookup: _Lookup, host: str, usable: list[str], *, secure: bool) -> list[RouteInfo]:
        answer = await lookup.query(host, "NAPTR")
        found: list[tuple[int, int, int, str, str]] = []
        for record in answer or ():
            service = record.service.decode("ascii", "replace").lower()
            transport = _NAPTR_TRANSPORTS.get(service)
            if transport in usable and record.flags.lower() == b"s" and not (secure and not service.startswith("sips")):
                name = record.replacement.to_text(omit_final_dot=True)
                found.append((usable.index(transport), record.order, record.preference, transport, name))
        return await self._by_srv(lookup, host, [(transport, name) for *_order, transport, name in sorted(found)])

    async def _by_srv(self, lookup: _Lookup, host: str, names: Sequence[tuple[str, str]]) -> list[RouteInfo]:
        transports = {name: transport for transport, name in names}
        found = await self._targets(lookup, list(transports))
        return [RouteInfo(address, port, transports[name], host) for name, address, port in found]

    async def _targets(self, lookup: _Lookup, names: list[str]) -> list[tuple[str, str, int]]:
        """(SRV name, address, port) of all SRV names, those of the first name first."""
        answers = await asyncio.gather(*(lookup.query(name, "SRV") for name in names))
        servers: list[tuple[str, str, int]] = []
        for name, answer in zip(names, answers, strict=True):
            records = [record for record in answer or () if record.target.to_text() != "."]
            if answer and not records:
                lookup.refused = True  # RFC 2782: the target "." says that there is decidedly no such service
            ordered = srv_order(records, self._entropy)
            servers += [(name, record.target.to_text(omit_final_dot=True), record.port) for record in ordered]
        servers = servers[:MAX_ROUTES]
        hosts = list(dict.fromkeys(target for _name, target, _port in servers))
        addresses = dict(zip(hosts, await asyncio.gather(*map(lookup.addresses, hosts)), strict=True))
        return [(name, address, port) for name, target, port in servers for address in addresses[target]]


class _Lookup:
    """One lookup: its deadline, its trace, what went wrong in it."""

    def __init__(self, dns: DNSQuery, timeout: float, lifetime: float, trace: Trace | None) -> None:
        self._dns = dns
        self._timeout = timeout
        self._deadline = asyncio.get_running_loop().time() + lifetime
        self._trace = trace
        self._slots = asyncio.Semaphore(MAX_PARALLEL)
        self._errors: list[Exception] = []
        self.refused = False

    async def query(self, name: str, kind: str) -> Iterable[Any] | None:
        """The records, or None; a failure is remembered and traced."""
        answer: dns.resolver.Answer | None = None
        error: Exception | None = None
        async with self._slots:
            left = self._deadline - asyncio.get_running_loop().time()
            # a name server that swallows one kind of query must leave time for the other kinds
            lifetime = min(left, self._timeout * max(1, len(self._dns.nameservers)))
            try:
                if left <= 0:
                    raise dns.resolver.LifetimeTimeout(timeout=0.0, errors=[])  # type: ignore[no-untyped-call]  # dnspython leaves it untyped
                answer = await self._dns.query(name, kind, timeout=self._timeout, lifetime=lifetime)
            except (dns.exception.DNSException, ResolveError, OSError, UnicodeError) as problem:
                error = problem
                self._errors.append(problem)
        if self._trace is not None:
            self._trace(QueryTraced(kind, name, answer, error, self._dns.nameservers))
        return answer

    async def addresses(self, host: str) -> list[str]:
        """The addresses of ``host``, IPv4 first; empty when there are none."""
        if _is_address(host):
            return [host]
        families = [asyncio.ensure_future(self.query(host, kind)) for kind in ("A", "AAAA")]
        try:
            done, _ = await asyncio.wait(families, return_when=asyncio.FIRST_COMPLETED)
            enough = any(task.result() for task in done)
            await asyncio.wait(families, timeout=SECOND_FAMILY_WAIT if enough else None)
        finally:
            for task in families:
                task.cancel()
        await asyncio.gather(*families, return_exceptions=True)
        return [record.address for task in families if not task.cancelled() for record in task.result() or ()]

    async def require_addresses(self, host: str) -> list[str]:
        """Like ``addresses``; raises ResolveError when there are none."""
        addresses = await self.addresses(host)
        if not addresses:
            raise self.failure(host)
        return addresses

    @property
    def timed_out(self) -> bool:
        """Whether some query got no answer at all."""
        return any(isinstance(error, dns.exception.Timeout | OSError) for error in self._errors)

    def failure(self, host: str) -> ResolveError:
        """Why nothing was found, by what the last query for ``host`` itself met."""
        last = self._errors[-1] if self._errors else None
        if isinstance(last, ResolveError):
            return last
        if any(isinstance(error, dns.resolver.NXDOMAIN) for error in self._errors[-2:]):
            return ResolveError(f"{host} does not exist: check the address for typing errors.")
        if self.timed_out:
            asked = ", ".join(self._dns.nameservers)
            return ResolveError(f"No name server answered ({asked}) for {host}: check the network connection.", local=True)
        if isinstance(last, dns.resolver.NoNameservers):
            return ResolveError(f"The name servers refused to look up {host}: check the address and the name servers in the settings.")
        if isinstance(last, UnicodeError | dns.exception.SyntaxError | dns.exception.FormError) or last is None:
            return ResolveError(f"{host} is not a possible name: check the address for typing errors.")
        return ResolveError(f"{host} has no address: check the address for typing errors.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _default_port(transport: str) -> int:
    return 5061 if transport == "tls" else 5060
