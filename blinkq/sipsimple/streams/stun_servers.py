"""Which STUN server an account asks: the one of its settings, else the one that DNS names for its domain.

Answers are kept for a while, and a lookup that takes longer than a call may wait goes on for the next call.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

from blinkq.base.logging import get_logger
from blinkq.engine.errors import ResolveError
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.singleton import Singleton

__all__ = ["STUNServers"]

log = get_logger("sipsimple.ice")

KEPT = 300.0  # seconds an answer is used
KEPT_FAILURE = 60.0  # seconds after which a lookup that failed is tried again
LIFETIME = 5.0  # seconds for a lookup

Server = tuple[str, int]


class STUNServers(metaclass=Singleton):
    """What is known of them. Engine thread only."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int | None], tuple[float, Server | None]] = {}
        self._lookups: dict[tuple[str, int | None], asyncio.Task[None]] = {}

    async def find(self, account: Any, patience: float) -> Server | None:
        """IP address and port of the account's server; None where there is none, or where it is not known after ``patience`` seconds."""
        wanted = _wanted(account)
        if wanted is None or (wanted[1] is not None and _is_address(wanted[0])):
            return None if wanted is None else (wanted[0], wanted[1] or 0)
        known = self._known.get(wanted)
        if known is None or known[0] < Runtime.current().clock.monotonic():
            if wanted not in self._lookups:
                self._lookups[wanted] = Runtime.spawn(self._look_up(wanted))
            await asyncio.wait({self._lookups[wanted]}, timeout=patience)
            known = self._known.get(wanted)
        return known[1] if known is not None else None

    async def _look_up(self, wanted: tuple[str, int | None]) -> None:
        host, port = wanted
        resolver = Runtime.current().resolver
        found: Server | None = None
        try:
            if port is None:
                servers = await resolver.lookup_service(host, "stun", timeout=LIFETIME, lifetime=LIFETIME, announced=True)
            else:
                servers = [(await resolver.address(host, timeout=LIFETIME, lifetime=LIFETIME), port)]
            found = next((server for server in servers if ":" not in server[0]), None)  # reflexive candidates are a matter of IPv4
        except ResolveError as error:
            log.info("no STUN server: %s", error)
        finally:
            self._lookups.pop(wanted, None)
        self._known[wanted] = Runtime.current().clock.monotonic() + (KEPT if found else KEPT_FAILURE), found


def _wanted(account: Any) -> tuple[str, int | None] | None:
    """Host and port of the first server in the settings; without any, the account's domain and None."""
    listed = getattr(getattr(account, "nat_traversal", None), "stun_server_list", None)
    if listed:
        return str(listed[0].host), int(listed[0].port)
    domain = getattr(getattr(account, "id", None), "domain", None)
    return (str(domain), None) if domain else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
