"""Runtime: what sessions and streams need of the engine that runs, without knowing the application that started it.

SIPApplication imports the session manager, so sessions cannot import SIPApplication: both meet here. The application fills it in before
it posts SIPApplicationDidStart and resets it at its end. What this is not: a place for settings or accounts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from blinkq.base.clock import Clock, Entropy
from blinkq.base.errors import IllegalStateError
from blinkq.engine.loop import EngineLoop
from blinkq.engine.msrp_endpoint import MSRPEndpoint
from blinkq.engine.network import Network
from blinkq.engine.service_directory import ServiceDirectory
from blinkq.engine.sip_endpoint import SIPEndpointConfig
from blinkq.sip.agent import Agent
from blinkq.sip.hop import Hop
from blinkq.sipsimple.audio_mixer import AudioMixer, MediaControl

if TYPE_CHECKING:
    from blinkq.engine.resolver import Resolver  # see Engine.resolver: it is imported when the engine starts

__all__ = ["EngineFace", "Runtime", "SIPFace"]


class SIPFace(Protocol):
    """What is used of SIPEndpoint. On the engine thread only."""

    agent: Agent
    config: SIPEndpointConfig
    ports: dict[str, int]

    async def hop(self, address: str, port: int, transport: str, tls_name: str | None = None) -> Hop:
        """The next hop for a route, with our own address towards it; raises NetworkError."""

    def call(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the agent or one of its objects through the pump."""

    def offers(self, transport: str) -> bool:
        """Whether a transport may be used for requests of ours."""

    def public_address(self, hop: Hop) -> tuple[str, int] | None:
        """Our address as the server at ``hop`` sees us, when it is known."""


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
    def media(self) -> MediaControl: ...
    @property
    def network(self) -> Network: ...
    @property
    def msrp(self) -> MSRPEndpoint: ...
    @property
    def resolver(self) -> Resolver: ...
    def new_directory(self) -> ServiceDirectory: ...


class Runtime:
    """The running engine and the mixer of calls; a namespace, not to be instantiated."""

    engine: ClassVar[EngineFace | None] = None
    voice_audio_mixer: ClassVar[AudioMixer | None] = None
    _tasks: ClassVar[set[asyncio.Task[None]]] = set()  # a loop keeps only weak references to its tasks

    @classmethod
    def current(cls) -> EngineFace:
        """The engine; raises IllegalStateError when none runs."""
        if cls.engine is None:
            raise IllegalStateError("the application is not running")
        return cls.engine

    @classmethod
    def spawn(cls, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine on the engine's loop; for callers on the engine thread."""
        task = cls.current().loop.loop.create_task(coroutine)
        cls._tasks.add(task)
        task.add_done_callback(cls._tasks.discard)
        return task

    @classmethod
    def reset(cls) -> None:
        """Forget the engine and the mixer; for SIPApplication at its end, and for tests."""
        cls.engine = None
        cls.voice_audio_mixer = None
