"""The demo as `make demo` runs it: every step passes, and what it leaves behind is what it says."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from support.tones import babble

from blinkq.app.demo_speech import ENOUGH, RATE, find_copies, find_speech, read_speech
from blinkq.base.resources import resource

PICTURES = ("1-main-window", "2-address", "3-in-call", "4-keypad", "5-held", "6-recording", "7-ended")


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [sys.executable, "-m", "blinkq.app.demo", "--output", str(folder)],
        capture_output=True, text=True, timeout=120, env=environment, check=False,
    )  # fmt: skip


def test_the_demo_makes_a_whole_call(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = demo(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.count("\npass ") == 9
    assert "FAIL" not in done.stdout
    assert (folder / "report.txt").read_text("utf-8") == done.stdout
    for name in PICTURES:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG"), name
    speech = read_speech(resource("sounds", "demo_speech.wav"))
    assert len(find_copies(speech, read_speech(folder / "recording.wav"))) == 2


def test_speech_is_found_where_it_is(tmp_path: Path) -> None:
    speech = babble(3, RATE) / 32768
    rest = babble(6, RATE, seed=2) / 32768
    assert find_speech(speech, rest).score < ENOUGH
    rest[RATE : RATE + len(speech)] += speech
    rest[RATE + 800 : RATE + 800 + len(speech)] += 0.5 * speech
    own, echo = find_copies(speech, rest)
    assert own.start == pytest.approx(1.0, abs=0.01)
    assert echo.start == pytest.approx(1.1, abs=0.01)


def test_silence_contains_no_speech() -> None:
    speech = babble(2, RATE) / 32768
    assert find_copies(speech, np.zeros(5 * RATE)) == []
    assert find_copies(speech, np.zeros(RATE)) == []


def test_files_of_other_rates_are_brought_to_one(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(np.repeat(babble(1, 48000), 2).tobytes())
    assert len(read_speech(tmp_path / "a.wav")) == RATE
