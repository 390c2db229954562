"""``blinkq conference`` with other ``blinkq`` processes: everybody hears everybody, and knows who is there."""

from __future__ import annotations

import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.lab import PATIENCE, BlinkQ
from support.ports import free_port
from support.voice import likeness

from blinkq.base.resources import resource

ONE_SAYS, OTHER_SAYS = resource("sounds", "demo_speech.wav"), resource("sounds", "echo_greeting.wav")

Start = Callable[..., BlinkQ]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start ``blinkq`` as somebody, with settings of their own."""

    def start(who: str, word: str, *arguments: str, typing: bool = False) -> BlinkQ:
        environment = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        options = ("--config-dir", str(tmp_path / who), "--audio", "null")
        return BlinkQ(word, *arguments, *options, environment=environment, typing=typing)

    return start


@pytest.fixture
def answer(start: Start) -> Callable[..., tuple[BlinkQ, str]]:
    """Somebody who answers, and their address."""

    def answer(who: str, *arguments: str) -> tuple[BlinkQ, str]:
        port = free_port()
        process = start(who, "answer", "--listen", f"127.0.0.1:{port}", *arguments)
        process.wait_for("SIPApplicationDidStart")
        return process, f"sip:{who}@127.0.0.1:{port}"

    return answer


def samples(path: Path) -> NDArray[np.float64]:
    """At 16 kHz."""
    with wave.open(str(path)) as file:
        step = file.getframerate() // 16000
        found = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    return found[: len(found) // step * step].reshape(-1, step).mean(axis=1)


def test_everybody_hears_everybody(start: Start, answer: Callable[..., tuple[BlinkQ, str]], tmp_path: Path) -> None:
    heard = {who: tmp_path / f"{who}.wav" for who in ("bob", "carol", "us")}
    bob, bobs = answer("bob", "--play", str(ONE_SAYS), "--play-after", "5", "--record", str(heard["bob"]), "--count", "1")
    carol, carols = answer("carol", "--play", str(OTHER_SAYS), "--play-after", "5", "--record", str(heard["carol"]), "--count", "1")
    with bob, carol, start("us", "conference", bobs, carols, "--title", "Test", "--record", str(heard["us"]), "--duration", "13") as us:
        us.wait_for("ConferenceFocusDidAddSession", count=2)
        for process in (bob, carol):
            process.wait_for("SIPSessionGotConferenceInfo")
            process.wait_for_text("In the conference:")
        assert us.wait() == 0, us.text
        assert bob.wait() == 0, bob.text
        assert carol.wait() == 0, carol.text
    said = {path: samples(path)[: 4 * 16000] for path in (ONE_SAYS, OTHER_SAYS)}
    assert likeness(samples(heard["carol"]), said[ONE_SAYS], 16000, 0.6) > 0.6, "Carol heard Bob"
    assert likeness(samples(heard["bob"]), said[OTHER_SAYS], 16000, 0.6) > 0.6, "Bob heard Carol"
    assert likeness(samples(heard["bob"]), said[ONE_SAYS], 16000, 0.6) < 0.5, "and not himself"
    for speech in said.values():
        assert likeness(samples(heard["us"]), speech, 16000, 0.6) > 0.4, "we heard both, at the same time"
    assert f"{bobs} joined the conference" in us.text
    assert f"{carols} left the conference" in us.text


def test_what_is_typed(start: Start, answer: Callable[..., tuple[BlinkQ, str]]) -> None:
    bob, bobs = answer("bob", "--count", "1")
    dave, daves = answer("dave", "--count", "1")
    with bob, dave, start("us", "conference", bobs, typing=True) as us:
        us.wait_for("ConferenceFocusDidAddSession")
        us.type("what?")
        us.wait_for_text("The commands are: invite URI, kick URI, list, hold, unhold, end.")
        us.type(f"invite {daves}")
        us.wait_for("ConferenceFocusDidAddSession", count=2)
        us.type("list")
        us.wait_for_text(f"\n{bobs}\n{daves}\n")
        us.type("invite not an address")
        us.wait_for_text("is not a SIP address")
        us.type("kick nobody@127.0.0.1")
        us.wait_for_text("nobody@127.0.0.1 does not take part.")
        us.type(f"kick {daves}")
        us.wait_for("ConferenceFocusDidRemoveSession")
        assert dave.wait() == 0, dave.text
        us.type("end")
        assert us.wait() == 0, us.text
        assert bob.wait() == 0, bob.text


class Guest:
    """conference_guest.py."""

    def __init__(self, action: str, uri: str) -> None:
        self.port = free_port()
        command = [sys.executable, str(Path(__file__).with_name("conference_guest.py")), str(self.port), action, uri]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.address = f"sip:guest@127.0.0.1:{self.port}"
        assert self.line() == "ready"

    def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def __enter__(self) -> Guest:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_a_guest_brings_somebody_in(start: Start, answer: Callable[..., tuple[BlinkQ, str]]) -> None:
    dave, daves = answer("dave", "--count", "1")
    with dave, Guest("invite", daves) as guest:
        with start("us", "conference", guest.address, "--allow-requests", typing=True) as us:
            us.wait_for_text(f"asks to invite {daves}")
            us.wait_for("ConferenceFocusDidAddSession", count=2)
            lines = [guest.line()]
            assert lines[0].startswith("in: sip:blinkq@")
            # who is in is told as often as it changes, before and after the outcome
            while f"added {daves}" not in lines or not any("sip:dave@127.0.0.1" in line for line in lines if line.startswith("in:")):
                assert lines[-1], f"the guest ended: {lines}"
                lines.append(guest.line())
            us.type("end")
            assert us.wait() == 0, us.text
        assert guest.process.wait(PATIENCE) == 0
        assert dave.wait() == 0, dave.text


def test_a_guest_who_may_not(start: Start) -> None:
    with Guest("invite", "sip:dave@127.0.0.1:9") as guest, start("us", "conference", guest.address, typing=True) as us:
        us.wait_for_text("asks to invite sip:dave@127.0.0.1:9, which is not allowed")
        assert guest.line().startswith("in:")
        while (line := guest.line()).startswith("in:"):
            pass
        assert line == "refused 403"
        us.type("end")
        assert us.wait() == 0, us.text


def test_callers_join(start: Start) -> None:
    port = free_port()
    with start("us", "conference", "--answer", "--listen", f"127.0.0.1:{port}") as us:
        us.wait_for("SIPApplicationDidStart")
        with start("bob", "call", f"sip:room@127.0.0.1:{port}") as bob, start("carol", "call", f"sip:room@127.0.0.1:{port}") as carol:
            us.wait_for("ConferenceFocusDidAddSession", count=2)
            bob.wait_for("SIPSessionDidStart")  # there the call stands when the answer was acknowledged, here a little later
            carol.wait_for("SIPSessionDidStart")
            bob.wait_for_text(", ")
            bob.interrupt()
            carol.interrupt()
            assert bob.wait() == 0, bob.text
            assert carol.wait() == 0, carol.text
        us.wait_for("ConferenceFocusDidRemoveSession", count=2)
        us.interrupt()
        assert us.wait() == 0, us.text


def test_nobody_comes(start: Start, answer: Callable[..., tuple[BlinkQ, str]]) -> None:
    bob, bobs = answer("bob", "--code", "486", "--count", "1")
    with bob, start("us", "conference", bobs) as us:
        assert us.wait() == 1
    assert f"{bobs} is busy." in us.text
    with start("us", "conference") as us:
        assert us.wait() == 2
    assert "give the addresses to call, or --answer" in us.text
