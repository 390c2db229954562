"""A shared desktop of 1280 x 800 pixels that changes whole with each picture, seen by another process over loopback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading

import numpy as np

from benchmarks.figure import Figure
from blinkq.base.clock import SystemClock
from blinkq.engine.screen.operator import ScreenOperator
from blinkq.engine.screen.server import ScreenServer
from blinkq.engine.screen.source import ScreenError
from blinkq.rfb.pixel_format import Pixels

WIDTH, HEIGHT, SECONDS = 1280, 800, 6
PICTURES = 8


def run() -> list[Figure]:
    """About ten seconds."""
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


class _Film:
    """Photographs, writing and planes of one colour that move with every picture."""

    def __init__(self) -> None:
        noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3))
        self._pictures: list[Pixels] = []
        for step in range(PICTURES):
            pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
            pixels[..., 0] = np.arange(WIDTH) // 4 + step * 9
            pixels[..., 1] = (np.arange(HEIGHT) // 4)[:, None]
            pixels[:300, :500, :3] = noise[step : step + 300, :500] // 8 + 100
            pixels[400::24, step : 900 : 7, :3] = 0
            self._pictures.append(pixels)
        self._next = 0

    def grab(self) -> Pixels:
        self._next = (self._next + 1) % PICTURES
        return self._pictures[self._next].copy()

    def close(self) -> None:
        """Nothing is held."""


def _no_operator() -> ScreenOperator:
    raise ScreenError("nobody operates a film")


def _serve(connection: socket.socket) -> None:
    ended = threading.Event()

    def send(data: bytes) -> None:
        connection.sendall(data)
        server.sent(len(data))

    server = ScreenServer("film", _Film, _no_operator, SystemClock(), send, lambda reason: ended.set())
    server.start()
    try:
        while data := connection.recv(65536):
            server.receive_data(data)
    except ConnectionError:
        pass
    server.stop()
    ended.wait(10)
