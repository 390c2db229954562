"""Fixtures of the tests against real peers: one lab for the whole run, skipped with the reason where its programs are missing."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import Lab, missing_programs
from support.windows import SHOTS, Softphone, missing_desktop_programs


@pytest.fixture(autouse=True)
def _x_servers_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """python-xlib keeps the numbers of an X server's events for all servers that its process ever sees; the next one's differ."""
    from Xlib import error  # only here: it is there under Linux only, as these tests are
    from Xlib.protocol import display, event

    monkeypatch.setattr(display.Display, "event_classes", event.event_class.copy())
    monkeypatch.setattr(display.Display, "error_classes", error.xerror_class.copy())


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Kamailio, DNS, bob and carol."""
    missing = missing_programs()
    if missing:
        pytest.skip(f"the lab lacks {', '.join(missing)}: run tests/lab/install.sh as root")
    lab = Lab(tmp_path_factory.mktemp("lab"), int(os.environ.get("LAB_BASE", "0")) or free_base())
    try:
        lab.up("kamailio", "dns", "bob", "carol")
        yield lab
    finally:
        lab.down()


def free_base() -> int:
    """The first thousand of ports on which no other lab runs; each of the workers that run side by side has thousands of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    for base in range(24000 + 1000 * worker, 32000, 4000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", base + 60)) != 0:
                return base
    raise AssertionError("every lab's ports are taken")


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """Alice's password."""
    path = tmp_path / "password"
    path.write_text("alicepw\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def alice(lab: Lab, tmp_path: Path, password_file: Path) -> list[str]:
    """The options that make a command alice@lab.test, with settings of its own."""
    return [
        "--config-dir", str(tmp_path / "config"), "--account", "alice@lab.test", "--password-file", str(password_file),
        "--ca", str(lab.ca), "--nameserver", lab.nameserver, "--local-address", "127.0.0.1",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def desktop(lab: Lab) -> Iterator[Lab]:
    """The lab with a desktop and sound devices; Bob encrypts when he can."""
    missing = missing_desktop_programs()
    if missing:
        pytest.skip(f"the lab's desktop lacks {', '.join(missing)}: run tests/lab/install.sh as root")
    SHOTS.mkdir(parents=True, exist_ok=True)
    lab.up("desktop", "pulse")
    lab.reset("bob", LAB_MEDIAENC="srtp")
    yield lab
    lab.reset("bob", "carol")
    lab.down("desktop", "pulse")


@pytest.fixture
def softphone(desktop: Lab, tmp_path: Path, password_file: Path) -> Iterator[Softphone]:
    """Alice's softphone, registered over TLS."""
    softphone = Softphone(desktop, tmp_path)
    softphone.add_alice("tls", password_file)
    with softphone:
        softphone.see("registrationLabel", "Registered")
        yield softphone
