"""Gathering: waits until each of some streams has said that it did what was asked, or that it failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from blinkq.base.notification import Notification, NotificationCenter
from blinkq.engine.loop import in_engine
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.stream_calls import failure_of

__all__ = ["Gathering"]


class Gathering:
    """Observes ``streams`` from construction on.

    :param success: the notification that a stream posts when it has done its part
    :param failures: the notifications that say that it has not (their data has a ``reason``)
    :param timeout: seconds, after which streams that said nothing count as failed, unless they say that they ``may_take_long``
    :param on_done: called once on the engine thread with the reason of failure by stream (empty: all is well)
    """

    def __init__(
        self, streams: Iterable[Any], success: str, failures: Iterable[str], timeout: float, on_done: Callable[[dict[Any, str]], None]
    ) -> None:
        self._waiting = list(streams)
        self._success = success
        self._failures = frozenset(failures)
        self._failed: dict[Any, str] = {}
        self._on_done = on_done
        self._done = False
        for stream in self._waiting:
            NotificationCenter().add_observer(self, sender=stream)
        loop = Runtime.current().loop.loop
        self._timeout = timeout
        self._timer: asyncio.TimerHandle | None = loop.call_later(timeout, self._timed_out)
        if not self._waiting:
            loop.call_soon(self._finish)

    def ask(self, stream: Any, action: Callable[[], None]) -> None:
        """Ask ``stream`` for its part; what it raises counts as its failure."""
        if self._done:
            return
        reason = failure_of(stream, action)
        if reason is not None:
            self._note(stream, reason)

    def cancel(self) -> None:
        """Wait no more; ``on_done`` is not called. Idempotent."""
        self._done = True
        self._leave()

    def handle_notification(self, notification: Notification) -> None:
        """Note what a stream says."""
        if notification.name == self._success:
            self._note(notification.sender, None)
        elif notification.name in self._failures:
            self._note(notification.sender, str(getattr(notification.data, "reason", None) or "unknown reason"))

    @in_engine
    def _note(self, stream: Any, reason: str | None) -> None:
        if stream not in self._waiting:
            return
        self._waiting.remove(stream)
        if reason is not None:
            self._failed[stream] = reason
        if not self._waiting:
            self._finish()

    def _timed_out(self) -> None:
        at_work = [stream for stream in self._waiting if getattr(stream, "may_take_long", False)]
        for stream in self._waiting:
            if stream not in at_work:
                self._failed[stream] = "timed-out"
        self._waiting = at_work
        if at_work:
            self._timer = Runtime.current().loop.loop.call_later(self._timeout, self._timed_out)
        else:
            self._finish()

    def _finish(self) -> None:
        if not self._done:
            self._done = True
            self._leave()
            self._on_done(self._failed)

    def _leave(self) -> None:
        NotificationCenter().purge_observer(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
