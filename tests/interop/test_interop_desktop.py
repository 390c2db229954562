"""Our viewer at x11vnc and TigerVNC's server in every encoding, and TigerVNC's viewer at our server: pictures, keys and pointer."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.lab import PATIENCE, until
from support.painted_screen import PaintedScreen, Painter
from support.ports import free_port
from support.shared_screen import SharedScreen
from Xlib import X
from Xlib.display import Display

from blinkq.rfb.encodings import VIEWER_ENCODINGS, Encoding
from blinkq.rfb.messages import Connected, Failed, PasswordWanted, Transmit, Updated
from blinkq.rfb.viewer import ViewerCore

pytestmark = pytest.mark.lab
NEEDED = ("Xvfb", "x11vnc", "Xtigervnc", "xtigervncviewer", "vncpasswd")
missing = [name for name in NEEDED if shutil.which(name) is None]
if missing:
    pytest.skip(f"not installed: {', '.join(missing)}", allow_module_level=True)

LOSSLESS = [Encoding.RAW, Encoding.RRE, Encoding.HEXTILE, Encoding.ZLIB, Encoding.ZRLE, Encoding.TIGHT]


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[PaintedScreen]:
    directory = tmp_path / "screen"
    directory.mkdir()
    with PaintedScreen(directory) as painted:
        yield painted


def shot_of(display: str) -> NDArray[np.uint8]:
    connection = Display(display)
    try:
        image = connection.screen().root.get_image(0, 0, 640, 400, X.ZPixmap, 0xFFFFFFFF)
        return np.frombuffer(image.data, np.uint8).reshape(400, 640, 4)[..., :3]
    finally:
        connection.close()


def connect(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    """As soon as it listens."""
    while True:
        assert process.poll() is None, "the server ended"
        try:
            return socket.create_connection(("127.0.0.1", port), PATIENCE)
        except ConnectionRefusedError:
            threading.Event().wait(0.05)


def look(connection: socket.socket, viewer: ViewerCore, wanted: Callable[[], NDArray[np.uint8]], password: str = "") -> None:
    """Until the viewer's picture is the one that is wanted; the painting may still be under way at first."""
    shown, deadline = False, time.monotonic() + PATIENCE
    connection.settimeout(1.0)
    while True:
        for output in viewer.drain():
            if isinstance(output, Transmit):
                connection.sendall(output.data)
            elif isinstance(output, PasswordWanted):
                viewer.password(password, 0.0)
                connection.sendall(b"".join(part.data for part in viewer.drain() if isinstance(part, Transmit)))
            elif isinstance(output, Connected):
                viewer.pointer(639, 399, 0, 0.0)  # TigerVNC paints the pointer into the picture until we own it
            shown = shown or isinstance(output, Updated)
            assert not isinstance(output, Failed), output
        if shown and viewer.screen is not None and (viewer.screen.pixels[..., :3] == wanted()).all():
            return
        try:
            data = connection.recv(1 << 18)
        except TimeoutError:  # nothing comes any more: the picture that is wanted may have been read while it was painted
            assert time.monotonic() < deadline, "the picture is wrong"
            continue
        assert data, "the server closed the connection"
        viewer.receive_data(data, 0.0)


