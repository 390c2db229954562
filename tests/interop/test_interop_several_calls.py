"""Two calls, a conference and transfers of both kinds from the real windows, through Kamailio to baresip; speech proves who hears whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import PATIENCE, BaresipEvents, Lab
from support.windows import SHOTS, Softphone
from support.wire_tap import WireTap

pytestmark = pytest.mark.lab

ALICE_SAYS = "Hello Bob, this is Alice speaking. I would like to order twenty three red umbrellas, please."
#: Seconds of listening that contain one whole round of what Bob and Carol say, whenever it begins.
LISTEN = "17"
#: A device of the lab that slept stalls for up to two seconds: Alice waits before she speaks.
WAKE_UP = 3
BOB, CAROL = "Call with bob@lab.test", "Call with carol@lab.test"


@pytest.fixture(scope="module")
def plain(desktop: Lab) -> Lab:
    """Bob and Carol do not encrypt: the wire tap understands what they get."""
    desktop.reset("bob", "carol")
    return desktop


@pytest.fixture
def softphone(plain: Lab, tmp_path: Path, password_file: Path) -> Iterator[Softphone]:
    """Alice's softphone, speaking PCMU."""
    softphone = Softphone(plain, tmp_path)
    softphone.add_alice("tls", password_file)
    softphone.settings("set", "rtp.audio_codec_list", "PCMU")
    with softphone:
        softphone.see("registrationLabel", "Registered")
        yield softphone


@pytest.fixture
def both(softphone: Softphone) -> Softphone:
    """Alice in a call with Bob, on hold, and one with Carol."""
    softphone.dial("bob")
    softphone.see("stateLabel", "In call", within=BOB)
    call_carol(softphone)
    softphone.see("stateLabel", "On hold", within=BOB)
    return softphone


def call_carol(softphone: Softphone) -> None:
    with softphone.lab.events("carol") as events:
        softphone.dial("carol")
        carol_takes_it(softphone.lab, events)
    softphone.see("stateLabel", "In call", within=CAROL)


def carol_takes_it(lab: Lab, events: BaresipEvents) -> None:
    events.wait_for(lambda event: event.get("type") == "CALL_INCOMING")
    lab.baresip("carol", "accept")


def bob_ears(lab: Lab) -> WireTap:
    """What arrives at Bob's RTP ports. (His own recording ends at the first re-INVITE.)"""
    return WireTap(lab.port(600), lab.port(639))


def closed(events: BaresipEvents) -> None:
    events.wait_for(lambda event: event.get("type") == "CALL_CLOSED")


def score_of(lab: Lab, who: str, speech: Path) -> float:
    return lab.score(speech, lab.heard(who))["score"]


def test_two_calls_are_swapped(both: Softphone, tmp_path: Path) -> None:
    lab = both.lab
    speech, heard = lab.say(ALICE_SAYS, "alice.wav"), tmp_path / "heard.wav"
    both.point_away()
    both.shoot(SHOTS / "two-calls.png")
    both.press("ctrl+s")
    both.see("stateLabel", "On hold", within=CAROL)
    both.see("stateLabel", "In call", within=BOB)
    with bob_ears(lab) as tap:
        recorder, player = both.sound("record", str(heard), LISTEN), both.sound("play", str(lab.after_silence(speech, WAKE_UP, 2)))
        assert player.wait(PATIENCE) == 0
        assert recorder.wait(PATIENCE) == 0
    assert lab.score(speech, tap.save(tmp_path / "bob-heard.wav", last=int(LISTEN)))["score"] > 0.5
    assert lab.score(lab.spoken("bob"), heard)["score"] > 0.5
    assert lab.score(lab.spoken("carol"), heard)["score"] < 0.5  # she is on hold
    with lab.events("bob") as events:
        both.click("hangUpButton", within=BOB)
        closed(events)
    both.see("stateLabel", "In call", within=CAROL)  # she comes back by herself
    both.shoot(SHOTS / "returned.png")
    with lab.events("carol") as events:
        both.click("hangUpButton", within=CAROL)
        closed(events)


