"""Two ``blinkq`` processes find each other by Bonjour and talk: over loopback, and as two computers on one wire."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.lab import PATIENCE, BlinkQ
from support.multicast import why_no_multicast
from support.tones import sine
from support.two_computers import two_computers, why_no_namespaces
from support.voice import likeness, write_wav

from blinkq.base.resources import resource

SPEECH = resource("sounds", "demo_speech.wav")
BOB = f"Bob {os.getpid()}"  # other runs on this machine have their own
ENVIRONMENT = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}

Start = Callable[..., BlinkQ]


@pytest.fixture(params=["loopback", "wire"])
def computers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Start, Start]]:
    """Start ``blinkq`` as Alice, and as Bob."""

    def starter(name: str, address: str | None, within: tuple[str, ...]) -> Start:
        config = ["--config-dir", str(tmp_path / name)]
        set_name = [sys.executable, "-m", "blinkq.cli.main", *config, "settings", "set", "--account", "bonjour", "display_name", name]
        subprocess.run(set_name, check=True, timeout=PATIENCE, env={**os.environ, **ENVIRONMENT})
        where = [] if address is None else ["--local-address", address]

        def start(word: str, *arguments: str) -> BlinkQ:
            return BlinkQ(word, *arguments, *config, *where, "--account", "bonjour", environment=ENVIRONMENT, within=within)

        return start

    if request.param == "loopback":
        if (reason := why_no_multicast()) is not None:
            pytest.skip(reason)
        yield starter("Alice", "127.0.0.1", ()), starter(BOB, "127.0.0.1", ())
        return
    if (reason := why_no_namespaces()) is not None:
        pytest.skip(reason)
    with two_computers() as places:
        (_here, at_alice), (_there, at_bob) = places
        yield starter("Alice", None, at_alice), starter(BOB, None, at_bob)


def samples(path: Path) -> NDArray[np.float64]:
    """At 16 kHz."""
    with wave.open(str(path)) as file:
        step = file.getframerate() // 16000
        found = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    return found[: len(found) // step * step].reshape(-1, step).mean(axis=1)


def test_they_find_each_other_and_talk(computers: tuple[Start, Start], tmp_path: Path) -> None:
    alice, bob = computers
    heard, heard_by_bob = tmp_path / "heard.wav", tmp_path / "heard_by_bob.wav"
    beep = write_wav(tmp_path / "beep.wav", sine(440, 0.5, 16000), 16000)
    with bob("echo", "--count", "1", "--play", str(beep), "--record", str(heard_by_bob)) as service:
        service.wait_for("BonjourAccountRegistrationDidSucceed", count=2)
        with alice("call", BOB.lower(), "--play", str(SPEECH), "--play-after", "1", "--duration", "6", "--record", str(heard)) as call:
            assert call.wait() == 0, call.text
        assert service.wait() == 0, service.text
    spoken = samples(SPEECH)[: 4 * 16000]
    assert likeness(samples(heard_by_bob), spoken, 16000, 0.6) > 0.7, "Bob heard Alice"
    assert likeness(samples(heard), spoken, 16000, 0.6) > 0.7, "Alice heard what Bob's echo sent back"
    record = call.wait_for("BonjourAccountDidAddNeighbour")["record"]
    assert isinstance(record, dict)
    assert record["name"] == BOB
    assert ";transport=tcp" in call.text, "the preferred transport was announced and used"
    # the echo saw Alice come, and go with a goodbye while it was still there, or was gone first
    assert "BonjourAccountDidAddNeighbour" in service.names()


def test_who_is_there(computers: tuple[Start, Start]) -> None:
    alice, bob = computers
    with alice("neighbours", "--watch", "--wait", "0") as looking:
        looking.wait_for("BonjourAccountWillInitiateDiscovery")
        with bob("answer", "--audio", "null") as there:
            there.wait_for("BonjourAccountRegistrationDidSucceed", count=2)
            _wait_for_bob(looking, "BonjourAccountDidAddNeighbour")
            assert "BonjourAccountDidAddNeighbour" not in there.names(), "whoever only looks is not seen"
            there.interrupt()
            assert there.wait() == 0, there.text
        _wait_for_bob(looking, "BonjourAccountDidRemoveNeighbour")
        looking.interrupt()
        assert looking.wait() == 0, looking.text


def _wait_for_bob(looking: BlinkQ, name: str) -> None:
    """The notification ``name`` about both transports of Bob, who may not be alone on this machine."""
    count, seen = 0, 0
    while seen < 2:
        count += 1
        record = looking.wait_for(name, count=count)["record"]
        assert isinstance(record, dict), json.dumps(record)
        seen += record["name"] == BOB


def test_nobody_of_that_name(computers: tuple[Start, Start]) -> None:
    alice, _bob = computers
    with alice("call", "Nobody", "--audio", "null") as call:
        assert call.wait() == 1
    assert "No neighbour is called Nobody." in call.text
