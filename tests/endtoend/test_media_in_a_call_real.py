"""Two processes in a call with sound: a chat and a file come and go by re-INVITE from either side, and no packet of sound is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from support.lab import PATIENCE
from support.ports import free_port
from support.wire_tap import PCMU, WireTap

PROGRAM = Path(__file__).with_name("medium_changer.py")
PACKET = 0.020


def test_the_sound_has_no_gap(tmp_path: Path) -> None:
    port = free_port()
    source, target = tmp_path / "data.bin", tmp_path / "in"
    source.write_bytes(os.urandom(20_000_000))
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(PROGRAM), *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    with WireTap(1024, 65535) as tap:
        answering = start("answer", str(port), str(target))
        assert answering.stdout is not None
        assert answering.stdout.readline() == "ready\n"
        calling = start("call", str(port), str(source))
        try:
            told, errors = calling.communicate(timeout=PATIENCE)
            heard, other_errors = answering.communicate(timeout=PATIENCE)
        finally:
            for process in (calling, answering):
                process.kill()
    assert told.splitlines()[-1] == "ended", told + errors + heard + other_errors
    steps = [line for line in told.splitlines() if line.startswith(("local", "remote"))]
    assert steps == [
        "local add chat", "local remove chat", "local add file-transfer", "local remove file-transfer",
        "remote add chat", "remote remove chat",
    ]  # fmt: skip
    assert [line.split()[1:] for line in heard.splitlines() if line.startswith(("local", "remote"))] == [line.split()[1:] for line in steps]
    assert (target / "data.bin").read_bytes() == source.read_bytes()
    for line in (told + heard).splitlines():
        if line.startswith("port "):
            heard_there = [
                packet for packet, target in zip(tap.packets, tap.targets, strict=True)
                if target == int(line.split()[1]) and packet.payload_type == PCMU.payload_type and len(packet.payload) == 160
            ]  # fmt: skip
            assert len({packet.ssrc for packet in heard_there}) == 1, "each side speaks as one source from the beginning to the end"
            assert len(heard_there) > 4 / PACKET
            assert set(np.diff([packet.sequence for packet in heard_there]) % 65536) == {1}, "packets are missing or out of order"
            steps = np.diff([packet.timestamp for packet in heard_there]) % 2**32
            # A clock that was held up by other programs leaves out what nobody could use any more: whole packets, at a stretch, seldom.
            assert not (steps % 160).any()
            assert np.count_nonzero(steps == 160) > 0.98 * len(steps), "the sound stood still"