@pytest.mark.parametrize("encoding", [*LOSSLESS, None])
def test_x11vnc_in_every_encoding(screen: PaintedScreen, encoding: Encoding | None) -> None:
    port = free_port()
    arguments = ["x11vnc", "-display", screen.display, "-rfbport", str(port), "-localhost", "-nopw", "-quiet", "-nocursor", "-noxdamage"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            viewer = ViewerCore(encodings=VIEWER_ENCODINGS if encoding is None else (encoding, Encoding.RAW, Encoding.CURSOR))
            with connect(port, server) as connection:
                look(connection, viewer, screen.pixels)
        finally:
            _end(server)


@pytest.mark.parametrize("encoding", [*LOSSLESS, None])
def test_tigervnc_in_every_encoding(tmp_path: Path, encoding: Encoding | None) -> None:
    """With a password."""
    port = free_port()
    password = tmp_path / "password"
    password.write_bytes(subprocess.run(["vncpasswd", "-f"], input=b"secret12\n", capture_output=True, check=True).stdout)
    reading, writing = os.pipe()
    arguments = ["Xtigervnc", "-displayfd", str(writing), "-rfbport", str(port), "-localhost=1", "-geometry", "640x400", "-depth", "24"]
    arguments += ["-SecurityTypes", "VncAuth", "-PasswordFile", str(password), "-nolisten", "tcp", "-br"]
    with subprocess.Popen(arguments, pass_fds=(writing,), stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as pipe:
                display = f":{pipe.readline().strip()}"
            with Painter(display):
                viewer = ViewerCore(encodings=VIEWER_ENCODINGS if encoding is None else (encoding, Encoding.RAW, Encoding.CURSOR))
                with connect(port, server) as connection:
                    look(connection, viewer, lambda: shot_of(display), "secret12")
        finally:
            _end(server)


def test_our_server_and_the_viewer_of_tigervnc(screen: PaintedScreen, tmp_path: Path) -> None:
    """The whole way: a screen, MSRP over TLS between two processes, a foreign viewer, and what is typed there arrives here."""
    with SharedScreen(screen.display, tmp_path, "--control") as shared:
        directory = tmp_path / "other"
        directory.mkdir()
        with PaintedScreen(directory, paint=False, width=900, height=700) as other:
            environment = {**os.environ, "DISPLAY": other.display, "HOME": str(tmp_path)}
            arguments = ["xtigervncviewer", "-FullScreen=0", "-RemoteResize=0", "-geometry", "640x400+0+0", f"127.0.0.1::{shared.port}"]
            with subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as viewer:
                try:
                    window = _appears(environment)
                    subprocess.run(["xdotool", "windowfocus", window, "mousemove", "899", "699"], env=environment, check=True)
                    place = _place(window, environment)
                    # the whole picture, but for the tip of our pointer, which is shown in the lower right corner
                    subprocess.run(["xdotool", "mousemove", "639", "399"], env={**os.environ, "DISPLAY": screen.display}, check=True)
                    until(lambda: (other.pixels()[place] != screen.pixels()).any(axis=2).sum() <= 16, "the picture")
                    xdotool = ["xdotool", "mousemove", "--window", window, "200", "315", "click", "1", "type", "--delay", "60", "Hi 5!"]
                    subprocess.run(xdotool, env=environment, check=True)
                    assert [screen.painter.said() for _ in range(5)][-1] == "typed Hi 5!"
                    press = ["xdotool", "mousemove", "--window", window, "450", "315", "click", "1"]
                    subprocess.run(press, env=environment, check=True)
                    assert screen.painter.said() == "pressed"
                finally:
                    _end(viewer)


def _end(process: subprocess.Popen[bytes]) -> None:
    """x11vnc does not always leave when it is asked to."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def _appears(environment: dict[str, str]) -> str:
    """The viewer's window, once it is there."""
    search = ["xdotool", "search", "--onlyvisible", "--name", "TigerVNC"]
    found: list[str] = []

    def there() -> bool:
        found[:] = subprocess.run(search, env=environment, capture_output=True, text=True).stdout.split()
        return bool(found)

    until(there, "the viewer's window")
    return found[0]


def _place(window: str, environment: dict[str, str]) -> tuple[slice, slice]:
    """Where on its screen a window of 640 x 400 pixels is."""
    said = subprocess.run(["xdotool", "getwindowgeometry", "--shell", window], env=environment, capture_output=True, text=True, check=True)
    facts = dict(line.split("=") for line in said.stdout.split())
    assert (facts["WIDTH"], facts["HEIGHT"]) == ("640", "400")
    left, top = int(facts["X"]), int(facts["Y"])
    return slice(top, top + 400), slice(left, left + 640)
