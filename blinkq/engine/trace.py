"""The trace of SIP messages on the wire, with credentials and keys hidden before anybody sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blinkq.base.logging import get_logger, redact
from blinkq.engine.network import Address

__all__ = ["SIPMessageTraced", "SIPTracer"]

log = get_logger("engine.trace")


@dataclass(frozen=True, slots=True)
class SIPMessageTraced:
    """One message as it crossed the wire, secrets hidden. ``transport`` is 'udp', 'tcp' or 'tls'."""

    received: bool
    source_ip: str
    source_port: int
    destination_ip: str
    destination_port: int
    data: bytes
    transport: str


class SIPTracer:
    """Hands messages to ``callback`` while there is one; costs nothing otherwise."""

    def __init__(self, callback: Callable[[SIPMessageTraced], None] | None = None) -> None:
        self.callback = callback

    def sent(self, data: bytes, local: Address, remote: Address, transport: str) -> None:
        """A message left ``local`` for ``remote``."""
        if self.callback is not None:
            self._trace(False, data, local, remote, transport)

    def received(self, data: bytes, local: Address, remote: Address, transport: str) -> None:
        """A message came from ``remote`` to ``local``."""
        if self.callback is not None:
            self._trace(True, data, remote, local, transport)

    def _trace(self, received: bool, data: bytes, source: Address, destination: Address, transport: str) -> None:
        assert self.callback is not None
        # Latin-1 maps every byte to one character and back, so whatever the bytes are they stay the same outside of the secrets.
        safe = redact(data.decode("latin-1")).encode("latin-1")
        try:
            self.callback(SIPMessageTraced(received, *source, *destination, safe, transport))
        except Exception:  # a broken trace must never break a call
            log.exception("the SIP trace failed")
