"""Telling the application that the network is another one: a new address of this computer, other name servers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from blinkq.base.catalogue import post
from blinkq.engine.engine import Engine
from blinkq.engine.events import LocalAddressChanged

__all__ = ["NetworkConditions"]

#: Seconds from the first sign of a change to the notification: a computer that changes networks loses its address and gets another one,
#: and each server that we know shows it separately.
SETTLING = 2.0


class NetworkConditions:
    """Gathers changes of addresses and posts one NetworkConditionsDidChange for them in the name of ``owner``. Engine thread only.

    ``changed`` has "ip", and "dns" when the system's name servers are others as well; they are asked from then on.
    """

    def __init__(self, owner: object, engine: Engine) -> None:
        self._owner = owner
        self._engine = engine
        self._timer: asyncio.TimerHandle | None = None
        #: what the settings name; None: the system's, which belong to the network
        self.nameservers: Sequence[str] | None = None

    def flow_event(self, event: object) -> None:
        """Take what the SIP endpoint tells."""
        if isinstance(event, LocalAddressChanged) and self._timer is None:
            self._timer = self._engine.loop.loop.call_later(SETTLING, self._tell)

    def close(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        self._timer = None
        changed = ["ip"]
        if self.nameservers is None:
            before = self._engine.resolver.nameservers
            self._engine.configure_nameservers(None)
            if self._engine.resolver.nameservers != before:
                changed.append("dns")
        post("NetworkConditionsDidChange", self._owner, changed=changed)
