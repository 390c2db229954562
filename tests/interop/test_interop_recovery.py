"""Kamailio stops and comes back; the media process is killed: calls and registrations survive."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.lab import BlinkQ, Lab
from support.media_process import media_process
from support.wire_tap import WireTap

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_the_account_registers_again_by_itself(lab: Lab, alice: list[str], transport: str) -> None:
    with BlinkQ("register", *alice, "--proxy", lab.proxy(transport)) as register:
        register.wait_for("SIPAccountRegistrationDidSucceed")
        lab.down("kamailio")
        register.wait_for("SIPAccountRegistrationDidFail")
        before = register.names().count("SIPAccountRegistrationDidSucceed")
        lab.up("kamailio")
        register.wait_for("SIPAccountRegistrationDidSucceed", count=before + 1)
        register.interrupt()
        assert register.wait() == 0
    lab.reset("bob", "carol")


def test_a_call_survives_the_proxy(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    with BlinkQ(
        "call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--record", str(heard), "--trace", "rtp",
        "--duration", "12",
    ) as call:  # fmt: skip
        call.wait_for("SIPSessionDidStart")
        lab.down("kamailio")
        lab.up("kamailio")
        assert call.wait() == 0, call.text
    assert lab.score(lab.spoken("bob"), lab.last_seconds(heard, 7.5))["score"] > 0.5  # said after the proxy was gone
    lab.reset("bob", "carol")


def test_audio_returns_when_the_media_process_is_killed(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    with WireTap(lab.port(600), lab.port(639)) as tap, BlinkQ(
        "call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--record", str(heard),
        "--codecs", "PCMU",
    ) as call:  # fmt: skip
        call.wait_for("SIPSessionDidStart")
        call.wait_for("AudioStreamDidUpdateStatistics", count=2)
        os.kill(media_process(call.process.pid), signal.SIGKILL)
        call.wait_for("MediaProcessDidRevive")
        tap.wait_for(480)  # to Bob: ten seconds of sound; how soon they come is for ``make bench``
        call.interrupt()
        assert call.wait() == 0, call.text
    # from Bob: what he says in the last seconds
    assert lab.score(lab.spoken("bob"), lab.last_seconds(heard, 8))["score"] > 0.5
