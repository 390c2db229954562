"""Who has the desktop, or looks at it: the ends of a DesktopSharingStream.

    DesktopSharingHandlerBase
    ├── InternalVNCViewerHandler, InternalVNCServerHandler     bytes by notification and ``send``: the application does the rest
    ├── ExternalVNCViewerHandler, ExternalVNCServerHandler     another program on this computer does
    └── ScreenServerHandler                                    BlinkQ shows this computer's screen
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError
from blinkq.engine.loop import in_engine
from blinkq.engine.network import Listener, Stream, StreamHandler
from blinkq.engine.screen.feed import ScreenFeed
from blinkq.engine.screen.monitor_source import MonitorSource
from blinkq.engine.screen.operator import ScreenOperator, open_operator
from blinkq.engine.screen.server import ControlRefused, ScreenServer
from blinkq.engine.screen.source import Monitor, PatternSource, Place, ScreenError, ScreenSource
from blinkq.engine.screen.window import Window
from blinkq.engine.screen.window_operator import WindowOperator
from blinkq.engine.screen.window_source import WindowSource
from blinkq.rfb.messages import ClipboardReceived
from blinkq.sipsimple.runtime import Runtime

if TYPE_CHECKING:
    from blinkq.sipsimple.streams.msrp.desktop_sharing import DesktopSharingStream

__all__ = [
    "DesktopSharingHandlerBase", "ExternalVNCServerHandler", "ExternalVNCViewerHandler", "InternalVNCServerHandler",
    "InternalVNCViewerHandler", "ScreenServerHandler",
]  # fmt: skip

log = get_logger("sipsimple.desktop_sharing")

LOOPBACK = {"localhost": "127.0.0.1"}

#: Bytes that the other party may send before the program on this computer is there.
MAX_WAITING = 256 * 1024
#: Bytes of a program that wait for the network, or of the other party that wait for the application, from which nothing more is read; and
#: how few they must become before it is.
HIGH_WATER, LOW_WATER = 4 * 1024 * 1024, 1024 * 1024


class DesktopSharingHandlerBase:
    """``type``: 'active' looks at the other party's desktop, 'passive' shows one. ``stream``: None until its stream starts."""

    type: ClassVar[str | None] = None

    def __init__(self) -> None:
        self.stream: DesktopSharingStream | None = None

    def initialize(self, stream: DesktopSharingStream) -> None:
        """The stream starts; on the engine thread."""
        self.stream = stream

    def data_received(self, data: bytes) -> None:
        """Bytes of the other party; on the engine thread."""

    def data_sent(self, count: int) -> None:
        """The network took so many bytes of what was sent; on the engine thread."""

    def end(self) -> None:
        """The stream is over; on the engine thread. Idempotent."""
        self.stream = None

    @in_engine
    def send(self, data: bytes) -> None:
        """Bytes for the other party; from any thread. Lost after the end of the stream."""
        if self.stream is not None:
            self.stream.send_data(data)

    def _fail(self, context: str, reason: str, failure: object = None) -> None:
        if self.stream is not None:
            post("DesktopSharingHandlerDidFail", self, context=context, failure=failure, reason=reason)
            self.stream.handler_failed(reason)


class _Internal(DesktopSharingHandlerBase):
    """``flow_control``: set it True before the stream starts, and call ``data_used`` for what came: then no more than HIGH_WATER bytes
    come that were not used yet; the other party has to wait. Without it everything comes as soon as it is there.
    """

    flow_control = False

    def __init__(self) -> None:
        super().__init__()
        self._unsent = self._unused = 0
        self._paused = False

    @property
    def unsent(self) -> int:
        """Bytes given to ``send`` that the network has not taken yet: whoever makes pictures makes none while there are many."""
        return self._unsent

    def data_received(self, data: bytes) -> None:
        if self.flow_control:
            self._unused += len(data)
            self._wait(self._unused > HIGH_WATER)
        post("DesktopSharingStreamGotData", self, data=data)

    @in_engine
    def data_used(self, count: int) -> None:
        """So many bytes of what came are of no concern any more; from any thread."""
        self._unused = max(0, self._unused - count)
        if self._unused <= LOW_WATER:
            self._wait(False)

    def data_sent(self, count: int) -> None:
        self._unsent = max(0, self._unsent - count)

    @in_engine
    def send(self, data: bytes) -> None:
        if self.stream is not None:
            self._unsent += len(data)
            self.stream.send_data(data)

    def end(self) -> None:
        self._wait(False)
        super().end()

    def _wait(self, paused: bool) -> None:
        if paused != self._paused and self.stream is not None:
            self._paused = paused
            self.stream.pause_reading(paused)


