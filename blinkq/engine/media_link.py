"""The link to the media process: starts it, sends it commands, hands its events on, and revives it when it dies.

Everything here happens on the engine's loop. What this is not: it knows neither sessions nor streams, only what was asked of the media
process (``media_wishes.py``), so that a new process can be brought to the same state.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import deque
from collections.abc import Callable, Sequence

from blinkq.base.clock import Clock
from blinkq.base.logging import get_logger
from blinkq.engine.media_child import MediaChild
from blinkq.engine.media_errors import MediaError, MediaProcessDied, MediaProcessFailed, MediaProcessRevived
from blinkq.engine.media_wishes import MediaWishes
from blinkq.media.control import Command, CommandFailed, Event, Reply

__all__ = ["LinkEvent", "MediaError", "MediaLink", "MediaProcessDied", "MediaProcessFailed", "MediaProcessRevived"]

#: Seconds that a command may take to be answered; opening a device on a slow sound server is the slowest.
REQUEST_TIMEOUT = 10.0

#: Seconds that the process may take to say BYE and to close its files before it is killed.
STOP_TIMEOUT = 3.0

#: Deaths within DEATH_WINDOW seconds after which the link gives up: something makes it die at once, again and again.
MAX_DEATHS = 5
DEATH_WINDOW = 10.0

#: Seconds to wait before the next start, by the number of deaths within the window: none after the first.
BACK_OFF = (0.0, 0.1, 0.3, 1.0)

_log = get_logger("engine.media")

# -P: never import from the folder that BlinkQ happens to be started in.
_OWN_COMMAND = (sys.executable, "-P", "-m", "blinkq.voice")

LinkEvent = Event | MediaProcessDied | MediaProcessRevived | MediaProcessFailed


class MediaLink:
    """The engine's end of the control channel.

    :param loop: the engine's asyncio loop, or None for the loop that runs when ``start`` is called
    :param clock: source of time
    :param on_event: called on the loop with every event that is no reply, and with the link's own events
    :param command: program and arguments of the media process (default: this Python running ``blinkq.voice``)
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None,
        clock: Clock,
        on_event: Callable[[LinkEvent], None],
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._on_event = on_event
        self._command = list(_OWN_COMMAND if command is None else command)
        self._wishes = MediaWishes()
        self._sequences = itertools.count(1)
        self._pending: dict[int, tuple[Command, asyncio.Future[Reply]]] = {}
        self._child: MediaChild | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._deaths: deque[float] = deque(maxlen=MAX_DEATHS)
        self._died_at: float | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """Process id while a media process takes commands, else None."""
        return self._child.pid if self._child is not None and self._child.up else None

    async def start(self) -> None:
        """Start the media process and wait until it takes commands. Raises MediaError when it does not come up."""
        if self._keeper is not None and not self._keeper.done():
            return
        self._stopping = False
        self._deaths.clear()
        loop = self._loop or asyncio.get_running_loop()
        started: asyncio.Future[None] = loop.create_future()
        self._keeper = loop.create_task(self._keep(started), name="media link")
        await started

    async def stop(self) -> None:
        """End the media process: streams say BYE, recordings are closed. Open requests fail. Idempotent."""
        self._stopping = True
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            if self._child is not None:
                self._child.close_input()
            _, late = await asyncio.wait({keeper}, timeout=STOP_TIMEOUT)
            if late:
                _log.warning("the media process did not end in time and is killed")
                self.kill()
                keeper.cancel()
                await asyncio.wait({keeper})
        self._wishes = MediaWishes()
        self._died_at = None
        self._fail_pending("the media process was stopped")

    def kill(self) -> None:
        """End the present process at once; unless the link is being stopped, a new one takes its place."""
        if self._child is not None:
            self._child.kill()

    def send(self, command: Command) -> None:
        """Send a command and wait for nothing; if it is refused, a CommandFailed event comes."""
        self._wishes.note_command(command)
        if self._child is not None:
            self._child.send(0, command)

    async def request(self, command: Command, timeout: float = REQUEST_TIMEOUT) -> Reply:
        """Send a command and return its reply (a plain ``Reply`` where there is nothing to tell).

        Should the process die meanwhile, the new one answers. Raises MediaError when the command is refused or not answered within
        ``timeout`` seconds.
        """
        if self._keeper is None or self._keeper.done():
            raise MediaError("the media process is not running")
        sequence = next(self._sequences)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._pending[sequence] = (command, future)
        self._wishes.note_command(command)
        if self._child is not None:
            self._child.send(sequence, command)
        try:
            async with asyncio.timeout(timeout):
                reply = await future
        except TimeoutError:
            raise MediaError(f"the media process did not answer {type(command).__name__} within {timeout:g} s") from None
        finally:
            self._pending.pop(sequence, None)
        if isinstance(reply, CommandFailed):
            self._wishes.note_failure(command)
            raise MediaError(reply.error, reply.errno)
        return reply

    # the life of the process ---------------------------------------------------------------------------------------------------

    async def _keep(self, started: asyncio.Future[None]) -> None:
        """Run one process after another until stopped, or until it dies too often."""
        while True:
            error = await self._run_child(started)
            if self._stopping or not started.done():
                self._fail_pending(error)
                if not started.done():
                    started.set_exception(MediaError(error))
                return
            now = self._clock.monotonic()
            self._deaths.append(now)
            if len(self._deaths) == MAX_DEATHS and now - self._deaths[0] < DEATH_WINDOW:
                self._fail_pending(error)
                self._on_event(MediaProcessFailed(f"The sound keeps failing and was given up. Please restart BlinkQ ({error})."))
                return
            recent = sum(now - death < DEATH_WINDOW for death in self._deaths)
            await asyncio.sleep(BACK_OFF[min(recent, len(BACK_OFF)) - 1])

    async def _run_child(self, started: asyncio.Future[None]) -> str:
        """Start one process, serve it until it ends, and return how it ended."""
        self._child = child = MediaChild(self._command, self._receive)
        restoration: asyncio.Task[None] | None = None
        try:
            await child.start()
            restoration = asyncio.create_task(self._restore(child), name="media restoration")
            if not started.done():
                started.set_result(None)
            error = await child.wait()
        except MediaError as failure:
            return str(failure)
        finally:
            if restoration is not None:
                restoration.cancel()
            child.kill()
            self._child = None
        if self._died_at is None:
            self._died_at = self._clock.monotonic()
        if not self._stopping:
            _log.warning("%s (pid %d)", error, child.pid)
            self._on_event(MediaProcessDied(child.pid, error))
        for event in self._wishes.take_missing_ends():
            self._on_event(event)
        return error

    async def _restore(self, child: MediaChild) -> None:
        """Bring a new process to the desired state and repeat what is still unanswered; then report the revival."""
        rollovers = self._wishes.rollovers
        waiting = dict(self._pending)
        restored: dict[int, asyncio.Future[Reply]] = {}
        for command in self._wishes.replay():
            sequence = next((number for number, (asked, _) in waiting.items() if asked == command), 0)
            if sequence:
                # Somebody waits for just this: the answer is theirs.
                del waiting[sequence]
            else:
                sequence = next(self._sequences)
                restored[sequence] = asyncio.get_running_loop().create_future()
                self._pending[sequence] = (command, restored[sequence])
            child.send(sequence, command)
        for sequence, (command, _) in waiting.items():
            child.send(sequence, command)
        try:
            if restored:
                await asyncio.wait(restored.values(), timeout=REQUEST_TIMEOUT)
        finally:
            for sequence in restored:
                self._pending.pop(sequence, None)
        if self._died_at is None:
            return
        replies = [future.result() for future in restored.values() if future.done()]
        failures = tuple(reply.error for reply in replies if isinstance(reply, CommandFailed))
        downtime, self._died_at = self._clock.monotonic() - self._died_at, None
        _log.warning("the media process was revived within %.3f s (pid %d)", downtime, child.pid)
        self._on_event(MediaProcessRevived(child.pid, downtime, rollovers, failures))

    def _receive(self, sequence: int, event: Event) -> None:
        self._wishes.note_event(event)
        if sequence:
            _, future = self._pending.get(sequence, (None, None))
            if future is not None and not future.done() and isinstance(event, Reply):
                future.set_result(event)
            return
        if isinstance(event, CommandFailed):
            _log.warning("the media process refused a command: %s", event.error)
        self._on_event(event)

    def _fail_pending(self, error: str) -> None:
        for _, future in self._pending.values():
            if not future.done():
                future.set_result(CommandFailed(error))
