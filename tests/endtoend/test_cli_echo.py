"""Two ``blinkq`` processes talk to each other over loopback: exit statuses, what is printed where, and what is heard."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.lab import PATIENCE, BlinkQ
from support.ports import free_port
from support.tones import sine
from support.voice import likeness, write_wav

from blinkq.base.resources import resource

SPEECH = resource("sounds", "demo_speech.wav")
Command = Callable[..., BlinkQ]


@pytest.fixture
def port() -> int:
    """A port that is free for UDP and for TCP."""
    return free_port()


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Start ``blinkq`` with settings of its own, and without the keyring of whoever runs the tests."""

    def start(word: str, *arguments: str) -> BlinkQ:
        environment = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        return BlinkQ(word, *arguments, "--config-dir", str(tmp_path / word), environment=environment)

    return start


@pytest.fixture
def beep(tmp_path: Path) -> Path:
    """Half a second of tone, as a greeting for which nobody has to wait."""
    return write_wav(tmp_path / "beep.wav", sine(440, 0.5, 16000), 16000)


def read_wave(path: Path, rate: int = 16000) -> np.ndarray:
    """The samples at 16 kHz: recordings have a multiple of it."""
    with wave.open(str(path)) as file:
        step, remainder = divmod(file.getframerate(), rate)
        assert remainder == 0
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    return samples[: len(samples) // step * step].reshape(-1, step).mean(axis=1)


def listening(service: BlinkQ) -> BlinkQ:
    service.wait_for("SIPApplicationDidStart")
    return service


def moment(process: BlinkQ, name: str) -> datetime.datetime:
    (found,) = [item for item in process.notifications if item["name"] == name]
    return datetime.datetime.fromisoformat(str(found["time"]))


def lasted(process: BlinkQ) -> float:
    """Seconds from the call's start to its end as it was told."""
    return (moment(process, "SIPSessionDidEnd") - moment(process, "SIPSessionDidStart")).total_seconds()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_what_is_said_to_the_echo_service_comes_back(command: Command, port: int, tmp_path: Path, beep: Path, transport: str) -> None:
    heard = tmp_path / "heard.wav"
    with command("echo", "--listen", f"127.0.0.1:{port}", "--count", "1", "--play", str(beep)) as service:
        listening(service)
        uri = f"sip:echo@127.0.0.1:{port};transport={transport}"
        with command("call", uri, "--play", str(SPEECH), "--play-after", "1", "--duration", "6", "--record", str(heard)) as call:
            assert call.wait() == 0, call.text
        assert service.wait() == 0, service.text
    spoken, recorded = read_wave(SPEECH), read_wave(heard)
    assert 5 < len(recorded) / 16000 < lasted(call) + 0.5
    assert likeness(recorded, spoken[: 4 * 16000], 16000, 0.6) > 0.7
    assert "In a call with" in call.text
    for side, who in ((call, "We"), (service, "sip:.*")):
        said = re.search(rf"^{who} hung up after 0:(\d\d)\n", side.text, re.MULTILINE)
        assert said is not None, side.text
        assert int(said[1]) == pytest.approx(lasted(side), abs=1.5)


def test_the_service_greets_first(command: Command, port: int, tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    with command("echo", "--listen", f"127.0.0.1:{port}") as service:
        listening(service)
        with command("call", f"sip:echo@127.0.0.1:{port}", "--audio", "null", "--duration", "4", "--record", str(heard)) as call:
            assert call.wait() == 0, call.text
        service.interrupt()
        assert service.wait() == 0, service.text
    recorded = read_wave(heard)
    assert likeness(recorded, read_wave(resource("sounds", "echo_greeting.wav"))[: 3 * 16000], 16000, 0.6) > 0.7
    assert likeness(recorded, read_wave(SPEECH)[: 3 * 16000], 16000, 0.6) < 0.5, "other speech must not count"


def test_busy(command: Command, port: int) -> None:
    with command("answer", "--listen", f"127.0.0.1:{port}", "--code", "486", "--count", "1", "--audio", "null") as answer:
        listening(answer)
        with command("call", f"sip:bob@127.0.0.1:{port}", "--audio", "null") as call:
            assert call.wait() == 1
            assert call.wait_for("SIPSessionDidFail")["code"] == 486
        assert answer.wait() == 0, answer.text
    assert f"sip:bob@127.0.0.1:{port} is busy. Try again later. (486 Busy Here)" in call.text


def test_digits_arrive_in_order(command: Command, port: int) -> None:
    digits = "0123456789*#ABCD"
    with command("answer", "--listen", f"127.0.0.1:{port}", "--count", "1", "--audio", "null") as answer:
        listening(answer)
        with command("call", f"sip:bob@127.0.0.1:{port}", "--audio", "null", "--dtmf", digits) as call:
            answer.wait_for("AudioStreamGotDTMF", count=len(digits))
            call.interrupt()
            assert call.wait() == 0, call.text
        assert answer.wait() == 0, answer.text
    received = [item["data"]["digit"] for item in answer.notifications if item["name"] == "AudioStreamGotDTMF"]  # type: ignore[index]
    assert "".join(received) == digits
    assert "Digit received: #" in answer.text


def test_the_call_lasts_as_long_as_was_asked(command: Command, port: int) -> None:
    with command("answer", "--listen", f"127.0.0.1:{port}", "--count", "1", "--audio", "null") as answer:
        listening(answer)
        with command("call", f"sip:bob@127.0.0.1:{port}", "--audio", "null", "--duration", "1.5") as call:
            assert call.wait() == 0, call.text
        assert answer.wait() == 0
    assert 1.4 < lasted(call) < 30  # on a machine that has much else to do; without --duration it would not end


def test_hold_is_seen_by_the_other_side(command: Command, port: int) -> None:
    with command("answer", "--listen", f"127.0.0.1:{port}", "--count", "1", "--audio", "null") as answer:
        listening(answer)
        with command("call", f"sip:bob@127.0.0.1:{port}", "--audio", "null", "--hold", "0.5:2", "--duration", "5") as call:
            assert call.wait() == 0, call.text
        answer.wait_for("SIPSessionDidChangeHoldState", originator="remote", on_hold=True)
        answer.wait_for("SIPSessionDidChangeHoldState", originator="remote", on_hold=False)
        assert answer.wait() == 0
    assert "We put the call on hold" in call.text
    assert "took the call off hold" in answer.text


def test_giving_up_while_it_rings(command: Command, port: int) -> None:
    with command("answer", "--listen", f"127.0.0.1:{port}", "--after", "60", "--count", "1", "--audio", "null") as answer:
        listening(answer)
        with command("call", f"sip:bob@127.0.0.1:{port}", "--audio", "null") as call:
            call.wait_for("SIPSessionGotRingIndication")
            call.interrupt()
            assert call.wait() == 1
        assert answer.wait() == 1
    assert f"sip:bob@127.0.0.1:{port} is ringing" in call.text
    assert "cancelled" in answer.text


def test_the_service_ends_its_calls_when_interrupted(command: Command, port: int) -> None:
    with command("echo", "--listen", f"127.0.0.1:{port}") as service:
        listening(service)
        with command("call", f"sip:echo@127.0.0.1:{port}", "--audio", "null") as call:
            call.wait_for("SIPSessionDidStart")
            service.wait_for("SIPSessionDidStart")
            service.interrupt()
            assert service.wait() == 0, service.text
            assert call.wait() == 0, call.text
        assert call.wait_for("SIPSessionDidEnd")["originator"] == "remote"


def test_the_manuals_program_calls_the_service(command: Command, port: int, beep: Path) -> None:
    program = Path(__file__).resolve().parents[2] / "docs" / "examples" / "hello_call.py"
    with command("echo", "--listen", f"127.0.0.1:{port}", "--count", "1") as service:
        listening(service)
        words = [sys.executable, str(program), f"sip:echo@127.0.0.1:{port}", str(beep)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert service.wait() == 0, service.text
    assert (done.returncode, done.stdout, done.stderr) == (0, "in a call: opus at 48000 Hz\nended by the local side\n", "")


# what is printed where ------------------------------------------------------------------------------------------------------------


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "blinkq.cli.main", "--config-dir", str(tmp_path / "config"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_with_json_there_is_nothing_else_on_standard_output(port: int, tmp_path: Path) -> None:
    done = run(tmp_path, "call", f"sip:bob@127.0.0.1:{port};transport=tcp", "--audio", "null", "--json", "--trace", "sip")
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(line) for line in lines] == [{"time", "name", "sender", "data"}] * len(lines)
    assert lines[-1]["name"] == "SIPApplicationDidEnd"
    assert "refused" in done.stderr
    assert not done.stderr.startswith("{")


def test_a_reader_that_leaves_ends_the_call_properly(command: Command, port: int, tmp_path: Path) -> None:
    with command("answer", "--listen", f"127.0.0.1:{port}", "--count", "1", "--audio", "null") as answer:
        listening(answer)
        words = ["--config-dir", str(tmp_path / "config"), "call", f"sip:bob@127.0.0.1:{port}", "--audio", "null", "--json"]
        with subprocess.Popen(
            [sys.executable, "-m", "blinkq.cli.main", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as call:
            assert call.stdout is not None
            assert call.stderr is not None
            for line in call.stdout:
                if json.loads(line)["name"] == "SIPSessionDidStart":
                    break
            call.stdout.close()
            assert "Traceback" not in call.stderr.read()
            assert call.wait() == 0
        assert answer.wait() == 0
    assert answer.wait_for("SIPSessionDidEnd")["originator"] == "remote"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("call", "sip:bob@127.0.0.1:{port}", "--audio", "null"), 1, "Connection refused by 127.0.0.1 port {port} (UDP)"),
        (("call", "bob", "--audio", "null"), 2, "'bob' lacks a domain"),
        (("call", "sip:bob@", "--audio", "null"), 2, "is not a SIP address"),
        (("call", "bob@127.0.0.1", "--play", "none.wav"), 1, "The sound file none.wav does not exist."),
        (("call", "bob@127.0.0.1", "--play", __file__), 1, "is not a WAV file."),
        (("call", "bob@127.0.0.1", "--record", "no/such/folder.wav"), 1, "cannot be written: there is no folder"),
        (("call", "bob@127.0.0.1", "--codecs", "mp3"), 2, "an audio codec is one of"),
        (("call", "bob@127.0.0.1", "--ca", "none.pem"), 1, "none.pem does not exist."),
        (("call", "bob@127.0.0.1", "--account", "a@b.c", "--password-file", "none"), 1, "The password file none cannot be read"),
        (("register", "--once"), 2, "give the account"),
        (("echo", "--listen", "192.0.2.1:5070"), 1, "this computer has no such address"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_sentence(port: int, tmp_path: Path, arguments: tuple[str, ...], status: int, words: str) -> None:
    done = run(tmp_path, *(argument.format(port=port) for argument in arguments))
    assert (done.returncode, done.stdout) == (status, "")
    sentences = [line for line in done.stderr.splitlines() if not line.startswith("Calling ")]
    assert len(sentences) == 1, done.stderr
    assert words.format(port=port) in sentences[0]