class InternalVNCViewerHandler(_Internal):
    """The application is the viewer. Posts DesktopSharingStreamGotData; ``send`` answers."""

    type = "active"


class InternalVNCServerHandler(_Internal):
    """The application is the server. Posts DesktopSharingStreamGotData; ``send`` answers."""

    type = "passive"


class _External(DesktopSharingHandlerBase):
    """Bytes go to and come from a program on this computer."""

    def __init__(self, address: tuple[str, int], connect_timeout: float) -> None:
        super().__init__()
        self.address = address
        self.connect_timeout = connect_timeout
        self._stream: Stream | None = None
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._backlog = 0  # bytes of the program that the network has not taken yet
        self._task: asyncio.Task[None] | None = None

    def initialize(self, stream: DesktopSharingStream) -> None:
        super().initialize(stream)
        self._task = Runtime.spawn(self._open())

    def end(self) -> None:
        super().end()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def data_received(self, data: bytes) -> None:
        if self._stream is not None:
            self._stream.write(data)
            return
        self._waiting_bytes += len(data)
        if self._waiting_bytes > MAX_WAITING:  # before the program's greeting nobody has much to say
            self._waiting.clear()
            self._fail("reading", "the other party sends before it is asked")
            return
        self._waiting.append(data)

    def data_sent(self, count: int) -> None:
        self._backlog -= count
        if self._stream is not None and self._backlog <= HIGH_WATER:
            self._stream.pause_reading(False)

    def from_program(self, data: bytes) -> None:
        """Bytes of the program, for the other party."""
        self._backlog += len(data)
        if self._stream is not None and self._backlog > HIGH_WATER:
            self._stream.pause_reading(True)
        self.send(data)

    async def _open(self) -> None:
        raise NotImplementedError

    def _joined(self, stream: Stream) -> None:
        self._stream = stream
        stream.on_writable = self._writable
        for data in self._waiting:
            stream.write(data)
        self._waiting.clear()

    def _writable(self, writable: bool) -> None:
        """The program is slow, or has caught up: so must be the other party."""
        if self.stream is not None:
            self.stream.pause_reading(not writable)


class _Pipe:
    """StreamHandler: what the program sends goes to the other party."""

    def __init__(self, handler: _External) -> None:
        self._handler = handler

    def data_received(self, data: bytes) -> None:
        self._handler.from_program(data)

    def connection_lost(self, error: str) -> None:
        self._handler._stream = None
        self._handler._fail("reading", error)


class ExternalVNCServerHandler(_External):
    """A VNC server on this computer has the desktop."""

    type = "passive"

    def __init__(self, address: tuple[str, int] = ("localhost", 5900), connect_timeout: float = 3) -> None:
        super().__init__(address, connect_timeout)

    async def _open(self) -> None:
        host, port = self.address
        try:
            async with asyncio.timeout(self.connect_timeout):
                self._joined(await Runtime.current().network.connect_stream(LOOPBACK.get(host, host), port, _Pipe(self)))
        except (NetworkError, TimeoutError) as error:
            self._fail("connecting", str(error) or f"no answer from {host}:{port}", error)


