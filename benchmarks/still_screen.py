"""What a shared X screen costs on which nothing happens, while a viewer waits for a change."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import time

from benchmarks.figure import Figure
from benchmarks.film import HEIGHT, WIDTH
from blinkq.base.clock import SystemClock
from blinkq.engine.screen.monitor_source import MonitorSource
from blinkq.engine.screen.operator import ScreenOperator
from blinkq.engine.screen.server import ScreenServer
from blinkq.engine.screen.source import ScreenError
from blinkq.rfb.messages import Transmit
from blinkq.rfb.viewer import ViewerCore

__all__ = ["still_screen"]

#: Seconds until it is shown exactly and looked at more seldom, and seconds that are measured.
SETTLE, SECONDS = 6, 6


def still_screen() -> list[Figure]:
    """Twelve seconds; nothing where there is no Xvfb."""
    if shutil.which("Xvfb") is None:
        return []
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as screen:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            os.environ["DISPLAY"] = f":{pipe.readline().strip()}"
        inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        viewer = ViewerCore(quality=8)
        server = ScreenServer("still", MonitorSource, _no_operator, SystemClock(), inbox.put, lambda reason: None)
        server.start()
        for seconds in (SETTLE, SECONDS):
            used, end = time.process_time(), time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                _look(viewer, server, inbox, left)
        share = (time.process_time() - used) / SECONDS * 100
        server.stop()
        server.join(10)
        screen.terminate()
    return [Figure("cpu_desktop_still", share, "%")]


def _no_operator() -> ScreenOperator:
    raise ScreenError("nobody operates it")


def _look(viewer: ViewerCore, server: ScreenServer, inbox: queue.SimpleQueue[bytes], seconds: float) -> None:
    try:
        viewer.receive_data(inbox.get(timeout=seconds), 0.0)
    except queue.Empty:
        return
    for output in viewer.drain():
        if isinstance(output, Transmit):
            server.receive_data(output.data)
