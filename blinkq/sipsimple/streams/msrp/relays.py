"""Which MSRP relay an account uses, if any: the one of its settings, else the one that DNS announces for its domain (RFC 4976 §7).

What DNS said is kept for a while.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError, ResolveError
from blinkq.engine.msrp_relay import RelayAddress, RelayPlace
from blinkq.engine.tls import TLSConfig
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.singleton import Singleton

__all__ = ["MSRPRelays"]

log = get_logger("sipsimple.msrp")

KEPT = 300.0  # seconds an answer of DNS is used
LIFETIME = 3.0  # seconds for a lookup: a caller waits
MAX_TRIED = 4  # servers that are tried one after the other


class MSRPRelays(metaclass=Singleton):
    """Finds relays and gets places there. Engine thread only."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, list[tuple[str, int]]]] = {}

    async def place_for(self, account: Any, *, incoming: bool, secure: bool, address: str) -> RelayPlace | None:
        """A place at the account's relay, or None where it uses none for sessions of this direction.

        :param secure: the session is to be encrypted
        :param address: ours, for our URI

        The account's credentials go to its own relay alone, over TLS, after its certificate was checked; without TLS only where the
        settings say so (ws). Raises NetworkError or ResolveError with a sentence for people.
        """
        candidates = await self._candidates(account, incoming, secure)
        if not candidates:
            return None
        engine = Runtime.current()
        ours = engine.sip.config.tls
        tls = TLSConfig(ca_file=ours.ca_file, verify=ours.verify)
        error: NetworkError | None = None
        for relay in candidates:
            try:
                return await engine.msrp.relay(relay, address, tls, account.credentials.to_digest())
            except NetworkError as problem:
                error = error or problem  # the best server's own words
        assert error is not None
        raise error

    async def _candidates(self, account: Any, incoming: bool, secure: bool) -> list[RelayAddress]:
        settings = getattr(account, "nat_traversal", None)
        wanted = getattr(settings, "use_msrp_relay_for_inbound" if incoming else "use_msrp_relay_for_outbound", False)
        if settings is None or not wanted or str(account.msrp.connection_model) == "acm":
            return []
        relay = settings.msrp_relay
        if relay is not None:
            if relay.transport == "tcp" and secure:
                raise NetworkError("MSRP relays work only with TLS or WebSocket: write transport=tls in the account's settings.")
            if relay.transport == "ws" and str(account.msrp.transport) == "tls":
                raise NetworkError(
                    f"The MSRP relay {relay.host} would be spoken to without encryption (ws), which the account's settings forbid: write "
                    "wss, or choose tcp as the account's MSRP transport."
                )
            if secure != (relay.transport in ("tls", "wss")):
                return []
            return [RelayAddress(relay.host, await self._address(relay.host), relay.port, str(relay.transport), relay.resource)]
        domain = str(account.id.domain)
        if not secure or _is_address(domain):
            return []
        # the certificate must name the domain: an answer of DNS alone could lead anywhere
        return [RelayAddress(domain, server, port) for server, port in (await self._announced(domain))[:MAX_TRIED]]

    async def _address(self, host: str) -> str:
        return str(host) if _is_address(host) else await Runtime.current().resolver.address(host)

    async def _announced(self, domain: str) -> list[tuple[str, int]]:
        engine = Runtime.current()
        known = self._known.get(domain)
        if known is None or known[0] < engine.clock.monotonic():
            try:
                found = await engine.resolver.lookup_service(domain, "msrprelay", timeout=LIFETIME, lifetime=LIFETIME, announced=True)
            except ResolveError as error:
                log.info("no MSRP relay: %s", error)
                found = []
            known = self._known[domain] = engine.clock.monotonic() + KEPT, found
        return known[1]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
