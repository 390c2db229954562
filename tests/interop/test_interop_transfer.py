"""Transfers with real baresip peers and SIPp in every role; whom one hears afterwards is proved by the speech itself.

baresip 1.0 does not know Replaces: in an attended transfer it makes a call like others, and it is we who end ours with the target. Three
BlinkQ processes prove that a call really takes the place of another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import PATIENCE, BlinkQ, Lab
from support.ports import free_port

pytestmark = pytest.mark.lab

ALICE_SAYS = "Hello, this is Alice speaking. Please hold the line, I am handing you over to my colleague."
DAVE_SAYS = "Dave is calling about the nine broken windows in the old town hall."
ERIN_SAYS = "You have reached Erin at the glass factory, how may I help you today?"
ENOUGH = 12.0  # seconds in which a sentence is said at least once as a whole


@pytest.fixture(scope="module", autouse=True)
def _everybody_answers(lab: Lab) -> Iterator[None]:
    lab.reset("carol", LAB_CAROL_OPTS=";answermode=auto")
    yield
    lab.reset("bob", "carol")


@pytest.fixture(autouse=True)
def _nobody_is_in_a_call(lab: Lab) -> Iterator[None]:
    for who in ("bob", "carol"):
        lab.clear_heard(who)
    yield
    for who in ("bob", "carol"):
        for _ in range(2):
            lab.baresip(who, "hangup")


def media(lab: Lab, *more: str) -> list[str]:
    return ["--proxy", lab.proxy("udp"), "--audio", "null", *more]


def bob_and_carol_talk(lab: Lab) -> None:
    for who in ("bob", "carol"):
        lab.wait_until_heard(who, ENOUGH)
    for who in ("bob", "carol"):
        lab.baresip(who, "hangup")
    assert lab.score(lab.spoken("bob"), lab.heard("carol"))["score"] > 0.5
    assert lab.score(lab.spoken("carol"), lab.heard("bob"))["score"] > 0.5


def test_bob_and_carol_talk_after_a_blind_transfer(lab: Lab, alice: list[str]) -> None:
    speech = lab.say(ALICE_SAYS, "alice-hands-over.wav")
    options = media(lab, "--play", str(speech), "--after", "2")
    with BlinkQ("transfer", "sip:bob@lab.test", "sip:carol@lab.test", *alice, *options) as call:
        assert call.wait() == 0, call.text
    names = [name.removeprefix("SIPSessionTransfer") for name in call.names() if name.startswith("SIPSessionTransfer")]
    assert (names[:2], names[-1]) == (["NewOutgoing", "DidStart"], "DidEnd")
    assert "is handed over" in call.text
    bob_and_carol_talk(lab)


def test_bob_and_carol_talk_after_an_attended_transfer(lab: Lab, alice: list[str]) -> None:
    arguments = ["transfer", "sip:bob@lab.test", "sip:carol@lab.test", "--attended"]
    with BlinkQ(*arguments, *alice, *media(lab, "--after", "1")) as call:
        assert call.wait() == 0, call.text
    bob_and_carol_talk(lab)


def test_alice_answers_carol_and_hands_her_over(lab: Lab, alice: list[str]) -> None:
    arguments = ["answer", "--transfer", "sip:bob@lab.test", "--transfer-after", "1", "--count", "1"]
    with BlinkQ(*arguments, *alice, *media(lab)) as answer:
        answer.wait_for("SIPAccountRegistrationDidSucceed")
        lab.baresip("carol", "dial", "sip:alice@lab.test")
        answer.wait_for("SIPSessionTransferDidEnd")
        assert answer.wait() == 0, answer.text
    bob_and_carol_talk(lab)


def test_a_transfer_to_nobody_fails(lab: Lab, alice: list[str]) -> None:
    with BlinkQ("transfer", "sip:bob@lab.test", "sip:nobody@lab.test", *alice, *media(lab, "--after", "1")) as call:
        data = call.wait_for("SIPSessionTransferDidFail")
        assert call.wait() == 1, call.text
    assert isinstance(data["code"], int)
    assert 400 <= data["code"] < 500
    assert "The transfer failed" in call.text


def test_carol_hands_alice_over_to_bob(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    speech, heard = lab.say(ALICE_SAYS, "alice-hands-over.wav"), tmp_path / "heard.wav"
    arguments = ["answer", "--accept-transfers", "--count", "1", "--play", str(speech), "--record", str(heard), "--duration", "14"]
    with BlinkQ(*arguments, *alice, *media(lab)) as answer:
        answer.wait_for("SIPAccountRegistrationDidSucceed")
        lab.baresip("carol", "dial", "sip:alice@lab.test")
        answer.wait_for("SIPSessionDidStart")
        lab.baresip("carol", "transfer", "sip:bob@lab.test")
        answer.wait_for("SIPSessionTransferDidEnd")
        answer.wait_for("SIPSessionDidStart", count=2)
        assert answer.wait() == 0, answer.text
    assert lab.score(speech, lab.heard("bob"))["score"] > 0.5
    assert lab.score(lab.spoken("bob"), tmp_path / "heard-2.wav")["score"] > 0.5


def test_a_transfer_is_refused_unless_it_is_wanted(lab: Lab, alice: list[str]) -> None:
    with BlinkQ("answer", "--count", "1", "--duration", "6", *alice, *media(lab)) as answer:
        answer.wait_for("SIPAccountRegistrationDidSucceed")
        lab.baresip("carol", "dial", "sip:alice@lab.test")
        answer.wait_for("SIPSessionDidStart")
        lab.baresip("carol", "transfer", "sip:bob@lab.test")
        answer.wait_for("SIPSessionTransferDidFail", code=603)
        answer.wait()
    assert "--accept-transfers" in answer.text
    assert "SIPSessionNewOutgoing" not in answer.names()


def test_a_call_takes_the_place_of_another(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    """Alice calls Dave and Erin, both BlinkQ, and connects them: Erin's call with Alice ends when Dave's begins."""
    dave_says, erin_says = lab.say(DAVE_SAYS, "dave.wav"), lab.say(ERIN_SAYS, "erin.wav")
    dave_at, erin_at = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    common = ["answer", "--audio", "null", "--accept-transfers", "--duration", "14"]
    dave_options = [*common, "--config-dir", str(tmp_path / "dave"), "--listen", dave_at, "--play", str(dave_says), "--count", "1"]
    erin_options = [*common, "--config-dir", str(tmp_path / "erin"), "--listen", erin_at, "--play", str(erin_says), "--count", "2"]
    with (
        BlinkQ(*dave_options, "--record", str(tmp_path / "dave.wav")) as dave,
        BlinkQ(*erin_options) as erin,
    ):
        for who in (dave, erin):
            who.wait_for("SIPApplicationDidStart")
        call_options = ["--attended", "--after", "1", "--config-dir", str(tmp_path / "caller"), "--audio", "null"]
        call_options += ["--listen", f"127.0.0.1:{free_port()}"]
        with BlinkQ("transfer", f"sip:dave@{dave_at}", f"sip:erin@{erin_at}", *call_options) as call:
            assert call.wait() == 0, call.text
        replaced = erin.wait_for("SIPSessionNewIncomingFromTransfer")
        erin.wait_for("SIPSessionDidEnd", originator="local")
        assert dave.wait() == 0, dave.text
        assert erin.wait() == 0, erin.text
    incoming = [item["data"] for item in erin.notifications if item["name"] == "SIPSessionNewIncoming"]
    assert [data["replaced_dialog"] is not None for data in incoming] == [False, True]  # type: ignore[index]  # our own JSON
    assert replaced["call_id"]
    assert lab.score(erin_says, tmp_path / "dave-2.wav")["score"] > 0.5


# -- SIPp


def sipp_calls(lab: Lab, tmp_path: Path, scenario: str, *options: str, answer: tuple[str, ...] = ()) -> BlinkQ:
    """BlinkQ after SIPp has called it with this scenario, which went as written."""
    port = free_port()
    arguments = ["answer", "--config-dir", str(tmp_path / scenario), "--listen", f"127.0.0.1:{port}", "--audio", "null", "--count", "1"]
    with BlinkQ(*arguments, *answer) as blinkq:
        blinkq.wait_for("SIPApplicationDidStart")
        caller = lab.sipp(scenario, f"blinkq@127.0.0.1:{port}", "-p", str(lab.port(300)), *options)
        said = caller.communicate(timeout=PATIENCE)[0]
        assert caller.returncode == 0, said + blinkq.text
        blinkq.wait()
    return blinkq


def calls_sipp(lab: Lab, tmp_path: Path, scenario: str, *options: str, call: tuple[str, ...] = ()) -> BlinkQ:
    """BlinkQ after it has called SIPp, which plays this scenario as written."""
    port = lab.port(320)
    waiting = lab.sipp(scenario, "-p", str(port), *options)
    arguments = ["call", f"sip:sipp@127.0.0.1:{port}", "--config-dir", str(tmp_path / scenario), "--audio", "null"]
    with BlinkQ(*arguments, "--listen", f"127.0.0.1:{free_port()}", *call) as blinkq:
        said = waiting.communicate(timeout=2 * PATIENCE)[0]
        assert waiting.returncode == 0, said + blinkq.text
        assert blinkq.wait() == 0, blinkq.text
    return blinkq


def transactions(blinkq: BlinkQ) -> list[tuple[object, object, object]]:
    items = [item["data"] for item in blinkq.notifications if item["name"] == "SIPSessionDidProcessTransaction"]
    return [(data["originator"], data["method"], data["code"]) for data in items]  # type: ignore[index]  # our own JSON


def test_sipp_refers_us_to_bob(lab: Lab, tmp_path: Path) -> None:
    target = f"sip:bob@127.0.0.1:{lab.port(110)}"
    blinkq = sipp_calls(lab, tmp_path, "uac_refer", "-key", "refer_to", target, answer=("--accept-transfers", "--duration", "6"))
    assert "SIPSessionTransferDidEnd" in blinkq.names()
    assert "SIPSessionNewOutgoing" in blinkq.names()


def test_sipp_whom_we_called_refers_us_to_bob(lab: Lab, tmp_path: Path) -> None:
    target = f"sip:bob@127.0.0.1:{lab.port(110)}"
    blinkq = calls_sipp(lab, tmp_path, "uas_refer", "-key", "refer_to", target, call=("--accept-transfers", "--duration", "8"))
    assert "SIPSessionTransferDidEnd" in blinkq.names()


def test_sipp_requires_provisional_responses_for_certain(lab: Lab, tmp_path: Path) -> None:
    blinkq = sipp_calls(lab, tmp_path, "uac_require_100rel", answer=("--after", "1"))
    assert "SIPSessionDidStart" in blinkq.names()


def test_sipp_answers_early_for_certain(lab: Lab, tmp_path: Path) -> None:
    blinkq = calls_sipp(lab, tmp_path, "uas_100rel", call=("--duration", "3"))
    assert blinkq.wait_for("SIPSessionGotProvisionalResponse")["code"] == 183


def test_sipp_refreshes_the_session(lab: Lab, tmp_path: Path) -> None:
    assert ("remote", "UPDATE", 200) in transactions(sipp_calls(lab, tmp_path, "uac_timer"))


def test_sipp_lets_us_refresh_the_session(lab: Lab, tmp_path: Path) -> None:
    assert ("local", "UPDATE", 200) in transactions(calls_sipp(lab, tmp_path, "uas_timer", "-T", "80"))


def test_sipp_wants_too_many_refreshes(lab: Lab, tmp_path: Path) -> None:
    port = free_port()
    arguments = ["answer", "--config-dir", str(tmp_path / "config"), "--listen", f"127.0.0.1:{port}", "--audio", "null"]
    with BlinkQ(*arguments) as blinkq:
        blinkq.wait_for("SIPApplicationDidStart")
        caller = lab.sipp("uac_se_small", f"blinkq@127.0.0.1:{port}", "-p", str(lab.port(300)))
        said = caller.communicate(timeout=PATIENCE)[0]
        assert caller.returncode == 0, said
    assert "SIPSessionNewIncoming" not in blinkq.names()


def test_sipp_wants_a_longer_session(lab: Lab, tmp_path: Path) -> None:
    blinkq = calls_sipp(lab, tmp_path, "uas_422", call=("--duration", "2"))
    assert ("local", "INVITE", 200) in transactions(blinkq)
    assert ("local", "INVITE", 422) not in transactions(blinkq)


def test_sipp_changes_the_session_by_update(lab: Lab, tmp_path: Path) -> None:
    assert ("remote", "UPDATE", 200) in transactions(calls_sipp(lab, tmp_path, "uas_update"))
