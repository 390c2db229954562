"""Runtime: what the middleware's objects need of the engine that runs, without knowing the application that started it.

SIPApplication fills it in before it posts SIPApplicationDidStart and empties it when it stops; sessions, streams and wave objects look here.
What this is not: a place for settings or accounts, which have singletons of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from blinkq.base.clock import Clock, Entropy
from blinkq.base.errors import IllegalStateError
from blinkq.engine.loop import EngineLoop
from blinkq.engine.media_link import MediaProcessRevived
from blinkq.media.control import Command, Reply

if TYPE_CHECKING:
    from blinkq.sip.hop import Hop

__all__ = ["EngineFace", "MediaEvents", "MediaFace", "MixerFace", "Runtime", "SIPFace", "new_number"]

_numbers = itertools.count(1)


def new_number() -> int:
    """A number for a stream, slot, player or recorder, never used before in this process (slot 0 is every mixer's device)."""
    return next(_numbers)


class MediaFace(Protocol):
    """What is used of MediaLink. On the engine thread only."""

    def send(self, command: Command) -> None:
        """Send and wait for nothing."""

    async def request(self, command: Command) -> Reply:
        """Send and return the reply; raises MediaError."""


class SIPFace(Protocol):
    """What is used of SIPEndpoint. On the engine thread only."""

    async def hop(self, address: str, port: int, transport: str, tls_name: str | None = None) -> Hop:
        """The next hop for a route, with our own address towards it; raises NetworkError."""

    def call(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the agent or one of its objects through the pump."""


class EngineFace(Protocol):
    """What is used of Engine."""

    @property
    def loop(self) -> EngineLoop: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def entropy(self) -> Entropy: ...
    @property
    def sip(self) -> SIPFace: ...
    @property
    def media(self) -> MediaFace: ...


class MixerFace(Protocol):
    """What is used of AudioMixer. Any thread."""

    @property
    def number(self) -> int:
        """The media process's name for the mixer."""

    @property
    def sample_rate(self) -> int: ...
    def connect_slots(self, source: int, sink: int) -> None: ...
    def disconnect_slots(self, source: int, sink: int) -> None: ...


class MediaEvents:
    """Hands events of the media process to the object that they are about. On the engine thread only."""

    def __init__(self) -> None:
        self._handlers: dict[tuple[str, int], Callable[[object], None]] = {}

    def subscribe(self, kind: str, number: int, handler: Callable[[object], None]) -> None:
        """Events whose field ``kind`` ("stream", "player", "recorder", "mixer") is ``number`` go to ``handler``."""
        self._handlers[kind, number] = handler

    def unsubscribe(self, kind: str, number: int) -> None:
        """Undo ``subscribe``; silent when there is nothing to undo."""
        self._handlers.pop((kind, number), None)

    def dispatch(self, event: object) -> None:
        """Take one event from the media link."""
        if isinstance(event, MediaProcessRevived):
            for stream, _count in event.rollovers:
                self._hand_on("stream", stream, event)
            return
        for kind in ("stream", "player", "recorder", "mixer"):
            number = getattr(event, kind, None)
            if isinstance(number, int):
                self._hand_on(kind, number, event)
                return

    def _hand_on(self, kind: str, number: int, event: object) -> None:
        handler = self._handlers.get((kind, number))
        if handler is not None:
            handler(event)


class Runtime:
    """The running engine and its mixers; a namespace, not to be instantiated."""

    engine: ClassVar[EngineFace | None] = None
    voice_audio_mixer: ClassVar[MixerFace | None] = None
    media_events: ClassVar[MediaEvents] = MediaEvents()

    @classmethod
    def current(cls) -> EngineFace:
        """The engine; raises IllegalStateError when none runs."""
        if cls.engine is None:
            raise IllegalStateError("the application is not running")
        return cls.engine

    @classmethod
    def spawn(cls, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the engine's loop; the caller is on the engine thread. Its exceptions are its own business."""
        task = cls.current().loop.loop.create_task(coroutine)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    @classmethod
    def reset(cls) -> None:
        """Forget everything; for SIPApplication at its end, and for tests."""
        cls.engine = None
        cls.voice_audio_mixer = None
        cls.media_events = MediaEvents()


_tasks: set[Any] = set()  # a loop only keeps weak references to its tasks
