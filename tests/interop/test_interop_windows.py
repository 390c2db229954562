"""Calls made with the mouse in the real windows, against Kamailio and baresip, on a desktop with PulseAudio devices.

Who heard whom is proved by the speech itself. Pictures of every state are left in ``build/screenshots/``: look at them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.lab import PATIENCE
from support.windows import SHOTS, Softphone

pytestmark = pytest.mark.lab

ALICE_SAYS = "Hello Bob, this is Alice speaking. I would like to order twenty three red umbrellas, please."
#: Seconds of listening that contain one whole round of what Bob and Carol say, whenever it begins.
LISTEN = "17"
#: A device of the lab that slept stalls for up to two seconds: Alice waits before she speaks.
WAKE_UP = 3


def test_a_call_with_the_mouse(softphone: Softphone, tmp_path: Path) -> None:
    lab = softphone.lab
    speech, heard = lab.say(ALICE_SAYS, "alice.wav"), tmp_path / "heard.wav"
    softphone.point_away()
    softphone.shoot(SHOTS / "main.png")

    softphone.dial("carol")
    softphone.see("stateLabel", "Ringing")
    softphone.shoot(SHOTS / "ringing.png")
    softphone.click("hangUpButton")
    softphone.see("stateLabel", "ended")

    lab.clear_heard("bob")
    softphone.click("dialBox")
    softphone.type("bob@lab.test", into="dialBox")
    softphone.see("dialBox", "^bob@lab.test$")
    softphone.shoot(SHOTS / "dialling.png")
    softphone.click("callButton")
    softphone.see("stateLabel", "In call")
    recorder, player = softphone.sound("record", str(heard), LISTEN), softphone.sound("play", str(lab.after_silence(speech, WAKE_UP, 2)))
    softphone.point_away()
    softphone.see("timerLabel", "0:0[89]|0:1.")
    softphone.shoot(SHOTS / "in-call.png")
    assert player.wait(PATIENCE) == 0
    assert recorder.wait(PATIENCE) == 0
    bob_heard = lab.heard("bob")  # he begins another file at every change of the call
    assert lab.score(lab.spoken("bob"), heard)["score"] > 0.5

    softphone.click("keypadButton")
    with lab.events("bob") as events:
        for digit in "147":
            softphone.click(f"Key {digit}")
            events.wait_for(lambda event, digit=digit: event.get("type") == "CALL_DTMF_START" and event.get("param") == digit)  # type: ignore[misc]
    softphone.see("sentLabel", "^147$")
    softphone.shoot(SHOTS / "keypad.png")
    softphone.click("keypadButton")

    softphone.click("recordButton")
    softphone.see("noticeLabel", "Recording")
    softphone.point_away()
    softphone.shoot(SHOTS / "recording.png")
    softphone.click("recordButton")
    softphone.see("noticeLabel", "Recorded")

    softphone.click("holdButton")
    softphone.see("stateLabel", "On hold")
    softphone.point_away()
    softphone.shoot(SHOTS / "held.png")
    softphone.click("holdButton", "Resume")
    softphone.see("stateLabel", "In call")

    softphone.click("hangUpButton")
    softphone.see("stateLabel", "Call ended")
    softphone.shoot(SHOTS / "ended.png")
    assert lab.score(speech, bob_heard)["score"] > 0.5


def test_an_incoming_call_answered_from_the_tray(softphone: Softphone, tmp_path: Path) -> None:
    lab = softphone.lab
    speech, heard = lab.say(ALICE_SAYS, "alice.wav"), tmp_path / "heard.wav"
    lab.clear_heard("carol")
    lab.baresip("carol", "dial", "sip:alice@lab.test")
    softphone.see("answerButton")
    softphone.point_away()
    softphone.shoot(SHOTS / "incoming.png")
    softphone.open_tray_menu()
    softphone.ask(action="Answer")
    softphone.shoot(SHOTS / "tray.png")
    softphone.click_action("Answer")
    softphone.see("stateLabel", "In call")
    recorder, player = softphone.sound("record", str(heard), LISTEN), softphone.sound("play", str(lab.after_silence(speech, WAKE_UP, 2)))
    softphone.click_action("View")
    softphone.click_action("Dark")
    softphone.point_away()
    softphone.see("timerLabel", "0:0[89]|0:1.")
    softphone.shoot(SHOTS / "dark.png")
    assert player.wait(PATIENCE) == 0
    assert recorder.wait(PATIENCE) == 0
    with lab.events("carol") as events:
        softphone.click("hangUpButton")
        events.wait_for(lambda event: event.get("type") == "CALL_CLOSED")
    assert lab.score(lab.spoken("carol"), heard)["score"] > 0.5
    assert lab.score(speech, lab.heard("carol"))["score"] > 0.5


def test_an_incoming_call_rejected_in_the_dialog(softphone: Softphone) -> None:
    lab = softphone.lab
    lab.baresip("carol", "dial", "sip:alice@lab.test")
    softphone.see("busyButton")
    with lab.events("carol") as events:
        softphone.click("busyButton")
        closed = events.wait_for(lambda event: event.get("type") == "CALL_CLOSED")
        assert "486" in str(closed.get("param")), closed


def test_pictures_of_the_rest(softphone: Softphone) -> None:
    """Devices as they are listed, the dialog of an account, a call that fails."""
    softphone.click_action("Devices")
    softphone.click_action("Microphone")
    softphone.ask(action="app_mic")
    softphone.shoot(SHOTS / "devices.png")
    softphone.press("Escape")
    softphone.press("Escape")
    softphone.click("accountMenuButton")
    softphone.click_action("Change account")
    softphone.see("passwordEdit")
    softphone.shoot(SHOTS / "account.png")
    softphone.press("Escape")
    softphone.dial("nobody")
    softphone.see("stateLabel", "failed")
    softphone.point_away()
    softphone.shoot(SHOTS / "failed.png")
