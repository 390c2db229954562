"""``sipsimple.threading``: named threads, and the thread of the notifications."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, ClassVar

from blinkq.compat.queues import EventQueue
from blinkq.compat.types import Singleton
from blinkq.engine.loop import EngineLoop

__all__ = [
    "ThreadManager", "call_in_thread", "call_in_twisted_thread", "run_in_thread", "run_in_twisted_thread", "schedule_in_thread",
]  # fmt: skip

Func = Callable[..., Any]


class ThreadManager(metaclass=Singleton):
    """The singleton that keeps the named threads; they are made when they are first used."""

    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self.threads: dict[str, EventQueue] = {}

    def start(self) -> None:
        """Nothing needs to be started; here for scripts that do."""

    def stop(self) -> None:
        """End the threads when they have done what is waiting, and wait for that."""
        with self._lock:
            threads, self.threads = self.threads, {}
        for thread in threads.values():
            thread.stop()
            if thread is not threading.current_thread():
                thread.join()

    def get_thread(self, thread_id: str) -> EventQueue:
        """The thread with that name."""
        with self._lock:
            thread = self.threads.get(thread_id)
            if thread is None:
                thread = self.threads[thread_id] = EventQueue(lambda call: call(), name=thread_id)
                thread.start()
            return thread


def call_in_thread(thread_id: str, func: Func, *args: Any, **kwargs: Any) -> None:
    """Run ``func`` on a named thread: at once when the caller is there, else when that thread has done what waits."""
    here = threading.current_thread()
    if isinstance(here, EventQueue) and here.name == thread_id:
        func(*args, **kwargs)
    else:
        schedule_in_thread(thread_id, func, *args, **kwargs)


def schedule_in_thread(thread_id: str, func: Func, *args: Any, **kwargs: Any) -> None:
    """Run ``func`` on a named thread when that has done what waits."""
    ThreadManager().get_thread(thread_id).put(functools.partial(func, *args, **kwargs))


def run_in_thread(thread_id: str, scheduled: bool = False) -> Callable[[Func], Func]:
    """Decorator: the function runs on a named thread; ``scheduled``: never at once."""

    def decorate(func: Func) -> Func:
        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> None:
            (schedule_in_thread if scheduled else call_in_thread)(thread_id, func, *args, **kwargs)

        return wrapper

    return decorate


def call_in_twisted_thread(func: Func, *args: Any, **kwargs: Any) -> None:
    """Run ``func`` on the engine's thread, where notifications are posted: at once when the caller is there, otherwise soon.

    Before the engine runs and after its end, when notifications come from other threads, it is run at once.
    """
    loop = EngineLoop.current
    if loop is None or loop.is_current():
        func(*args, **kwargs)
    else:
        loop.call(functools.partial(func, *args, **kwargs))


def run_in_twisted_thread(func: Func) -> Func:
    """Decorator: the function runs on the engine's thread."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        call_in_twisted_thread(func, *args, **kwargs)

    return wrapper
