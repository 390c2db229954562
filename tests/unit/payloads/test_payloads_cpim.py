"""Messages in their envelopes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from blinkq.payloads.cpim import (
    IMDN_NAMESPACE,
    ChatIdentity,
    CPIMHeader,
    CPIMNamespace,
    CPIMParserError,
    CPIMPayload,
    SimplePayload,
)
from blinkq.payloads.errors import BuilderError, ParserError

SAMPLE = (
    b"From: MR SANDERS <im:piglet@100akerwood.com>\r\nTo: \"Depressed \\\"Donkey\\\"\" <im:eeyore@100akerwood.com>\r\n"
    b"cc: <im:owl@100akerwood.com>\r\nDateTime: 2026-12-13T13:40:00-08:00\r\nSubject: the weather \\\\ will be fine today\r\n"
    b"Subject:;lang=fr beau temps prevu pour aujourd'hui\r\nNS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n"
    b"Require: MyFeatures.VitalMessageOption\r\nMyFeatures.VitalMessageOption: Confirmation-requested\r\n"
    b"NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 34jk324j\r\nimdn.Disposition-Notification: positive-delivery, display\r\n\r\n"
    b"Content-Type: text/xml;\r\n charset=utf-8\r\nContent-ID: <1234567890@foo.com>\r\n\r\n<body>\r\n\r\nh\xc3\xa9</body>"
)


def test_an_envelope_reads() -> None:
    message = CPIMPayload.decode(SAMPLE)
    assert message.sender == ChatIdentity("im:piglet@100akerwood.com", "MR SANDERS")
    assert message.recipients == [ChatIdentity("im:eeyore@100akerwood.com", 'Depressed "Donkey"')]
    assert message.courtesy_recipients == [ChatIdentity("im:owl@100akerwood.com")]
    assert message.timestamp == datetime(2026, 12, 13, 21, 40, tzinfo=UTC)
    assert message.subject == "the weather \\ will be fine today"
    assert message.required == ["MyFeatures.VitalMessageOption"]
    assert message.content == "<body>\r\n\r\nhé</body>"
    assert message.content_type == "text/xml"
    imdn = CPIMNamespace(IMDN_NAMESPACE, "imdn")
    assert CPIMHeader("Message-ID", imdn, "34jk324j") in message.additional_headers
    assert message.additional_headers.get("disposition-notification") == "positive-delivery, display"
    assert message.additional_headers.get("nothing") is None


def test_what_is_written_reads_the_same() -> None:
    namespace = CPIMNamespace(IMDN_NAMESPACE, "imdn")
    message = CPIMPayload(
        "Grüße\r\n\r\nund mehr", "text/plain", "utf-8", ChatIdentity("sip:a@x", 'A "the" \\ é'), [ChatIdentity("sip:b@x")],
        [ChatIdentity("sip:c@x", "C")], "a\nb", datetime(2026, 1, 2, 3, 4, 5, 600_000, UTC), ["x"],
        [CPIMHeader("Message-ID", namespace, "1"), CPIMHeader("Other", CPIMNamespace("urn:x", "y"), "z")],
    )  # fmt: skip
    body, content_type = message.encode()
    assert content_type == "message/cpim"
    assert CPIMPayload.decode(body) == message
    assert body.count(b"NS: imdn") == 1


def test_bytes_stay_bytes() -> None:
    body, _ = CPIMPayload(b"\x00\r\n\r\n\xff", "image/png").encode()
    assert CPIMPayload.decode(body).content == b"\x00\r\n\r\n\xff"
    assert SimplePayload(b"x", "image/png").encode() == (b"x", "image/png")
    assert SimplePayload.decode(b"\xe9", "text/plain; charset=latin-1") == SimplePayload("é", "text/plain", "latin-1")
    assert SimplePayload.decode(b"\xc3\xa9", "text/plain; charset=klingon").content == "é"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\r\n\r\n", b"From: <a>\r\n\r\nhello", b"From: <a>\r\n\r\nX: y\r\n\r\nhello",
        b"nonsense\r\n\r\nContent-Type: text/plain\r\n\r\n",
        b"From: nobody\r\n\r\nContent-Type: text/plain\r\n\r\n", b"DateTime: now\r\n\r\nContent-Type: text/plain\r\n\r\n",
        b"\xff: x\r\n\r\nContent-Type: text/plain\r\n\r\n", b"NS: <\r\n\r\nContent-Type: text/plain\r\n\r\n",
        b"To: <a>\r\n" * 5000 + b"\r\nContent-Type: text/plain\r\n\r\n",
        b"X: y\r\n" * 100_000 + b"\r\nContent-Type: text/plain\r\n\r\n", b"From: <a>\r\n\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_a_parser_error(body: bytes) -> None:
    with pytest.raises(CPIMParserError):
        CPIMPayload.decode(body)
    assert issubclass(CPIMParserError, ParserError)


@pytest.mark.parametrize(
    "message",
    [
        CPIMPayload("x", "text/plain", sender=ChatIdentity("sip:a@b\r\nTo: <sip:evil@x>")), CPIMPayload("x", "text/plain\r\nX: y"),
        CPIMPayload("x", "text/plain", required=["a\r\nb"]), CPIMPayload("é", "text/plain", "klingon"),
        CPIMPayload("é", "text/plain", "ascii"),
    ],
)  # fmt: skip
def test_what_an_envelope_cannot_carry_is_a_builder_error(message: CPIMPayload) -> None:
    with pytest.raises(BuilderError):
        message.encode()


@pytest.mark.parametrize("value", ["", "x", "<>", '"open <sip:a@b>', "a <b> c"])
def test_what_is_no_address(value: str) -> None:
    with pytest.raises(ValueError):
        ChatIdentity.parse(value)
