"""A shared desktop of 1280 x 800 pixels that changes whole with each picture, seen by another process over loopback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading

from benchmarks.figure import Figure
from benchmarks.film import Film
from benchmarks.programs import CallerProcess, settings
from benchmarks.still_screen import still_screen
from blinkq.base.clock import SystemClock
from blinkq.engine.screen.operator import ScreenOperator
from blinkq.engine.screen.server import ScreenServer
from blinkq.engine.screen.source import ScreenError

SECONDS = 6


def run() -> list[Figure]:
    """Through a socket alone, then as users do it, in a session over TLS; last a screen that stands still. Less than a minute."""
    return [*_alone(), *_in_a_session(), *still_screen()]


def _in_a_session() -> list[Figure]:
    tree = settings()
    tree["SIPSimpleSettings"]["sip"]["accept_direct_calls"] = "true"
    with CallerProcess(tree, "benchmarks.desktop_party") as theirs, CallerProcess(settings(), "benchmarks.desktop_party") as ours:
        theirs.do("serve")
        result = ours.do("view", limit=60, port=theirs.do("port")["udp"], seconds=SECONDS)
    return [Figure("desktop_frames_msrp", result["frames"], "frames/s"), Figure("desktop_bytes_msrp", result["bytes"] / 1e6, "MB/s")]


def _alone() -> list[Figure]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "benchmarks.screen_viewer", str(port), str(SECONDS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as viewer:
            connection, _ = listener.accept()
            with connection:
                _serve(connection)
            assert viewer.stdout is not None
            said = viewer.stdout.read()
    if viewer.returncode:
        raise RuntimeError("the viewer failed")
    result = json.loads(said)
    return [Figure("desktop_frames", result["frames"], "frames/s"), Figure("desktop_bytes", result["bytes"] / 1e6, "MB/s")]


def _no_operator() -> ScreenOperator:
    raise ScreenError("nobody operates a film")


def _serve(connection: socket.socket) -> None:
    ended = threading.Event()

    def send(data: bytes) -> None:
        connection.sendall(data)
        server.sent(len(data))

    server = ScreenServer("film", Film, _no_operator, SystemClock(), send, lambda reason: ended.set())
    server.start()
    try:
        while data := connection.recv(65536):
            server.receive_data(data)
    except ConnectionError:
        pass
    server.stop()
    ended.wait(10)
