"""The ICE thread of the media process: a small asyncio loop on which the agents of all streams run.

Methods are called on the control thread; what happens is reported through ``emit`` on the ICE thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from blinkq.base.logging import get_logger
from blinkq.media.control import Event
from blinkq.media.ice import IceCandidate, IceGathering
from blinkq.media.ice_control import RestartIce, StartIce
from blinkq.voice.ice_negotiation import IceNegotiation
from blinkq.voice.transport import Address, Transport

__all__ = ["IceThread"]

_log = get_logger("voice.ice")

#: Seconds that the thread may take to end.
_END = 2.0


class IceThread:
    """The negotiations by stream."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        logging.getLogger("aioice").setLevel(logging.WARNING)  # it tells of every check at level INFO
        # a selector loop on every system: that of Windows' choice cannot watch sockets that are not its own
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ice", daemon=True)
        self._streams: dict[int, IceNegotiation] = {}  # touched on the ICE thread only
        self._tasks: set[asyncio.Task[None]] = set()

    def launch(self) -> None:
        """Start the thread."""
        self._thread.start()

    def open(
        self, stream: int, transport: Transport, gathering: IceGathering, done: Callable[[tuple[IceCandidate, ...]], None]
    ) -> None:
        """Take over the sockets of ``transport`` and gather; ``done`` is called on the ICE thread."""

        async def run() -> None:
            negotiation = self._streams[stream] = IceNegotiation(stream, transport, gathering, self._emit)
            await negotiation.gather(gathering)
            done(tuple(negotiation.candidates))

        transport.on_stun = lambda sock, data, source: self._hand_over(stream, sock, data, source)
        self._run(run)

    def start(self, command: StartIce) -> None:
        """Begin the checks with the peer's candidates."""
        self._with(command.stream, lambda negotiation: negotiation.start(command))

    def restart(self, command: RestartIce) -> None:
        """Take new credentials."""
        self._with(command.stream, lambda negotiation: negotiation.restart(command.ufrag, command.password, command.controlling))

    def read_on_clock(self, stream: int, rtp: str, rtcp: str) -> None:
        """The clock thread reads these bases from now on, the others are still read here."""
        self._with(stream, lambda negotiation: negotiation.read_on_clock(rtp, rtcp))

    def end(self, stream: int, then: Callable[[], None] = lambda: None) -> None:
        """Let go of a stream's sockets; ``then`` is called when it is done, on the ICE thread or at once."""
        async def run() -> None:
            negotiation = self._streams.pop(stream, None)
            try:
                if negotiation is not None:
                    await negotiation.end()
            finally:
                then()

        self._run(run)

    def stop(self) -> None:
        """End all and the thread. Idempotent."""
        if self._loop.is_closed():
            return
        self._run(self._finish)
        self._thread.join(_END)
        if not self._thread.is_alive():
            self._loop.close()

    async def _finish(self) -> None:
        for negotiation in self._streams.values():
            await negotiation.end()
        self._streams.clear()
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)
        self._loop.stop()

    def _hand_over(self, stream: int, sock: socket.socket, data: bytes, source: Address) -> None:
        """On the clock thread: a STUN message came with the media."""
        with contextlib.suppress(RuntimeError):  # the loop was closed at this moment: the process ends
            self._loop.call_soon_threadsafe(self._take, stream, sock, data, source)

    def _take(self, stream: int, sock: socket.socket, data: bytes, source: Address) -> None:
        negotiation = self._streams.get(stream)
        if negotiation is not None:
            negotiation.take(sock, data, source)

    def _with(self, stream: int, function: Callable[[IceNegotiation], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            negotiation = self._streams.get(stream)
            if negotiation is not None:
                await function(negotiation)

        self._run(run)

    def _run(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine on the ICE thread; those of one stream begin in order."""

        def begin() -> None:
            task = self._loop.create_task(self._guarded(function))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(begin)

    async def _guarded(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await function()
        except Exception:
            # What a peer can cause is caught where it happens; this is ours to find, and the other streams go on.
            _log.exception("ICE failed")
