"""One media process, from its start to its end: the pipes, the frames on them, its log lines.

What this is not: it starts nothing again and remembers nothing; ``media_link.py`` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import subprocess
from collections.abc import Callable, Sequence

from blinkq.base.logging import get_logger
from blinkq.engine.media_errors import MediaError
from blinkq.media.control import Command, Event, MediaReady
from blinkq.media.wire import FrameReader, WireError, encode

__all__ = ["MediaChild"]

#: Seconds that a new process may take to report itself: a cold disk and a busy machine take their time, and without sound we cannot start.
START_TIMEOUT = 30.0

#: Bytes that may wait in the pipe; when the process reads nothing for so long, it hangs and is better replaced.
MAX_UNREAD = 1 << 20

#: Windows: no console window of its own, and a priority that the 20 ms clock can rely on (elsewhere the process asks for that itself).
CREATION_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "HIGH_PRIORITY_CLASS", 0)

#: Longest line of the process's standard error that is looked at.
MAX_LINE = 8192

_log = get_logger("engine.media")
_child_log = get_logger("voice")
_LEVEL = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)")


class MediaChild:
    """A process that speaks the control channel; everything here happens on one asyncio loop.

    ``on_message(sequence, event)`` is called with every frame but MediaReady.
    """

    def __init__(self, command: Sequence[str], on_message: Callable[[int, Event], None]) -> None:
        self._command = command
        self._on_message = on_message
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._readers: list[asyncio.Task[None]] = []
        self.pid = 0
        self.up = False

    async def start(self) -> None:
        """Start the process and wait for MediaReady. Raises MediaError; the process is gone then."""
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=MAX_LINE,
                creationflags=CREATION_FLAGS,
            )
        except OSError as error:
            raise MediaError(f"the media process cannot be started: {error.strerror}", error.errno or 0) from error
        self.pid = process.pid
        self._readers = [
            asyncio.create_task(self._read_frames(process), name="media events"),
            asyncio.create_task(self._read_log(process), name="media log"),
        ]
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await self._ready.wait()
        except TimeoutError:
            self.kill()
            await self.wait()
            raise MediaError(f"the media process did not start within {START_TIMEOUT:g} seconds") from None
        if not self.up:
            raise MediaError(await self.wait())

    def send(self, sequence: int, command: Command) -> None:
        """Write one command; silently lost when the process is not up."""
        if not self.up or self._process is None or self._process.stdin is None or self._process.stdin.is_closing():
            return
        self._process.stdin.write(encode(sequence, command))
        if self._process.stdin.transport.get_write_buffer_size() > MAX_UNREAD:
            _log.error("the media process does not read its commands; it is replaced")
            self.kill()

    def close_input(self) -> None:
        """Ask the process to end: it does so at the end of its input."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def wait(self) -> str:
        """Wait for the end of the process; returns how it ended, as a sentence."""
        assert self._process is not None
        try:
            await asyncio.gather(*self._readers)
            code = await self._process.wait()
        finally:
            self.up = False
            self.kill()
            for reader in self._readers:
                reader.cancel()
            # A pipe that is still open here would be closed by the garbage collector only, with a warning.
            self._process._transport.close()  # type: ignore[attr-defined]  # there is no public way
        return f"the media process was ended by signal {-code}" if code < 0 else f"the media process ended with code {code}"

    async def _read_frames(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        reader = FrameReader()
        try:
            while data := await process.stdout.read(65536):
                for sequence, message in reader.receive_data(data):
                    self._take(sequence, message)
        except WireError as error:
            _log.error("%s; the media process is replaced", error)
            self.kill()
        finally:
            self.up = False
            self._ready.set()

    def _take(self, sequence: int, message: Command | Event) -> None:
        if isinstance(message, MediaReady):
            self.up = True
            self._ready.set()
        elif isinstance(message, Event):
            self._on_message(sequence, message)

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:
                # Longer than the limit: what was read of it is gone, the rest follows.
                continue
            if not line:
                return
            _log_line(line.decode(errors="replace").rstrip())


def _log_line(line: str) -> None:
    """Give a line of the process's standard error the level it asks for; a bare one comes from an interpreter or a C library."""
    found = _LEVEL.match(line)
    if found:
        _child_log.log(logging.getLevelNamesMapping()[found[1]], "%s", found[2])
    elif line.startswith("ALSA lib"):
        # ALSA talks at length about cards that are not there; that is no news.
        _child_log.debug("%s", line)
    elif line:
        _child_log.warning("%s", line)
