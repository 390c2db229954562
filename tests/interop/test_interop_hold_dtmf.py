"""Hold from either side and digits both ways, against baresip and SIPp."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.lab import BlinkQ, Lab

pytestmark = pytest.mark.lab

DIGITS = "0123456789*#ABCD"
ALICE_SAYS = "One two three four five six seven eight nine ten. Alice is counting for as long as the call may last, from one to ten."


def figures(call: BlinkQ) -> list[tuple[int, int]]:
    """(sent, received) packet counts of --trace rtp, one pair a second."""
    return [(int(sent), int(received)) for sent, received in re.findall(r"RTP sent (\d+) packets, received (\d+)", call.text)]


def stalls(counts: list[int]) -> int:
    """Seconds in which a packet count stood still."""
    return sum(later == earlier for earlier, later in zip(counts, counts[1:], strict=False))


def test_we_hold_bob(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    speech, heard = lab.say(ALICE_SAYS, "counting.wav"), tmp_path / "heard.wav"
    lab.clear_heard("bob")
    with BlinkQ(
        "call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--play", str(speech), "--record", str(heard),
        "--codecs", "PCMU", "--hold", "1:4", "--duration", "16", "--trace", "rtp",
    ) as call:  # fmt: skip
        call.wait_for("SIPSessionDidChangeHoldState", 10, on_hold=True, originator="local")
        call.wait_for("SIPSessionDidChangeHoldState", 10, on_hold=False, originator="local")
        assert call.wait(30) == 0, call.text
    sent = [sent for sent, _ in figures(call)]
    assert stalls(sent) >= 2, f"RTP went to a peer on hold: {sent}"
    assert sent[-1] > sent[-3], f"no RTP after the hold: {sent}"
    # what was said after the hold came through, both ways
    assert lab.score(lab.spoken("bob"), heard)["score"] > 0.5
    assert lab.score(speech, lab.heard("bob"))["score"] > 0.3


def test_bob_holds_us(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    speech = lab.say(ALICE_SAYS, "counting.wav")
    with BlinkQ(
        "call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--play", str(speech), "--record", str(heard),
        "--codecs", "PCMU", "--duration", "60", "--trace", "rtp",
    ) as call:  # fmt: skip
        call.wait_for("SIPSessionDidStart", 10)
        lab.baresip("bob", "hold")
        call.wait_for("SIPSessionDidChangeHoldState", 10, on_hold=True, originator="remote")
        call.wait_for("BlinkQRTPReport", 10, count=len([n for n in call.names() if n == "BlinkQRTPReport"]) + 3)
        held = [sent for sent, _ in figures(call)]
        lab.baresip("bob", "resume")
        call.wait_for("SIPSessionDidChangeHoldState", 10, on_hold=False, originator="remote")
        before = len(figures(call))
        call.wait_for("BlinkQRTPReport", 30, count=before + 10)
        call.interrupt()
        assert call.wait(20) == 0, call.text
    assert stalls(held) >= 1, held
    after = [sent for sent, _ in figures(call)][before:]
    assert after[-1] > after[0] + 300
    assert lab.score(lab.spoken("bob"), heard)["score"] > 0.5


def test_digits_arrive_at_bob(lab: Lab, alice: list[str]) -> None:
    with lab.events("bob") as events, BlinkQ(
        "call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--dtmf", DIGITS, "--duration", "12", "--codecs", "PCMU"
    ) as call:  # fmt: skip
        received = ""
        while len(received) < len(DIGITS):
            seen = len(received)
            digits = [str(event["param"]) for event in events.seen if _is_digit(event)]
            received = "".join(digits)
            if len(received) == seen < len(DIGITS):
                events.wait_for(lambda event, seen=seen: _is_digit(event) and sum(map(_is_digit, events.seen)) > seen, 10)  # type: ignore[misc]
        assert call.wait(30) == 0
    assert received == DIGITS


def _is_digit(event: dict[str, object]) -> bool:
    return event.get("type") == "CALL_DTMF_START"


@pytest.mark.parametrize("key", ["event"])
def test_digits_arrive_from_bob(lab: Lab, alice: list[str], key: str) -> None:
    with BlinkQ("call", "sip:bob@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null", "--duration", "60", "--codecs", "PCMU") as call:
        call.wait_for("SIPSessionDidStart", 10)
        for count, digit in enumerate(DIGITS, 1):
            lab.baresip("bob", "sndcode", digit)
            call.wait_for("AudioStreamGotDTMF", 5, count=count)
        call.interrupt()
        assert call.wait(20) == 0
    got = "".join(str(item["data"]["digit"]) for item in call.notifications if item["name"] == "AudioStreamGotDTMF")  # type: ignore[index]
    assert got == DIGITS


def test_digits_arrive_from_sipp(lab: Lab, tmp_path: Path) -> None:
    port = lab.port(310)
    with BlinkQ(
        "answer", "--config-dir", str(tmp_path / "config"), "--listen", f"127.0.0.1:{port}", "--audio", "null", "--count", "1"
    ) as answer:  # fmt: skip
        answer.wait_for("SIPApplicationDidStart", 10)
        caller = lab.sipp("uac_dtmf", f"blinkq@127.0.0.1:{port}", "-p", str(lab.port(300)))
        output, _ = caller.communicate(timeout=70)
        assert caller.returncode == 0, output
        assert answer.wait(20) == 0, answer.text
    got = "".join(str(item["data"]["digit"]) for item in answer.notifications if item["name"] == "AudioStreamGotDTMF")  # type: ignore[index]
    assert got == "1234567890*#"
