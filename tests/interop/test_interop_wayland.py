"""A Wayland desktop without a monitor: its screen is asked of the portal, comes through PipeWire and Qt, and is seen in our viewer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab
NEEDED = ("sway", "pipewire", "wireplumber", "pw-dump", "gst-launch-1.0", "gst-inspect-1.0", "dbus-daemon", "setpriv")
missing = [name for name in NEEDED if shutil.which(name) is None]
if missing:
    pytest.skip(f"not installed: {', '.join(missing)}", allow_module_level=True)

SUPPORT = Path(__file__).resolve().parents[1] / "support"
#: Seconds; what is waited for takes a few.
LIMIT = 60


class Desktop:
    """Programs in a room of their own (XDG_RUNTIME_DIR, D-Bus): a context manager."""

    def __init__(self) -> None:
        self.room = Path(tempfile.mkdtemp(prefix="blinkq-wl-"))  # pytest's own paths are too long for sockets
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("DISPLAY", "QT_QPA_PLATFORM", "WAYLAND_DISPLAY")},
            "XDG_RUNTIME_DIR": str(self.room), "XDG_CONFIG_HOME": str(self.room / "config"), "HOME": str(self.room),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.room}/bus", "XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "sway",
            "WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_RENDERER": "pixman",
            "GST_REGISTRY": str(self.room / "registry"),
        }  # fmt: skip
        self.programs: list[subprocess.Popen[str]] = []

    def start(self, *command: str, until: Callable[[], bool], **environment: str) -> subprocess.Popen[str]:
        with (self.room / f"{len(self.programs)}.log").open("w") as log:
            program = subprocess.Popen(
                command, env={**self.environment, **environment}, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True
            )
        self.programs.append(program)
        deadline = time.monotonic() + LIMIT
        while not until():
            assert program.poll() is None, f"{command[0]} ended: {self.said()}"
            assert time.monotonic() < deadline, f"{command[0]} does not begin: {self.said()}"
            try:
                program.wait(0.05)
            except subprocess.TimeoutExpired:
                pass
        return program

    def said(self) -> str:
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in sorted(self.room.glob("*.log")))

    def node(self) -> int | None:
        done = subprocess.run(["pw-dump"], env=self.environment, capture_output=True, text=True, timeout=LIMIT, check=False)
        try:
            known = json.loads(done.stdout)
        except ValueError:  # it is not ready to say
            return None
        names = {thing["info"]["props"].get("node.name"): thing["id"] for thing in known if thing["type"].endswith(":Node")}
        return names.get("screen")

    def __enter__(self) -> Desktop:
        bus = ["dbus-daemon", "--session", "--nofork", f"--address=unix:path={self.room}/bus"]
        self.start(*bus, until=(self.room / "bus").exists)
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []  # sway is never root
        config = self.room / "sway.config"
        config.write_text("output HEADLESS-1 resolution 640x400\n")
        self.room.chmod(0o777)
        self.start(*nobody, "sway", "--config", str(config), until=lambda: bool(self.displays()))
        self.environment["WAYLAND_DISPLAY"] = self.displays()[0]
        self.start("pipewire", until=(self.room / "pipewire-0").exists)
        self.start("wireplumber", until=lambda: True)
        source = ["videotestsrc", "pattern=red", "is-live=true", "!", "video/x-raw,format=BGRx,width=640,height=400,framerate=10/1", "!"]
        sink = ["pipewiresink", "mode=provide", "stream-properties=props,node.name=screen,media.class=Video/Source"]
        self.start("gst-launch-1.0", *source, *sink, until=lambda: self.node() is not None)
        return self

    def displays(self) -> list[str]:
        return [path.name for path in self.room.glob("wayland-*") if path.suffix != ".lock"]

    def __exit__(self, *_error: object) -> None:
        for program in reversed(self.programs):
            program.kill()
            program.wait(LIMIT)
            if program.stdout is not None:
                program.stdout.close()
        shutil.rmtree(self.room, ignore_errors=True)


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    probe = subprocess.run(["gst-inspect-1.0", "pipewiresink"], capture_output=True, timeout=LIMIT, check=False)
    if probe.returncode:
        pytest.skip("GStreamer has no pipewiresink")
    with Desktop() as running:
        yield running


def line_of(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


def test_a_screen_of_wayland_is_seen(desktop: Desktop) -> None:
    portal = [sys.executable, str(SUPPORT / "portal_stand_in.py"), str(desktop.node()), "0", str(desktop.room / "pipewire-0")]
    assert line_of(desktop.start(*portal, until=lambda: True)) == "ready"
    command = ["timeout", str(2 * LIMIT), sys.executable, str(SUPPORT / "wayland_sharer.py")]
    sharer = desktop.start(*command, until=lambda: True, QT_QPA_PLATFORM="wayland")
    assert line_of(sharer) == "portal", desktop.said()
    assert line_of(sharer).startswith("BlinkQ cannot share this screen: under Wayland")  # what the middleware says without the windows
    assert line_of(sharer) == "seen #ff0000 640 x 400", desktop.said()
    assert sharer.wait(LIMIT) == 0
