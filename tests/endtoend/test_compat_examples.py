"""The example scripts of the manual, run under compat, with ``blinkq`` in the terminal as the other party."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.compat import EXAMPLES, Script, run_script
from support.lab import BlinkQ
from support.ports import free_port
from support.tones import goertzel, sine
from support.voice import write_wav


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def beep(tmp_path: Path) -> Path:
    """One second of tone."""
    return write_wav(tmp_path / "beep.wav", sine(440, 1.0, 16000), 16000)


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    return ["--config-dir", str(tmp_path / "config")]


@pytest.fixture
def echo_service(port: int, tmp_path: Path) -> Iterator[BlinkQ]:
    environment = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with BlinkQ("echo", "--listen", f"127.0.0.1:{port}", "--config-dir", str(tmp_path / "echo"), environment=environment) as service:
        service.wait_for("SIPApplicationDidStart")
        yield service


def loudness(path: Path, frequency: float) -> float:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return goertzel(samples, frequency, file.getframerate())


def test_the_specifications_example_calls_and_hangs_up(echo_service: BlinkQ, port: int, tmp_path: Path) -> None:
    directory = tmp_path / "settings"
    made = run_script(EXAMPLES / "make_account.py", directory, "alice@example.com", "secret")
    assert (made.returncode, made.stdout, made.stderr) == (0, "alice@example.com calls from now on\n", "")
    assert "secret" not in (directory / "config").read_text()
    with Script(EXAMPLES / "simple_call.py", directory, "sip:echo@example.com", f"127.0.0.1:{port}") as call:
        call.wait_for("Session started!")
        call.press_return()
        assert call.wait() == 0, call.lines
    assert call.lines == ["Placing call, press enter to quit program", "Session started!", "Session ended"]
    assert echo_service.wait_for("SIPSessionDidEnd")["originator"] == "remote"


def test_the_wave_player_plays(tmp_path: Path, beep: Path) -> None:
    heard = tmp_path / "heard.wav"
    done = run_script(EXAMPLES / "wave_player.py", beep, f"file:{heard}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "played\n", "")
    assert loudness(heard, 440) > -30
    missing = run_script(EXAMPLES / "wave_player.py", tmp_path / "none.wav", f"file:{heard}")
    assert missing.returncode == 0
    assert "does not exist" in missing.stdout


def test_the_echo_says_what_it_hears(port: int, tmp_path: Path, beep: Path, config: list[str]) -> None:
    heard = tmp_path / "heard.wav"
    with Script(EXAMPLES / "echo.py", port) as service:
        service.wait_for("waiting for calls")
        words = ["--audio", "null", "--play", str(beep), "--record", str(heard), "--dtmf", "5", "--duration", "3"]
        with BlinkQ("call", f"sip:echo@127.0.0.1:{port}", *config, *words) as call:
            assert call.wait() == 0, call.text
        service.wait_for("the call lasted")
        service.press_return()
        assert service.wait() == 0
    assert any("in a call with sip:" in line for line in service.lines)
    assert "key 5" in service.lines
    assert loudness(heard, 440) > -40


def test_the_announcer_tells_each_caller_and_hangs_up(port: int, tmp_path: Path, beep: Path, config: list[str]) -> None:
    heard = tmp_path / "heard.wav"
    with Script(EXAMPLES / "announcer.py", port, beep, 1) as service:
        service.wait_for("waiting for calls")
        with BlinkQ("call", f"sip:announcer@127.0.0.1:{port}", *config, "--audio", "null", "--record", str(heard)) as call:
            assert call.wait() == 0, call.text
        assert call.wait_for("SIPSessionDidEnd")["originator"] == "remote"
        assert service.wait() == 0
    assert service.lines[-1].startswith("told sip:")
    assert loudness(heard, 440) > -40