def test_a_conference_of_three(both: Softphone, tmp_path: Path) -> None:
    lab, heard = both.lab, tmp_path / "heard.wav"
    both.click("joinButton", within=BOB)
    for panel in (BOB, CAROL):
        both.see("stateLabel", "In the conference", within=panel)
    both.point_away()
    both.shoot(SHOTS / "conference.png")
    with bob_ears(lab) as tap:
        recorder = both.sound("record", str(heard), LISTEN)
        assert recorder.wait(PATIENCE) == 0
    bob_heard, carol_heard = tap.save(tmp_path / "bob-heard.wav", last=int(LISTEN)), lab.heard("carol")
    with lab.events("bob") as bob_events, lab.events("carol") as carol_events:
        both.click("endButton")
        closed(bob_events)
        closed(carol_events)
    assert lab.score(lab.spoken("carol"), bob_heard)["score"] > 0.5
    assert lab.score(lab.spoken("bob"), carol_heard)["score"] > 0.5
    for who in ("bob", "carol"):
        assert lab.score(lab.spoken(who), heard)["score"] > 0.5


def test_a_blind_transfer(softphone: Softphone) -> None:
    lab = softphone.lab
    softphone.dial("bob")
    softphone.see("stateLabel", "In call", within=BOB)
    softphone.press("ctrl+t")
    softphone.see("addressEdit")
    softphone.shoot(SHOTS / "transfer-dialog.png")
    lab.clear_heard("bob")
    with lab.events("carol") as events:
        softphone.type("carol", into="addressEdit")
        softphone.click("Transfer", within="TransferDialog")
        softphone.see("noticeLabel", "Transferring to carol@lab.test")
        softphone.shoot(SHOTS / "transferring.png")
        events.wait_for(lambda event: event.get("type") == "CALL_INCOMING")
        lab.baresip("carol", "accept")
        softphone.see("noticeLabel", "Transferred to carol@lab.test")
        softphone.shoot(SHOTS / "transferred.png")
        they_talk(softphone, lab)


def test_an_attended_transfer(softphone: Softphone) -> None:
    lab = softphone.lab
    softphone.dial("bob")
    softphone.see("stateLabel", "In call", within=BOB)
    softphone.click("transferButton", within=BOB)
    softphone.see("addressEdit")
    with lab.events("carol") as events:
        softphone.type("carol", into="addressEdit")
        softphone.click("askButton")
        carol_takes_it(lab, events)
        softphone.see("stateLabel", "In call", within=CAROL)
        softphone.see("stateLabel", "On hold", within=BOB)
        softphone.shoot(SHOTS / "consulting.png")
    with lab.events("carol") as events:
        softphone.click("transferButton", "Complete", within=CAROL)
        events.wait_for(lambda event: event.get("type") == "CALL_INCOMING")
        lab.clear_heard("bob")
        lab.clear_heard("carol")
        lab.baresip("carol", "accept")
        softphone.see("noticeLabel", "Transferred to carol@lab.test", within=BOB)
        softphone.see("stateLabel", "ended", within=CAROL)
        they_talk(softphone, lab)


def test_bob_transfers_us_and_we_are_asked(softphone: Softphone) -> None:
    lab = softphone.lab
    softphone.dial("bob")
    softphone.see("stateLabel", "In call", within=BOB)
    with lab.events("carol") as events:
        lab.baresip("bob", "transfer", "sip:carol@lab.test")
        softphone.see("questionLabel", "asks you to call carol@lab.test instead")
        softphone.point_away()
        softphone.shoot(SHOTS / "transfer-asked.png")
        softphone.click("acceptButton")
        carol_takes_it(lab, events)
    softphone.see("stateLabel", "In call", within=CAROL)
    softphone.see("stateLabel", "ended", within=BOB)
    recorder = softphone.sound("record", str(lab.directory / "carol-speaks.wav"), LISTEN)
    assert recorder.wait(PATIENCE) == 0
    softphone.click("hangUpButton", within=CAROL)
    assert lab.score(lab.spoken("carol"), lab.directory / "carol-speaks.wav")["score"] > 0.5


def they_talk(softphone: Softphone, lab: Lab) -> None:
    """Bob and Carol hear each other, without us."""
    listening = softphone.sound("record", str(lab.directory / "silence.wav"), LISTEN)
    assert listening.wait(PATIENCE) == 0
    lab.baresip("carol", "hangup")
    assert score_of(lab, "carol", lab.spoken("bob")) > 0.5
    assert score_of(lab, "bob", lab.spoken("carol")) > 0.5
