"""The ICE thread of the media process: a small asyncio loop on which the agents of all streams run.

It is started with the first stream that uses ICE, and aioice is imported only then: without ICE it costs nothing. Methods are called on the
control thread; what happens is reported through ``emit`` on the ICE thread.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from blinkq.base.clock import monotonic
from blinkq.base.logging import get_logger
from blinkq.media.control import Event
from blinkq.media.ice import IceCandidate, IceGathering
from blinkq.media.ice_control import IceFailed, IceSucceeded, RestartIce, StartIce
from blinkq.voice.transport import Address, Transport

if TYPE_CHECKING:
    from blinkq.voice.ice_agent import Agent
    from blinkq.voice.ice_socket import IceSocket

__all__ = ["IceDesk"]

_log = get_logger("voice.ice")

#: Seconds that the thread may take to end.
_END = 2.0


class IceDesk:
    """The agents by stream."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._loop: asyncio.SelectorEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._streams: dict[int, _Negotiation] = {}  # touched on the ICE thread only
        self._tasks: set[asyncio.Task[None]] = set()

    def open(
        self, stream: int, transport: Transport, gathering: IceGathering, done: Callable[[tuple[IceCandidate, ...]], None]
    ) -> None:
        """Take over the sockets of ``transport`` and gather; ``done`` is called on the ICE thread."""

        async def run() -> None:
            negotiation = self._streams[stream] = _Negotiation(stream, transport, gathering, self._emit)
            await negotiation.gather(gathering)
            done(tuple(negotiation.candidates))

        self._ensure_thread()
        transport.on_stun = lambda sock, data, source: self._hand_over(stream, sock, data, source)
        self._run(run)

    def local_addresses(self, default: str) -> tuple[str, ...]:
        """``default`` and the other addresses of the machine."""
        from blinkq.voice.local_addresses import local_addresses  # here for the same reason as below

        return local_addresses(default)

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
        if self._loop is None:
            then()
            return

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
        loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        loop.call_soon_threadsafe(lambda: loop.create_task(self._finish(loop)))
        self._thread.join(_END)
        if not self._thread.is_alive():
            loop.close()

    async def _finish(self, loop: asyncio.SelectorEventLoop) -> None:
        for negotiation in self._streams.values():
            await negotiation.end()
        self._streams.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        loop.stop()

    def _ensure_thread(self) -> None:
        if self._loop is not None:
            return
        logging.getLogger("aioice").setLevel(logging.WARNING)  # it tells of every check at level INFO
        # a selector loop on every system: that of Windows' choice cannot watch sockets that are not its own
        loop = self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=loop.run_forever, name="ice", daemon=True)
        self._thread.start()

    def _hand_over(self, stream: int, sock: socket.socket, data: bytes, source: Address) -> None:
        """On the clock thread: a STUN message came with the media."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._take, stream, sock, data, source)

    def _take(self, stream: int, sock: socket.socket, data: bytes, source: Address) -> None:
        negotiation = self._streams.get(stream)
        if negotiation is not None:
            negotiation.take(sock, data, source)

    def _with(self, stream: int, function: Callable[[_Negotiation], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            negotiation = self._streams.get(stream)
            if negotiation is not None:
                await function(negotiation)

        self._run(run)

    def _run(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine on the ICE thread; those of one stream begin in order."""
        loop = self._loop
        if loop is None:
            return

        def begin() -> None:
            task = loop.create_task(self._guarded(function))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        loop.call_soon_threadsafe(begin)

    async def _guarded(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await function()
        except Exception:
            # What a peer can cause is caught where it happens; this is ours to find, and the other streams go on.
            _log.exception("ICE failed")


class _Negotiation:
    """One stream's sockets with their present agent. On the ICE thread."""

    def __init__(self, stream: int, transport: Transport, gathering: IceGathering, emit: Callable[[Event], None]) -> None:
        # here, so that a media process without ICE does not carry the library (8 MB)
        from blinkq.voice.ice_agent import Agent, host_candidate
        from blinkq.voice.ice_socket import IceSocket

        self._make_agent = Agent
        self._stream = stream
        self._emit = emit
        self._sockets: list[IceSocket] = []
        for number, (address, pair) in enumerate(transport.bases.items()):
            for component, sock in enumerate(pair, start=1):
                port: int = sock.getsockname()[1]
                self._sockets.append(IceSocket(sock, host_candidate(component, address, port, 65535 - number)))
        self._agent: Agent = Agent(self._sockets, gathering.ufrag, gathering.password, gathering.controlling)
        self._checking: asyncio.Task[None] | None = None
        for one in self._sockets:
            one.read(True)

    @property
    def candidates(self) -> list[IceCandidate]:
        """What was gathered."""
        return self._agent.candidates

    async def gather(self, gathering: IceGathering) -> None:
        """Find out how the STUN server sees us."""
        if gathering.stun_server is not None:
            await self._agent.find_reflexive(gathering.stun_server, gathering.timeout)

    async def start(self, command: StartIce) -> None:
        """Begin the checks. Those with another answer of the peer are given up (a call that rings at several places)."""
        if self._checking is not None:
            await self.restart(self._agent.local_username, self._agent.local_password, self._agent.ice_controlling)
        self._checking = asyncio.create_task(self._check(self._agent, command))

    async def restart(self, ufrag: str, password: str, controlling: bool) -> None:
        """Another agent with other credentials; media goes on as it goes."""
        old = self._agent
        self._agent = self._make_agent(self._sockets, ufrag, password, controlling, old.candidates)
        await self._end(old)

    async def read_on_clock(self, rtp: str, rtcp: str) -> None:
        """See IceDesk."""
        for one in self._sockets:
            one.read(one.candidate.address != (rtp if one.candidate.component == 1 else rtcp))

    def take(self, sock: socket.socket, data: bytes, source: Address) -> None:
        """A STUN message that the clock thread has read."""
        for one in self._sockets:
            if one.sock is sock:
                one.take(data, source)

    async def end(self) -> None:
        """Read nothing more, check nothing more."""
        for one in self._sockets:
            one.read(False)
        await self._end(self._agent)

    async def _end(self, agent: Agent) -> None:
        checking, self._checking = self._checking, None
        if checking is not None:
            checking.cancel()
            await asyncio.wait({checking})
        await agent.end()

    async def _check(self, agent: Agent, command: StartIce) -> None:
        began = monotonic()
        try:
            await (agent.resume(command) if command.pairs else agent.negotiate(command))
        except (ConnectionError, TimeoutError):
            self._fail(command, "No way to the peer was found: every connectivity check failed.")
            await agent.end()
            return
        except Exception as error:  # candidates are the peer's words; whatever the library makes of them fails this stream only
            _log.info("ICE failed: %r", error)
            self._fail(command, "The connectivity checks with the peer went wrong.")
            await agent.end()
            return
        if not command.pairs:
            self._emit(IceSucceeded(self._stream, command.attempt, monotonic() - began, agent.selected, agent.checks))
        await self._watch(agent, command)

    async def _watch(self, agent: Agent, command: StartIce) -> None:
        """Tell when the peer selects other pairs, or answers no more."""
        closed = asyncio.create_task(agent.get_event())
        try:
            while True:
                better = asyncio.create_task(agent.better.wait())
                try:
                    await asyncio.wait({closed, better}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    better.cancel()
                if closed.done():
                    break
                agent.better.clear()
                self._emit(IceSucceeded(self._stream, command.attempt, 0.0, agent.selected, agent.checks))
        finally:
            closed.cancel()
        self._fail(command, "The peer does not answer any more.", lost=True)

    def _fail(self, command: StartIce, reason: str, *, lost: bool = False) -> None:
        self._emit(IceFailed(self._stream, command.attempt, reason, lost))
