"""``sipsimple.lookup``: lookups whose ``wait()`` lets other green functions run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blinkq.base.notification import NotificationCenter, NotificationData
from blinkq.compat.green import wait_for
from blinkq.compat.types import Singleton
from blinkq.sipsimple import lookup
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.lookup import DNSLookupError
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.sip_uri import BaseSIPURI

__all__ = ["DNSLookup", "DNSLookupError", "DNSManager"]


class _Waiting(lookup.Lookup[Any]):
    def wait(self, timeout: float | None = None) -> Any:
        return wait_for(self._future, timeout)


class DNSLookup(lookup.DNSLookup):
    """As ``blinkq.sipsimple.lookup.DNSLookup``; ``timeout`` and ``lifetime`` are in seconds, ``request_id`` is for the caller's use."""

    def lookup_sip_proxy(
        self,
        uri: BaseSIPURI,
        supported_transports: Sequence[str],
        timeout: float = 3.0,
        lifetime: float = 15.0,
        tls_name: str | None = None,
        request_id: object = None,
    ) -> lookup.Lookup[list[Route]]:
        """Where to send requests for ``uri``: Routes."""
        return _Waiting(super().lookup_sip_proxy(uri, supported_transports, timeout, lifetime, tls_name)._future)

    def lookup_service(
        self, uri: BaseSIPURI, service: str, timeout: float = 3.0, lifetime: float = 15.0
    ) -> lookup.Lookup[list[tuple[str, int]]]:
        """(address, port) of the servers of "msrprelay" or "stun"."""
        return _Waiting(super().lookup_service(uri, service, timeout, lifetime)._future)


class DNSManager(metaclass=Singleton):
    """The singleton that tells which name servers are asked. The SDK's chose others where these knew too little; ours does not."""

    @property
    def nameservers(self) -> list[str]:
        """Those of the settings (IP:port), else those of the system; empty where it has none."""
        configured = SIPSimpleSettings().dns.nameservers
        if configured:
            return [str(server) for server in configured]
        import dns.resolver  # takes 100 ms to import, and most scripts never ask

        try:
            return [str(server) for server in dns.resolver.get_default_resolver().nameservers]
        except dns.resolver.NoResolverConfiguration:
            return []

    def start(self) -> None:
        """Post DNSResolverDidInitialize with the ``nameservers``."""
        NotificationCenter().post_notification("DNSResolverDidInitialize", self, NotificationData(nameservers=self.nameservers))

    def stop(self) -> None:
        """Nothing needs to be stopped; here for scripts that do."""
