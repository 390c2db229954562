"""Calls through Kamailio with baresip, both ways: each transport, each codec, SRTP; who heard whom is proved by the speech itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import BlinkQ, Lab

pytestmark = pytest.mark.lab

CODECS = ("PCMU", "G722", "opus")
BARESIP_CODECS = {"PCMU": "PCMU/8000/1", "G722": "G722/16000/1", "opus": "opus/48000/2"}
ALICE_SAYS = "Hello Bob, this is Alice speaking. I would like to order twenty three red umbrellas, please."


@pytest.fixture(scope="module", params=["udp", "tcp", "tls"])
def transport(request: pytest.FixtureRequest, lab: Lab) -> Iterator[str]:
    """Bob and Carol registered by this transport; over TLS they insist on SRTP."""
    name: str = request.param
    encryption = "srtp-mand" if name == "tls" else ""
    lab.reset("bob", "carol", LAB_TRANSPORT=name, LAB_MEDIAENC=encryption)
    yield name
    lab.reset("bob", "carol")


def srtp(transport: str) -> str:
    return "mandatory" if transport == "tls" else "off"


@pytest.mark.parametrize("codec", CODECS)
def test_alice_calls_bob(lab: Lab, alice: list[str], tmp_path: Path, transport: str, codec: str) -> None:
    speech, heard = lab.say(ALICE_SAYS, "alice.wav"), tmp_path / "heard.wav"
    lab.clear_heard("bob")
    with BlinkQ(
        "call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy(transport), "--audio", "null", "--play", str(speech),
        "--record", str(heard), "--codecs", codec, "--srtp", srtp(transport), "--duration", "8",
    ) as call:  # fmt: skip
        call.wait_for("SIPSessionDidStart")
        assert call.wait() == 0, call.text
    assert f"{codec} at" in call.text
    assert ("encrypted" in call.text) == (transport == "tls")
    assert lab.score(speech, lab.heard("bob"))["score"] > 0.5
    assert lab.score(lab.spoken("bob"), heard)["score"] > 0.5


@pytest.mark.parametrize("codec", CODECS)
def test_carol_calls_alice(lab: Lab, alice: list[str], tmp_path: Path, transport: str, codec: str) -> None:
    speech, heard = lab.say(ALICE_SAYS, "alice.wav"), tmp_path / "heard.wav"
    lab.clear_heard("carol")
    with BlinkQ(
        "answer", *alice, "--proxy", lab.proxy(transport), "--audio", "null", "--play", str(speech), "--record", str(heard),
        "--codecs", codec, "--srtp", srtp(transport), "--count", "1", "--duration", "8",
    ) as answer:  # fmt: skip
        answer.wait_for("SIPAccountRegistrationDidSucceed")
        lab.baresip("carol", "dial", "sip:alice@lab.test")
        answer.wait_for("SIPSessionDidStart")
        assert answer.wait() == 0, answer.text
    assert f"{codec} at" in answer.text
    assert lab.score(speech, lab.heard("carol"))["score"] > 0.5
    assert lab.score(lab.spoken("carol"), heard)["score"] > 0.5
