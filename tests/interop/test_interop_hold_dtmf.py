"""Hold from either side and digits both ways, against baresip and SIPp."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from support.lab import PATIENCE, BlinkQ, Lab
from support.wire_tap import WireTap

pytestmark = pytest.mark.lab

DIGITS = "0123456789*#ABCD"
ALICE_SAYS = "Here I am again. Where were we? Yes, the twenty three red umbrellas."
REPORT = "AudioStreamDidUpdateStatistics"


def figures(call: BlinkQ, name: str) -> list[int]:
    """One figure of the stream's statistics, one a second."""
    reports = (item["data"]["statistics"] for item in call.notifications if item["name"] == REPORT)  # type: ignore[index]
    return [int(report[name]) for report in reports]


def stalls(counts: list[int]) -> int:
    """Seconds in which a packet count stood still."""
    return sum(later == earlier for earlier, later in pairwise(counts))


def bob_ears(lab: Lab) -> WireTap:
    """What arrives at Bob's RTP ports. (His own recording ends at the first re-INVITE.)"""
    return WireTap(lab.port(600), lab.port(639))


def test_we_hold_bob(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    speech, heard = lab.say(ALICE_SAYS, "resumed.wav"), tmp_path / "heard.wav"
    # held from second 1 to 4; what Alice says begins at second 5
    with bob_ears(lab) as tap, BlinkQ(
        "call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--play", str(lab.after_silence(speech, 5)),
        "--record", str(heard), "--codecs", "PCMU", "--hold", "1:3", "--duration", "12",
    ) as call:  # fmt: skip
        call.wait_for("SIPSessionDidChangeHoldState", on_hold=True, originator="local")
        call.wait_for("SIPSessionDidChangeHoldState", on_hold=False, originator="local")
        assert call.wait() == 0, call.text
    sent = figures(call, "packets_sent")
    assert stalls(sent) >= 2, f"RTP went to a peer on hold: {sent}"
    assert lab.score(speech, tap.save(tmp_path / "bob-heard.wav", last=8))["score"] > 0.5
    assert lab.score(lab.spoken("bob"), lab.last_seconds(heard, 7.5))["score"] > 0.5


def test_bob_holds_us(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    speech, heard = lab.say(ALICE_SAYS, "resumed.wav"), tmp_path / "heard.wav"
    with bob_ears(lab) as tap, BlinkQ(
        "call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--play", str(lab.after_silence(speech, 7)),
        "--record", str(heard), "--codecs", "PCMU", "--duration", "60",
    ) as call:  # fmt: skip
        call.wait_for("SIPSessionDidStart")
        lab.baresip("bob", "hold")
        call.wait_for("SIPSessionDidChangeHoldState", on_hold=True, originator="remote")
        call.wait_for(REPORT, count=call.names().count(REPORT) + 3)
        held = figures(call, "packets_sent")
        lab.baresip("bob", "resume")
        call.wait_for("SIPSessionDidChangeHoldState", on_hold=False, originator="remote")
        call.wait_for(REPORT, count=call.names().count(REPORT) + 10)
        call.interrupt()
        assert call.wait() == 0, call.text
    assert stalls(held) >= 2, f"RTP went to a peer that holds us: {held}"
    assert lab.score(speech, tap.save(tmp_path / "bob-heard.wav", last=10))["score"] > 0.5
    assert lab.score(lab.spoken("bob"), lab.last_seconds(heard, 8))["score"] > 0.5


def test_digits_arrive_at_bob(lab: Lab, alice: list[str]) -> None:
    with lab.events("bob") as events, BlinkQ(
        "call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--dtmf", DIGITS, "--duration", "12",
        "--codecs", "PCMU",
    ) as call:  # fmt: skip
        received = "".join(str(events.wait_for(_is_digit, count=count)["param"]) for count in range(1, len(DIGITS) + 1))
        assert call.wait() == 0
    assert received == DIGITS


def _is_digit(event: dict[str, object]) -> bool:
    return event.get("type") == "CALL_DTMF_START"


def test_digits_arrive_from_bob(lab: Lab, alice: list[str]) -> None:
    with BlinkQ("call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--codecs", "PCMU") as call:
        call.wait_for("SIPSessionDidStart")
        for count, digit in enumerate(DIGITS, 1):
            lab.baresip("bob", "sndcode", digit)
            call.wait_for("AudioStreamGotDTMF", count=count)
        call.interrupt()
        assert call.wait() == 0
    got = "".join(str(item["data"]["digit"]) for item in call.notifications if item["name"] == "AudioStreamGotDTMF")  # type: ignore[index]
    assert got == DIGITS


def test_digits_arrive_from_sipp(lab: Lab, tmp_path: Path) -> None:
    port = lab.port(310)
    with BlinkQ(
        "answer", "--config-dir", str(tmp_path / "config"), "--listen", f"127.0.0.1:{port}", "--audio", "null", "--count", "1"
    ) as answer:  # fmt: skip
        answer.wait_for("SIPApplicationDidStart")
        caller = lab.sipp("uac_dtmf", f"blinkq@127.0.0.1:{port}", "-p", str(lab.port(300)))
        output, _ = caller.communicate(timeout=PATIENCE)
        assert caller.returncode == 0, output
        assert answer.wait() == 0, answer.text
    got = "".join(str(item["data"]["digit"]) for item in answer.notifications if item["name"] == "AudioStreamGotDTMF")  # type: ignore[index]
    assert got == "1234567890*#"
