"""Tool: one command's life around SIPApplication.

Notifications arrive on the engine thread and are queued; the command's own code runs in the main thread, one notification or timer at a
time, so that it never meets itself. Ctrl-C asks the command to finish; a second one leaves at once.
"""

from __future__ import annotations

import collections
import heapq
import itertools
import queue
import signal
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.cli.failure import CommandFailure, load_failure
from blinkq.cli.output import Output
from blinkq.cli.preparation import prepared_configuration
from blinkq.sipsimple.application import SIPApplication

__all__ = ["Tool"]

START_LIMIT = 20.0  # seconds for the application to start: devices and name servers have their own, shorter limits
MAX_TRACED = 4096  # bytes of a piece of MSRP that --trace shows: files are no reading matter
STOP_LIMIT = 10.0  # seconds for it to stop; unregistering and BYE have shorter ones
# Ctrl-C is noticed between two waits of the main thread. It interrupts one, but for on Windows, and but for when it comes just before it.
LONGEST_WAIT = 0.25

#: Notifications that carry a file's contents: thousands a second, and nothing for a terminal.
CONTENTS = frozenset({"FileTransferStreamGotChunk", "FileTransferStreamDidDeliverChunk"})


class Tool(NotificationHandler):
    """Base of the commands that need the running middleware.

    A command overrides ``begin`` (called when the application has started) and reacts in ``_NH_...`` methods and timers, all in the main
    thread, until it calls ``finish``.
    """

    #: whether the command's account registers
    registers = False
    #: whether neighbours see the command, where it is for the local network
    announces = True
    #: which of the account's groups presence, dialog_event and message_summary the command needs switched on; the others are off
    events: tuple[str, ...] = ()

    def __init__(self, options: Namespace, output: Output) -> None:
        self.options = options
        self.output = output
        self.application = SIPApplication()
        self._inbox: queue.SimpleQueue[Notification | None] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._timer_numbers = itertools.count()
        self._calls: collections.deque[Callable[[], None]] = collections.deque()
        self._started = False
        self._ended = True
        self._status: int | None = None
        self._fatal = ""
        self._interrupted = threading.Event()

    # what commands use -----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The application has started: do the work. May raise CommandFailure and WrongUsage."""

    def interrupt(self) -> None:
        """Ctrl-C: bring the work to an end. The default finishes at once."""
        self.finish(0)

    def after(self, seconds: float, function: Callable[[], None]) -> None:
        """Call ``function`` in the main thread ``seconds`` from now."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._timer_numbers), function))

    def in_main_thread(self, function: Callable[[], None]) -> None:
        """Call ``function`` in the main thread, soon; from any thread."""
        self._calls.append(function)
        self._inbox.put(None)

    def finish(self, status: int) -> None:
        """Stop the application and leave with ``status``; the first call counts."""
        if self._status is None:
            self._status = status

    # running ---------------------------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Start, work, stop; returns the exit status. Raises CommandFailure where the application cannot start."""
        unheard = CONTENTS if "msrp" in self.options.trace else CONTENTS | {"MSRPTransportTrace"}
        observer = _Inbox(self._inbox, unheard)
        self.output.on_reader_left = self._interrupted.set  # nobody waits for us any more, but peers must be told
        NotificationCenter().add_observer(observer)
        try:
            with self._signals():
                try:
                    self._start()
                    self._loop(until=lambda: self._status is not None)
                finally:
                    self._stop()
        finally:
            NotificationCenter().remove_observer(observer)
        return 1 if self._status is None else self._status

    def _start(self) -> None:
        backend, passwords = prepared_configuration(
            self.options, self.output.say, registers=self.registers, announces=self.announces, events=self.events
        )
        self.application.start(backend, passwords=passwords)
        self._ended = False
        self._loop(until=lambda: self._started or self._status is not None, deadline=time.monotonic() + START_LIMIT)
        if self._fatal:
            raise CommandFailure(self._fatal)
        if not self._started and self._status is None:
            raise CommandFailure("BlinkQ could not start its engine in time.")

    def _stop(self) -> None:
        if not self._ended:
            self.application.stop()
        deadline = time.monotonic() + STOP_LIMIT
        while not self._ended and time.monotonic() < deadline:
            notification = self._next(deadline)
            if notification is not None:
                self._handle(notification)

    def _NH_SIPApplicationDidStart(self, notification: Notification) -> None:
        self._started = True
        self.begin()

    def _NH_SIPApplicationDidEnd(self, notification: Notification) -> None:
        self._ended = True
        self.finish(1)

    def _NH_SIPApplicationGotFatalError(self, notification: Notification) -> None:
        self._fatal = str(notification.data.value)
        if self._started:
            self.output.say(self._fatal)

    def _NH_SIPAccountGotMessage(self, notification: Notification) -> None:
        data = notification.data
        text = data.content if isinstance(data.content, str) else f"({data.content_type}, {len(data.content)} bytes)"
        self.output.say(f"Message from {data.remote_identity.uri}: {text}")

    def _NH_SIPApplicationFailedToStartTLS(self, notification: Notification) -> None:
        self.output.say(f"TLS cannot be used: {notification.data.error}")

    def _NH_AudioDeviceDidFail(self, notification: Notification) -> None:
        self.output.say(str(notification.data.error))

    def _NH_MediaProcessDidDie(self, notification: Notification) -> None:
        self.output.say("The sound is interrupted, and being restarted.")

    def _NH_MediaProcessDidFail(self, notification: Notification) -> None:
        self.output.say(f"There is no sound any more: {notification.data.error}")

    def _NH_CFGManagerLoadFailed(self, notification: Notification) -> None:
        self.output.say(load_failure(notification.data))

    def _NH_SIPEngineSIPTrace(self, notification: Notification) -> None:
        data = notification.data
        way = f"{data.source_ip}:{data.source_port} -> {data.destination_ip}:{data.destination_port}"
        text = data.data.decode("utf-8", "replace") if isinstance(data.data, bytes) else str(data.data)
        stamp = notification.datetime.strftime("%H:%M:%S.%f")[:-3]
        self.output.say(f"{stamp} {'RECEIVED' if data.received else 'SENT'} {data.transport} {way}\n{text}")

    def _NH_MSRPTransportTrace(self, notification: Notification) -> None:
        data = notification.data
        incoming = data.direction == "incoming"
        way = f"{_place(data.remote_address)} -> here" if incoming else f"here -> {_place(data.remote_address)}"
        text = data.data[:MAX_TRACED].decode("utf-8", "backslashreplace")
        more = f"\n[{len(data.data) - MAX_TRACED} more bytes]" if len(data.data) > MAX_TRACED else ""
        stamp = notification.datetime.strftime("%H:%M:%S.%f")[:-3]
        self.output.say(f"{stamp} {'RECEIVED' if incoming else 'SENT'} MSRP {way}\n{text}{more}")

    # the main thread's loop ----------------------------------------------------------------------------------------------------------

    def _loop(self, *, until: Callable[[], bool], deadline: float | None = None) -> None:
        while not until() and (deadline is None or time.monotonic() < deadline):
            due = [limit for limit in (deadline, self._timers[0][0] if self._timers else None) if limit is not None]
            notification = self._next(min(due, default=None))
            if notification is not None:
                self._handle(notification)
            if self._interrupted.is_set():
                self._interrupted.clear()
                self._interrupt()
            while self._calls and not until():
                self._calls.popleft()()
            while self._timers and self._timers[0][0] <= time.monotonic() and not until():
                heapq.heappop(self._timers)[2]()

    def _interrupt(self) -> None:
        if self._started:
            self.interrupt()
        else:
            self.finish(1)

    def _next(self, deadline: float | None) -> Notification | None:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            return self._inbox.get(timeout=LONGEST_WAIT if left is None else min(left, LONGEST_WAIT))
        except queue.Empty:
            return None

    def _handle(self, notification: Notification) -> None:
        self.output.notification(notification)
        self.handle_notification(notification)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def caught(_number: int, _frame: FrameType | None) -> None:
            if self._interrupted.is_set():
                raise KeyboardInterrupt
            self._interrupted.set()
            self._inbox.put(None)

        numbers = (signal.SIGINT, signal.SIGTERM)
        old = {number: signal.signal(number, caught) for number in numbers}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)


class _Inbox(NotificationHandler):
    """Hears everything but ``unheard``, in whatever thread, and queues it."""

    def __init__(self, inbox: queue.SimpleQueue[Notification | None], unheard: frozenset[str]) -> None:
        self._inbox = inbox
        self._unheard = unheard

    def handle_notification(self, notification: Notification) -> None:
        if notification.name not in self._unheard:
            self._inbox.put(notification)


def _place(address: tuple[str, int] | None) -> str:
    return "?" if address is None else f"{address[0]}:{address[1]}"
