"""The door to the ICE thread, which is started with the first stream that uses ICE.

asyncio, aioice and what they need are imported only then: a media process without ICE does not carry them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from blinkq.media.control import Event
from blinkq.media.ice import IceCandidate, IceGathering
from blinkq.media.ice_control import RestartIce, StartIce
from blinkq.voice.transport import Transport

if TYPE_CHECKING:
    from blinkq.voice.ice_thread import IceThread

__all__ = ["IceDesk"]


class IceDesk:
    """What the control thread asks of ICE; ``emit`` is called on the ICE thread. Streams without ICE are nobody's business here."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._thread: IceThread | None = None

    def local_addresses(self, default: str) -> tuple[str, ...]:
        """``default`` and the other addresses of the machine."""
        from blinkq.voice.local_addresses import local_addresses  # see above

        return local_addresses(default)

    def open(
        self, stream: int, transport: Transport, gathering: IceGathering, done: Callable[[tuple[IceCandidate, ...]], None]
    ) -> None:
        """Take over the sockets of ``transport`` and gather; ``done`` is called on the ICE thread."""
        if self._thread is None:
            from blinkq.voice.ice_thread import IceThread  # see above

            self._thread = IceThread(self._emit)
            self._thread.launch()
        self._thread.open(stream, transport, gathering, done)

    def start(self, command: StartIce) -> None:
        """Begin the checks with the peer's candidates."""
        if self._thread is not None:
            self._thread.start(command)

    def restart(self, command: RestartIce) -> None:
        """Take new credentials."""
        if self._thread is not None:
            self._thread.restart(command)

    def read_on_clock(self, stream: int, rtp: str, rtcp: str) -> None:
        """The clock thread reads these bases from now on, the others are still read on the ICE thread."""
        if self._thread is not None:
            self._thread.read_on_clock(stream, rtp, rtcp)

    def end(self, stream: int, then: Callable[[], None] = lambda: None) -> None:
        """Let go of a stream's sockets; ``then`` is called when it is done, on the ICE thread or at once."""
        if self._thread is not None:
            self._thread.end(stream, then)
        else:
            then()

    def stop(self) -> None:
        """End all and the thread. Idempotent."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
