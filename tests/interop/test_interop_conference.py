"""A conference of ours with two baresip peers, called through Kamailio: each hears the other one and us, which the speech itself proves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import BlinkQ, Lab

pytestmark = pytest.mark.lab

ALICE_SAYS = "Welcome to the conference, this is Alice speaking. We have to decide about the red umbrellas today."


@pytest.fixture(params=["udp", "tls"])
def transport(request: pytest.FixtureRequest, lab: Lab) -> Iterator[str]:
    """Bob and Carol registered by this transport; over TLS they insist on SRTP."""
    name: str = request.param
    lab.reset("bob", "carol", LAB_TRANSPORT=name, LAB_MEDIAENC="srtp-mand" if name == "tls" else "", LAB_CAROL_OPTS=";answermode=auto")
    yield name
    lab.reset("bob", "carol")


def test_participants_know_each_other(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    """Through the server: it answers SUBSCRIBE in the place of the focus (489), whose Contact helps further."""
    (tmp_path / "carols").write_text("carolpw\n")
    carol = [
        "--config-dir", str(tmp_path / "carol"), "--account", "carol@lab.test", "--password-file", str(tmp_path / "carols"),
        "--nameserver", lab.nameserver, "--local-address", "127.0.0.1", "--proxy", lab.proxy("udp"), "--audio", "null",
    ]  # fmt: skip
    lab.down("carol")
    try:
        with BlinkQ("answer", *carol, "--count", "1") as answer:
            answer.wait_for("SIPAccountRegistrationDidSucceed")
            with BlinkQ("conference", "bob", "carol", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", typing=True) as conference:
                conference.wait_for("ConferenceFocusDidAddSession", count=2)
                answer.wait_for("SIPSessionGotConferenceInfo")
                answer.wait_for_text("sip:bob@lab.test")
                conference.type("kick bob")
                conference.wait_for("ConferenceFocusDidRemoveSession")
                answer.wait_for_text("In the conference: sip:alice@lab.test, sip:carol@lab.test\n")
                conference.type("end")
                assert conference.wait() == 0, conference.text
            assert answer.wait() == 0, answer.text
    finally:
        lab.up("carol")


def test_three_parties(lab: Lab, alice: list[str], tmp_path: Path, transport: str) -> None:
    speech, heard = lab.say(ALICE_SAYS, "alice_conference.wav"), tmp_path / "heard.wav"
    for who in ("bob", "carol"):
        lab.clear_heard(who)
    with BlinkQ(
        "conference", "sip:bob@lab.test", "sip:carol@lab.test", *alice, "--proxy", lab.proxy(transport), "--audio", "null",
        "--play", str(speech), "--play-after", "1", "--record", str(heard), "--duration", "16",
        "--srtp", "mandatory" if transport == "tls" else "off",
    ) as conference:  # fmt: skip
        conference.wait_for("ConferenceFocusDidAddSession", count=2)
        assert conference.wait() == 0, conference.text
    for who, other in (("bob", "carol"), ("carol", "bob")):
        scores = {name: lab.score(file, lab.heard(who))["score"] for name, file in
                  {"other": lab.spoken(other), "alice": speech, "own": lab.spoken(who)}.items()}
        assert scores["other"] > 0.45, f"{who} heard {other}: {scores}"
        assert scores["alice"] > 0.3, f"{who} heard Alice, who speaks at the same time: {scores}"
        assert scores["own"] < 0.4, f"{who} heard nothing of his own: {scores}"
    for who in ("bob", "carol"):
        assert lab.score(lab.spoken(who), heard)["score"] > 0.3, f"Alice heard {who}, who speaks at the same time as the other one"
