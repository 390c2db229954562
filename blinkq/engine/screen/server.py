"""ScreenServer: a thread that shows a screen to one viewer. Pictures are taken and packed there, so that calls never wait for them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from blinkq.base.clock import Clock
from blinkq.base.logging import get_logger
from blinkq.engine.screen.operator import ScreenOperator
from blinkq.engine.screen.source import Place, ScreenError, ScreenSource
from blinkq.rfb.messages import ClipboardReceived, Connected, Failed, KeyReceived, PointerReceived, Transmit
from blinkq.rfb.server import ServerCore

__all__ = ["ControlRefused", "ScreenServer"]

#: Seconds between two pictures while something moves, and when nothing has moved for QUIET pictures.
INTERVAL, SLOW_INTERVAL, QUIET = 1 / 30, 1 / 8, 30

#: Seconds between two looks whether what is shown is still there, while nobody asks for a picture.
WATCH = 1.0

#: Bytes made and not yet taken by the network, from which no more pictures are made.
HIGH_WATER = 4 * 1024 * 1024
#: Bytes of the viewer that may wait to be read; nobody types so fast.
MAX_WAITING = 8 * 1024 * 1024

log = get_logger("engine.screen")


@dataclass(frozen=True, slots=True)
class ControlRefused:
    """Control was allowed, but this computer does not let itself be operated; reason is a sentence."""

    reason: str


class ScreenServer:
    """One viewer's view of a screen.

    :param open_source: makes the source, in the thread that uses it
    :param open_operator: makes what presses keys, when control is first allowed
    :param on_data: called in the server's thread with bytes for the viewer
    :param on_end: called there once, with a sentence, None after ``stop``
    :param on_event: called there with Connected, ClipboardReceived, ControlRefused, and the source's Place, at first and when it is another
    """

    def __init__(
        self,
        name: str,
        open_source: Callable[[], ScreenSource],
        open_operator: Callable[[], ScreenOperator],
        clock: Clock,
        on_data: Callable[[bytes], None],
        on_end: Callable[[str | None], None],
        on_event: Callable[[object], None] = lambda event: None,
    ) -> None:
        self._name = name
        self._open_source = open_source
        self._open_operator = open_operator
        self._clock = clock
        self._on_data = on_data
        self._on_end = on_end
        self._on_event = on_event
        self._inbox: queue.SimpleQueue[bytes | Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._main, name="screen", daemon=True)
        self._core: ServerCore | None = None
        self._operator: ScreenOperator | None = None
        self._made = self._sent = 0  # bytes for the viewer, each counted in one thread
        self._came = self._read = 0  # bytes of the viewer, likewise
        self._flooded = False
        self._control = self._allowed = False
        self._ended = False
        self._place: Place | None = None

    def start(self) -> None:
        """Begin; a screen that cannot be read is told to ``on_end``."""
        self._thread.start()

    def receive_data(self, data: bytes) -> None:
        """Bytes of the viewer; from one thread."""
        if self._flooded:
            return
        self._came += len(data)
        if self._came - self._read > MAX_WAITING:
            self._flooded = True
            self._inbox.put(_refuse)
        else:
            self._inbox.put(data)

    def sent(self, count: int) -> None:
        """The network took so many bytes of those given to ``on_data``; from the same thread always."""
        self._sent += count

    def allow_control(self, allowed: bool) -> None:
        """Let the viewer press keys and move the pointer, or not any more; from any thread."""
        self._allowed = allowed  # what waits to be read has no effect any more
        self._inbox.put(lambda: self._allow(allowed))

    def cut_text(self, text: str) -> None:
        """Our clipboard has this text now; from any thread."""
        self._inbox.put(lambda: self._cut_text(text))

    def stop(self) -> None:
        """End; from any thread. Idempotent."""
        self._allowed = False
        self._inbox.put(None)

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread's end."""
        self._thread.join(timeout)

    # in the thread -------------------------------------------------------------------------------------------------------------------

    def _main(self) -> None:
        reason: str | None = None
        try:
            source = self._open_source()
        except ScreenError as error:
            self._on_end(str(error))
            return
        try:
            self._serve(source)
        except ScreenError as error:
            reason = str(error)
            log.info("%s", reason)
        finally:
            source.close()
            if self._operator is not None:
                self._operator.close()
        self._on_end(reason)

    def _serve(self, source: ScreenSource) -> None:
        self._watch(source)
        first = source.grab()
        assert first is not None  # there was none before
        self._core = core = ServerCore(first.shape[1], first.shape[0], self._name)
        core.allow_input = self._control
        core.frame(first, self._clock.monotonic())
        self._drain()
        quiet, due = 0, 0.0
        while not self._ended:
            now = self._clock.monotonic()
            core.congested = self._made - self._sent > HIGH_WATER
            if core.waiting and core.congested:
                self._take(INTERVAL)
                continue
            if core.waiting and now >= due:
                self._watch(source)
                pixels = source.grab()
                if pixels is None:
                    core.still(now)
                else:
                    core.frame(pixels, now)
                quiet = 0 if self._drain() else quiet + 1
                due = now + (SLOW_INTERVAL if quiet > QUIET else INTERVAL)
            if core.waiting:
                self._take(max(0.0, due - self._clock.monotonic()))
            elif not self._take(WATCH):
                self._watch(source)

    def _watch(self, source: ScreenSource) -> None:
        """Tell where it is. Raises ScreenError when it is gone."""
        place = source.place()
        if place != self._place and place is not None:
            self._place = place
            self._on_event(place)

    def _take(self, timeout: float) -> bool:
        """What came; waits ``timeout`` seconds for it, False when nothing did."""
        assert self._core is not None
        try:
            item = self._inbox.get(timeout=timeout) if timeout != 0 else self._inbox.get_nowait()
        except queue.Empty:
            return False
        if item is None:
            self._ended = True
        elif isinstance(item, bytes):
            self._read += len(item)
            self._core.congested = self._made - self._sent > HIGH_WATER
            self._core.receive_data(item, self._clock.monotonic())
            self._drain()
        else:
            item()
        return True

    def _drain(self) -> bool:
        """Hand on what the core gave; True if that were bytes."""
        assert self._core is not None
        sent = False
        for output in self._core.drain():
            if isinstance(output, Transmit):
                self._made += len(output.data)
                self._on_data(output.data)
                sent = True
            elif isinstance(output, KeyReceived | PointerReceived):
                self._operate(output)
            elif isinstance(output, Connected | ClipboardReceived):
                self._on_event(output)
            elif isinstance(output, Failed):
                raise ScreenError(output.reason)
        return sent

    def _operate(self, done: KeyReceived | PointerReceived) -> None:
        if self._operator is None or not self._allowed:
            return
        if isinstance(done, KeyReceived):
            self._operator.key(done.keysym, done.pressed)
        else:
            self._operator.pointer(done.x, done.y, done.buttons)

    def _allow(self, allowed: bool) -> None:
        if allowed and self._operator is None:
            try:
                self._operator = self._open_operator()
            except ScreenError as error:
                log.info("%s", error)
                self._on_event(ControlRefused(str(error)))
                return
        self._control = allowed
        if self._core is not None:
            self._core.allow_input = allowed
        if not allowed and self._operator is not None:
            self._operator.close()  # what was held is let go
            self._operator = None

    def _cut_text(self, text: str) -> None:
        if self._core is not None:
            self._core.cut_text(text, self._clock.monotonic())
            self._drain()


def _refuse() -> None:
    raise ScreenError("The viewer sends more than can be read.")
