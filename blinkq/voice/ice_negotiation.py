"""ICE of one stream in the media process: its sockets with their present agent. Belongs to the ICE thread's loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from blinkq.base.clock import monotonic
from blinkq.base.logging import get_logger
from blinkq.media.control import Event
from blinkq.media.ice import IceCandidate, IceGathering
from blinkq.media.ice_control import IceFailed, IceSucceeded, StartIce
from blinkq.voice.ice_agent import Agent, host_candidate
from blinkq.voice.ice_socket import IceSocket
from blinkq.voice.transport import Address, Transport

__all__ = ["IceNegotiation"]

_log = get_logger("voice.ice")


class IceNegotiation:
    """``transport`` is read from now on; ``emit`` takes IceSucceeded and IceFailed."""

    def __init__(self, stream: int, transport: Transport, gathering: IceGathering, emit: Callable[[Event], None]) -> None:
        self._stream = stream
        self._emit = emit
        self._sockets: list[IceSocket] = []
        for number, (address, pair) in enumerate(transport.bases.items()):
            for component, sock in enumerate(pair, start=1):
                port: int = sock.getsockname()[1]
                self._sockets.append(IceSocket(sock, host_candidate(component, address, port, 65535 - number)))
        self._agent = Agent(self._sockets, gathering.ufrag, gathering.password, gathering.controlling)
        self._checking: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._ended = False
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
            if self._checking is None and not self._ended:
                self._keeping = asyncio.create_task(self._agent.keep_mapped(gathering.stun_server))

    async def start(self, command: StartIce) -> None:
        """Begin the checks. Those with another answer of the peer are given up (a call that rings at several places)."""
        if self._checking is not None:
            await self.restart(self._agent.local_username, self._agent.local_password, self._agent.ice_controlling)
        self._checking = asyncio.create_task(self._check(self._agent, command))
        await _cancel(self._keeping)

    async def restart(self, ufrag: str, password: str, controlling: bool) -> None:
        """Another agent with other credentials; media goes on as it goes."""
        old = self._agent
        self._agent = Agent(self._sockets, ufrag, password, controlling, old.candidates)
        await self._end(old)

    async def read_on_clock(self, rtp: str, rtcp: str) -> None:
        """See IceThread."""
        for one in self._sockets:
            one.read(one.candidate.address != (rtp if one.candidate.component == 1 else rtcp))

    def take(self, sock: socket.socket, data: bytes, source: Address) -> None:
        """A STUN message that the clock thread has read."""
        for one in self._sockets:
            if one.sock is sock:
                one.take(data, source)

    async def end(self) -> None:
        """Read nothing more, check nothing more."""
        self._ended = True
        for one in self._sockets:
            one.read(False)
        await _cancel(self._keeping)
        await self._end(self._agent)

    async def _end(self, agent: Agent) -> None:
        checking, self._checking = self._checking, None
        await _cancel(checking)
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


async def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait({task})