class ExternalVNCViewerHandler(_External):
    """A VNC viewer on this computer connects to ``address``, which has the real port once the stream has started."""

    type = "active"

    def __init__(self, address: tuple[str, int] = ("localhost", 0), connect_timeout: float = 3) -> None:
        super().__init__(address, connect_timeout)
        self._listener: Listener | None = None
        self._taken = False

    def end(self) -> None:
        super().end()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _open(self) -> None:
        host, port = self.address
        try:
            self._listener = await Runtime.current().network.listen_stream(LOOPBACK.get(host, host), port, self._accept)
        except NetworkError as error:
            self._fail("connecting", str(error), error)
            return
        self.address = host, self._listener.local[1]
        await asyncio.sleep(self.connect_timeout)
        if self._stream is None:
            self._fail("connecting", f"no viewer came to {host}:{self.address[1]}")

    def _accept(self, stream: Stream) -> StreamHandler | None:
        if self._taken or stream.remote[0] not in ("127.0.0.1", "::1"):
            return None
        self._taken = True  # one viewer, once
        self._joined(stream)
        return _Pipe(self)


class ScreenServerHandler(DesktopSharingHandlerBase):
    """BlinkQ shows a screen, or one window. Posts ScreenServerHandlerPlaceDidChange, ScreenServerHandlerGotClipboard.

    :param monitor: 0 all monitors together, others from 1; None a test screen
    :param control: whether the viewer may press keys and move the pointer; ``control`` can be changed at any time
    :param window: this one alone (see ``sipsimple.screens.windows``), and no monitor
    :param feed: pictures that the application takes, and no monitor; nobody can operate it
    """

    type = "passive"

    def __init__(
        self, monitor: int | None = 0, control: bool = False, name: str = "BlinkQ", window: Window | None = None,
        feed: ScreenFeed | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._window = window
        self._feed = feed
        self._monitor = monitor
        self._control = control
        self._name = name
        self._server: ScreenServer | None = None
        self._place = Monitor(0, 0, 0, 0, 0)

    @property
    def control(self) -> bool:
        return self._control

    @control.setter
    def control(self, allowed: bool) -> None:
        self._control = allowed
        if self._server is not None:
            self._server.allow_control(allowed)

    def initialize(self, stream: DesktopSharingStream) -> None:
        super().initialize(stream)
        engine = Runtime.current()
        loop = engine.loop
        self._server = ScreenServer(
            self._name, self._open_source, self._open_operator, engine.clock, self.send,
            lambda reason: loop.call(lambda: self._ended(reason)), self._event,
        )  # fmt: skip
        self._server.start()
        if self._control:
            self._server.allow_control(True)

    def data_received(self, data: bytes) -> None:
        if self._server is not None:
            self._server.receive_data(data)

    def data_sent(self, count: int) -> None:
        if self._server is not None:
            self._server.sent(count)

    def cut_text(self, text: str) -> None:
        """Our clipboard has this text now."""
        if self._server is not None:
            self._server.cut_text(text)

    @in_engine
    def stop(self) -> None:
        """Show nothing any more, at once; the stream goes when its session is told. From any thread."""
        self.end()

    def end(self) -> None:
        super().end()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _open_source(self) -> ScreenSource:
        if self._feed is not None:
            self._feed.wait()
            return self._feed
        if self._window is not None:
            return WindowSource(self._window)
        if self._monitor is None:
            return PatternSource()
        source = MonitorSource(self._monitor)
        self._place = source.monitor
        return source

    def _open_operator(self) -> ScreenOperator:
        if self._feed is not None:
            raise ScreenError("What is shown can be seen by others here, but not operated.")
        return open_operator(self._place) if self._window is None else WindowOperator(self._window)

    def _event(self, event: object) -> None:
        if isinstance(event, Place):
            place = {"left": event.left, "top": event.top, "width": event.width, "height": event.height}
            post("ScreenServerHandlerPlaceDidChange", self, **place, shown=event.shown)
        elif isinstance(event, ClipboardReceived):
            post("ScreenServerHandlerGotClipboard", self, text=event.text)
        elif isinstance(event, ControlRefused):
            self._control = False
            post("ScreenServerHandlerControlDidFail", self, reason=event.reason)

    def _ended(self, reason: str | None) -> None:
        if reason is not None:
            self._fail("reading", reason)


