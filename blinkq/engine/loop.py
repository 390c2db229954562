"""The engine thread: one asyncio loop on which every core, session, account and notification lives.

The windows never share this loop: a busy GUI would delay its timers by the length of each stall. What this is not: a way to move data;
between threads travel values, through ``call``, ``run`` and methods under ``@in_engine``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, ParamSpec, TypeVar

from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger

__all__ = ["EngineLoop", "in_engine"]

#: Seconds between forced hand-overs of the interpreter: with the default of 5 ms a busy GUI thread delays a 20 ms timer by 7-8 ms
#: at p95, with this 2.4-2.9 ms.
SWITCH_INTERVAL = 0.0005
#: Seconds that ``stop`` waits for the thread, and within it for tasks that do not heed their cancellation.
STOP_TIMEOUT = 5.0

P = ParamSpec("P")
T = TypeVar("T")
log = get_logger("engine.loop")


class EngineLoop:
    """The engine thread and its asyncio loop.

    :param loop: a loop that somebody else runs (tests: the virtual-time loop); then no thread is made, and ``start`` and ``stop``
        must be called on that loop's thread

    While started it is ``EngineLoop.current``, which ``@in_engine`` uses. All methods but ``start`` and ``stop`` may be called from
    any thread.
    """

    current: ClassVar[EngineLoop | None] = None

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._given = loop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._thread_id: int | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The asyncio loop itself; raises IllegalStateError when not started."""
        if self._loop is None:
            raise IllegalStateError("the engine is not running")
        return self._loop

    @property
    def running(self) -> bool:
        """Whether ``start`` was called and ``stop`` was not."""
        return self._loop is not None

    @property
    def is_thread(self) -> bool:
        """Whether it has a thread of its own that runs."""
        return self._thread is not None

    def start(self) -> None:
        """Start the thread and its loop; returns when the loop runs. Raises IllegalStateError when another loop is current."""
        if EngineLoop.current is not None:
            raise IllegalStateError("the engine is already running")
        EngineLoop.current = self
        if self._given is not None:
            self._loop, self._thread_id = self._given, threading.get_ident()
            return
        sys.setswitchinterval(SWITCH_INTERVAL)
        started = threading.Event()
        self._thread = threading.Thread(target=self._main, args=(started,), name="engine", daemon=True)
        self._thread.start()
        started.wait()

    def stop(self) -> None:
        """Cancel what still runs, stop the loop and wait for the thread. Idempotent; not to be called on the engine thread."""
        if self._loop is None:
            return
        if self._thread is not None:
            if self.is_current():
                raise IllegalStateError("the engine thread cannot wait for itself to end")
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_TIMEOUT)
            self._thread = None
        self._loop = self._thread_id = None
        if EngineLoop.current is self:
            EngineLoop.current = None

    def is_current(self) -> bool:
        """Whether the caller is on the engine thread."""
        return self._thread_id == threading.get_ident()

    def call(self, func: Callable[..., object], *args: object) -> None:
        """Run ``func(*args)`` on the engine thread, soon and in the order of the calls; never before this returns."""
        loop = self.loop
        if self.is_current():
            loop.call_soon(func, *args)
        else:
            loop.call_soon_threadsafe(func, *args)

    def run(self, coro: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the engine thread. Do not wait for the result on the engine thread itself."""
        try:
            loop = self.loop
        except IllegalStateError:
            coro.close()  # or Python warns that it was never awaited
            raise
        return asyncio.run_coroutine_threadsafe(coro, loop)

    def _main(self, started: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        self._thread_id = threading.get_ident()
        self._loop = loop
        loop.call_soon(started.set)
        try:
            loop.run_forever()
        finally:
            self._finish(loop)

    @staticmethod
    def _finish(loop: asyncio.AbstractEventLoop) -> None:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            _done, stubborn = loop.run_until_complete(asyncio.wait(tasks, timeout=STOP_TIMEOUT / 2))
            for task in stubborn:
                log.error("a task did not end: %r", task)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()


def in_engine(method: Callable[P, object]) -> Callable[P, None]:
    """Decorator: the function runs on the engine thread, at once when the caller is there, otherwise soon. Its result is dropped.

    Raises IllegalStateError when the engine is not running.
    """

    @functools.wraps(method)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        loop = EngineLoop.current
        if loop is None:
            raise IllegalStateError(f"{method.__name__}: the engine is not running")
        if loop.is_current():
            method(*args, **kwargs)
        else:
            loop.call(functools.partial(method, *args, **kwargs))

    return wrapper
