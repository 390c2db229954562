"""Messages through Kamailio: to baresip, from baresip, from SIPp, and between two BlinkQs with receipts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import PATIENCE, BlinkQ, Lab

pytestmark = pytest.mark.lab


@pytest.fixture
def answering(lab: Lab, alice: list[str]) -> Iterator[BlinkQ]:
    """Alice, registered."""
    with BlinkQ("answer", *alice, "--proxy", lab.proxy("udp"), "--audio", "null") as made:
        made.wait_for("SIPAccountRegistrationDidSucceed")
        yield made
        made.interrupt()
        made.wait()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_alice_writes_to_bob(lab: Lab, alice: list[str], transport: str) -> None:
    arguments = ["--proxy", lab.proxy(transport), "--trace", "sip"]
    with BlinkQ("message", "sip:bob@lab.test", "Grüße, Bob", *alice, *arguments) as sending:
        assert sending.wait() == 0, sending.text
    assert "Server: baresip" in sending.text  # it was bob's phone that took it
    assert sending.wait_for("OutgoingMessageDidSend")["code"] == 200


def test_baresip_gets_plain_text_when_it_refuses_the_envelope(lab: Lab, alice: list[str]) -> None:
    """baresip takes text/plain only (415 else) and sends no receipts: the message arrives all the same, and the command says so."""
    arguments = ["--proxy", lab.proxy("udp"), "--wait", "3", "--trace", "sip"]
    with BlinkQ("message", "sip:bob@lab.test", "with a receipt, please", *alice, *arguments) as sending:
        assert sending.wait() == 1, sending.text
    assert "415 Unsupported Media Type" in sending.text
    assert "sends no receipts" in sending.text
    data = sending.wait_for("OutgoingMessageDidSend")
    assert (data["code"], data["wrapped"]) == (200, False)


@pytest.mark.parametrize(("text", "transport"), [("Grüße, SIPp", "udp"), ("A long message. " * 120, "tcp")])
def test_what_is_written_is_what_arrives(lab: Lab, alice: list[str], text: str, transport: str) -> None:
    """Long messages go by TCP to the proxy, though DNS and the account say UDP."""
    port = lab.port(300)
    with lab.sipp("uas_message", "-p", str(port), "-T", "30") as process:
        with BlinkQ("message", f"sip:peer-{port}@lab.test", text, *alice, "--proxy", lab.proxy("udp")) as sending:
            assert sending.wait() == 0, sending.text
        output = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, output
    assert text.encode() in (lab.directory / "sipp" / f"uas_message-{port}.msg").read_bytes()
    route = str(sending.wait_for("OutgoingMessageDidSend")["route"])
    assert (";transport=tcp" in route) == (transport == "tcp"), route


def test_carol_writes_to_alice(lab: Lab, answering: BlinkQ) -> None:
    lab.baresip("carol", "message", "Hello Alice")  # to her current contact
    data = answering.wait_for("SIPAccountGotMessage")
    assert (data["content"], data["content_type"]) == ("Hello Alice", "text/plain")
    assert "sip:carol@lab.test" in str(data["remote_identity"])


def test_sipp_writes_to_alice(lab: Lab, answering: BlinkQ) -> None:
    with lab.sipp("uac_message", "alice", "-key", "text", "umlaut", "-T", "20") as process:
        output = process.communicate(timeout=PATIENCE)[0]
    assert answering.wait_for("SIPAccountGotMessage")["content"] == "umlaut\r\n"
    assert process.returncode == 0, output


def test_a_receipt_between_two_of_us(lab: Lab, alice: list[str], answering: BlinkQ, tmp_path: Path) -> None:
    """Alice writes to herself: her phone has the message, and says so to her terminal."""
    other = [str(tmp_path / "other") if argument == str(tmp_path / "config") else argument for argument in alice]
    with BlinkQ("message", "sip:alice@lab.test", "to myself", *other, "--proxy", lab.proxy("udp"), "--wait", "60") as sending:
        assert sending.wait() == 0, sending.text
    assert "was delivered" in sending.text
    assert answering.wait_for("SIPAccountGotMessage")["content"] == "to myself"
