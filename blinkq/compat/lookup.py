"""``sipsimple.lookup``: lookups whose ``wait()`` lets other green functions run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blinkq.compat.green import wait_for
from blinkq.sipsimple import lookup
from blinkq.sipsimple.lookup import DNSLookupError
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.sip_uri import BaseSIPURI

__all__ = ["DNSLookup", "DNSLookupError"]


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
