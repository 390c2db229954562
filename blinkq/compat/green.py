"""``sipsimple.threading.green``: functions that may wait without holding up the engine.

The SDK ran them as greenlets of the reactor's thread. Here each runs on a thread of its own, only one at a time and in the order of the
calls, and another one runs only while the first waits (``lookup.wait()``). What differs: the engine's thread goes on meanwhile, so that a
notification may be handled while a green function runs. The middleware's methods may be called from any thread.
"""

from __future__ import annotations

import concurrent.futures
import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.compat.baton import Baton
from blinkq.engine.loop import EngineLoop

__all__ = ["GreenResult", "call_in_green_thread", "in_green_thread", "run_in_green_thread", "run_in_waitable_green_thread", "wait_for"]

log = get_logger("compat.green")

T = TypeVar("T")

_baton = Baton()
_current = threading.local()


def in_green_thread() -> bool:
    """Whether the caller is a green function."""
    return getattr(_current, "green", False)


def run_in_green_thread(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: calls run the function as a green one and return None at once; a green function calls it directly.

    What it raises is logged.
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs) if in_green_thread() else call_in_green_thread(func, *args, **kwargs)

    return wrapper


def run_in_waitable_green_thread(func: Callable[..., Any]) -> Callable[..., GreenResult]:
    """Decorator: calls run the function as a green one and return an object whose ``wait()`` gives its result."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> GreenResult:
        return GreenResult(_spawn(functools.partial(func, *args, **kwargs)))

    return wrapper


def call_in_green_thread(func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Run ``func`` as a green function, soon. What it raises is logged."""

    def guarded() -> None:
        try:
            func(*args, **kwargs)
        except Exception:
            log.exception("the green function %s failed", getattr(func, "__name__", func))

    _spawn(guarded)


def wait_for(future: concurrent.futures.Future[T], timeout: float | None = None) -> T:
    """The result of ``future``; other green functions run meanwhile. Raises IllegalStateError on the engine's thread."""
    if in_green_thread():
        with _baton.released():
            return future.result(timeout)
    if EngineLoop.current is not None and EngineLoop.current.is_current():
        raise IllegalStateError("a notification's handler cannot wait: decorate it with run_in_green_thread")
    return future.result(timeout)


class GreenResult:
    """What a waitable green function will return or raise."""

    def __init__(self, future: concurrent.futures.Future[Any]) -> None:
        self._future = future

    def wait(self) -> Any:
        """The result; raises what the function raised."""
        return wait_for(self._future)


def _spawn(func: Callable[[], T]) -> concurrent.futures.Future[T]:
    future: concurrent.futures.Future[T] = concurrent.futures.Future()
    turn = _baton.reserve()

    def run() -> None:
        turn.wait()
        _current.green = True
        try:
            result = func()
        except BaseException as error:  # it belongs to whoever waits
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            _baton.release()

    threading.Thread(target=run, name="green", daemon=True).start()
    return future
