"""What keeping a subscription and keeping a publication have in common: a task that tries the account's routes, stays, and comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError, ResolveError, TLSError
from blinkq.engine.events import FlowClosed, LocalAddressChanged
from blinkq.sip.hop import Hop
from blinkq.sipsimple.account_routes import find_routes
from blinkq.sipsimple.event_retry import SubscriptionRetry
from blinkq.sipsimple.runtime import Runtime

if TYPE_CHECKING:
    from blinkq.sipsimple.sip_account import Account

__all__ = ["Check", "Failed", "KeptUsage"]

#: Seconds for all routes of one attempt together.
ATTEMPT_TIMEOUT = 30.0
#: Seconds in which the server must confirm that something ends, when the account stops.
END_TIMEOUT = 2.0

log = get_logger("sipsimple.kept_usage")


class Restart(Exception):
    """Settings, addresses or the user want it made anew."""


class Check:
    """An event: see whether it still stands."""


class Failed(Exception):
    """It could not be set up, or did not last. ``code`` is the server's answer, None without one; ``delay`` in seconds."""

    def __init__(self, reason: str, delay: float, code: int | None = None, *, next_route: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.delay = delay
        self.code = code
        self.next_route = next_route


class KeptUsage:
    """Runs ``_keep`` again and again from ``start()`` to ``stop()``. Engine thread only."""

    def __init__(self, account: Account, retry: SubscriptionRetry) -> None:
        self.account = account
        self._retry = retry
        self._events: asyncio.Queue[object] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._hop: Hop | None = None
        self._waiting = False

    # life --------------------------------------------------------------------------------------------------------------------

    def start(self, delay: float = 0.0) -> None:
        """Begin, after ``delay`` seconds; nothing happens when it has begun."""
        if self._task is None:
            self._task = Runtime.spawn(self._run(delay))

    async def stop(self) -> None:
        """End it at the server, waiting a short time for the answer, and be done. Idempotent."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await self._withdraw()

    def restart(self) -> None:
        """End it and set it up anew, at once."""
        if self._task is not None:
            self._events.put_nowait(Restart())

    def check(self) -> None:
        """See now whether it still stands, and do not wait any longer when it does not: the server was away, and is back."""
        if self._task is not None:
            self._events.put_nowait(Check())

    def flow_event(self, event: FlowClosed | LocalAddressChanged) -> None:
        """Take what the endpoint tells about connections and addresses, as far as it concerns this one."""
        hop = self._hop
        if hop is None:
            if self._waiting and isinstance(event, LocalAddressChanged) and event.new is not None:
                self._events.put_nowait(Restart())  # there is a network again: do not wait any longer
        elif isinstance(event, FlowClosed):
            if any((hop.transport, hop.address, hop.port) == (other.transport, other.address, other.port) for other in event.hops):
                self._events.put_nowait(event)
        elif event.remote_address == hop.address:
            self._events.put_nowait(event)

    # for subclasses ----------------------------------------------------------------------------------------------------------

    async def _keep(self) -> float:
        """Set it up and stay until it is lost; seconds until the next time. Raises Failed or Restart."""
        raise NotImplementedError

    async def _withdraw(self) -> None:
        """End it at the server, if it stands."""
        raise NotImplementedError

    def _report(self, failure: Failed) -> None:
        """Tell others of a failure."""
        raise NotImplementedError

    async def _try_routes(self, ask: Callable[[Hop], Awaitable[None]]) -> None:
        """Call ``ask`` with one route after the other until it does not raise Failed; raises the last failure."""
        clock = Runtime.current().clock
        deadline = clock.monotonic() + ATTEMPT_TIMEOUT
        try:
            routes = await find_routes(self.account)
        except ResolveError as error:
            raise Failed(str(error), self._retry.lookup_failed()) from None
        failure: Failed | None = None
        for route in list(routes):
            if route not in routes:
                continue
            if failure is not None and clock.monotonic() >= deadline:
                break
            try:
                hop = await Runtime.current().sip.hop(route.address, route.port, route.transport, route.tls_name)
                await ask(hop)
            except NetworkError as error:
                if isinstance(error, TLSError):
                    # a server that cannot prove who it is may be somebody in between, who would like nothing better than no TLS
                    routes = [other for other in routes if other.transport == "tls"]
                failure = failure or Failed(str(error), self._retry.no_network())
            except Failed as refusal:
                failure = refusal
                if not refusal.next_route:
                    raise
            else:
                self._hop = hop
                return
        raise failure or Failed("There is no way to the server.", self._retry.no_network())

    async def _next_event(self) -> Any:
        event = await self._events.get()
        if isinstance(event, Restart):
            raise event
        return event

    # the task ----------------------------------------------------------------------------------------------------------------

    async def _run(self, delay: float) -> None:
        while True:
            try:
                await self._pause(delay)
                delay = await self._keep()
            except Failed as failure:
                delay = failure.delay
                log.info("%s: %s: %s (again in %.0f s)", self.account.id, self, failure.reason, delay)
                self._report(failure)
            except Restart:
                delay = 0.0
                await self._withdraw()
            self._hop = None

    async def _pause(self, delay: float) -> None:
        if delay <= 0:
            return
        self._waiting = True
        try:
            async with asyncio.timeout(delay):
                while not isinstance(await self._next_event(), Check):
                    pass
        except TimeoutError:
            pass
        finally:
            self._waiting = False
