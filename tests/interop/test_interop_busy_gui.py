"""A GUI thread that is kept busy for 300 ms in every second loses no packet and keeps them evenly spaced: the sound is not its business."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.lab import Lab
from support.windows import Softphone, missing_desktop_programs
from support.wire_tap import PCMU, WireTap

pytestmark = [pytest.mark.lab, pytest.mark.alone]

BUSY, PERIOD = 0.3, 1.0
PACKET = 0.020


@pytest.fixture
def softphone(lab: Lab, tmp_path: Path, password_file: Path) -> Iterator[Softphone]:
    missing = missing_desktop_programs()
    if missing:
        pytest.skip(f"the lab's desktop lacks {', '.join(missing)}: run tests/lab/install.sh as root")
    lab.up("desktop")
    softphone = Softphone(lab, tmp_path)
    softphone.add_alice("udp", password_file)
    softphone.settings("set", "rtp.audio_codec_list", "PCMU")
    for device in ("input", "output", "alert"):
        softphone.settings("set", f"audio.{device}_device", "None")
    try:
        with softphone:
            softphone.see("registrationLabel", "Registered")
            yield softphone
    finally:
        lab.down("desktop")


def test_a_busy_gui_loses_no_packet(softphone: Softphone) -> None:
    lab = softphone.lab
    with WireTap(lab.port(600), lab.port(639)) as tap:
        softphone.click("dialBox")
        softphone.type("bob", into="dialBox")
        softphone.press("Return")
        softphone.see("stateLabel", "In call")
        softphone.ask(hog=[BUSY, PERIOD])
        begin = len(tap.packets)
        softphone.see("timerLabel", "0:1[4-9]")
        end = len(tap.packets)
        with lab.events("bob") as events:
            softphone.click("hangUpButton")
            events.wait_for(lambda event: event.get("type") == "CALL_CLOSED")
    both = zip(tap.packets[begin:end], tap.times[begin:end], strict=True)
    sound = [(packet.sequence, time) for packet, time in both if packet.payload_type == PCMU.payload_type]  # RTCP may look like RTP
    assert len(sound) > 10 / PACKET
    times = np.array([time for _, time in sound])
    steps = np.diff([sequence for sequence, _ in sound]) % 65536
    assert set(steps) == {1}, "packets are missing or out of order"
    gaps = np.diff(times)
    late = np.abs(times - times[0] - PACKET * np.arange(len(times)))
    print(f"gaps: median {1000 * np.median(gaps):.1f} ms, 99 % {1000 * np.quantile(gaps, 0.99):.1f} ms, max {1000 * gaps.max():.1f} ms")
    print(f"off the 20 ms grid: 99 % {1000 * np.quantile(late, 0.99):.1f} ms, max {1000 * late.max():.1f} ms")
    assert np.median(gaps) == pytest.approx(PACKET, abs=0.001)
    assert np.quantile(gaps, 0.99) < 1.5 * PACKET
    assert gaps.max() < BUSY / 2, "the sound stood still while the GUI was busy"
    lost = re.findall(r"^lost: *(\d+) +(\d+)", (lab.directory / "log" / "bob.log").read_text(), re.MULTILINE)
    assert lost[-1] == ("0", "0"), "packets that Bob sent and received, and their receiver missed"
