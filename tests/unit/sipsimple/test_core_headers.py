"""The header classes of ``sipsimple.core``: what they write, what they read back, how the two kinds compare."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.sip.errors import SIPParseError
from blinkq.sipsimple import core
from blinkq.sipsimple.core import SIPURI, BaseHeader, Header

URI = SIPURI.parse("sip:bob@example.com")
SAMPLES: dict[str, tuple[tuple[Any, ...], str]] = {
    "Header": (("X-Colour", "blue"), "X-Colour: blue"),
    "ContactHeader": ((URI, "Bob", {"expires": "60"}), 'Contact: "Bob" <sip:bob@example.com>;expires=60'),
    "ContentTypeHeader": (("text/plain", {"charset": "utf-8"}), "Content-Type: text/plain;charset=utf-8"),
    "EventHeader": (("dialog", {"id": "7"}), "Event: dialog;id=7"),
    "FromHeader": ((URI, None, {"tag": "a"}), "From: <sip:bob@example.com>;tag=a"),
    "ReasonHeader": (("SIP", {"cause": "200", "text": "Call completed elsewhere"}),
                     'Reason: SIP;cause=200;text="Call completed elsewhere"'),
    "RecordRouteHeader": ((URI, None, {"lr": None}), "Record-Route: <sip:bob@example.com>;lr"),
    "ReferToHeader": (("sip:carol@example.com",), "Refer-To: <sip:carol@example.com>"),
    "ReplacesHeader": (("abc@host", "f", "t", 1), "Replaces: abc@host;from-tag=f;to-tag=t;early-only"),
    "RetryAfterHeader": ((120, "in a meeting", {"duration": "3600"}), "Retry-After: 120 (in a meeting);duration=3600"),
    "RouteHeader": ((URI,), "Route: <sip:bob@example.com>"),
    "SubjectHeader": (("lunch",), "Subject: lunch"),
    "SubscriptionStateHeader": (("terminated", {"reason": "timeout"}), "Subscription-State: terminated;reason=timeout"),
    "ToHeader": ((URI, 'Bob "the builder"'), 'To: "Bob \\"the builder\\"" <sip:bob@example.com>'),
    "ViaHeader": (("TCP", "fd00::1", 5070, {"branch": "z9hG4bKx", "rport": None}),
                  "Via: SIP/2.0/TCP [fd00::1]:5070;branch=z9hG4bKx;rport"),
    "WarningHeader": ((399, "example.com", 'say "please"'), 'Warning: 399 example.com "say \\"please\\""'),
}  # fmt: skip


def kinds(name: str) -> tuple[type[Any], type[Any]]:
    return getattr(core, name), getattr(core, f"Frozen{name}")


def test_every_header_of_the_core_has_a_sample() -> None:
    names = {name for name in core.__all__ if name.endswith("Header") and not name.startswith(("Base", "Frozen"))}
    assert names == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_both_kinds_are_equal_and_write_the_same(name: str) -> None:
    arguments, text = SAMPLES[name]
    normal, frozen = kinds(name)
    one, other = normal(*arguments), frozen(*arguments)
    assert str(one) == str(other) == text
    assert one == other
    assert normal.new(other) == one
    assert type(normal.new(other)) is normal
    assert frozen.new(one) == other
    assert type(frozen.new(one)) is frozen
    assert (normal.normal_type, normal.frozen_type) == (frozen.normal_type, frozen.frozen_type) == (normal, frozen)
    assert isinstance(one, BaseHeader)
    assert isinstance(other, BaseHeader)
    assert one != "x"
    assert repr(one).startswith(f"<{name} ")


@pytest.mark.parametrize("name", SAMPLES)
def test_only_the_frozen_kind_is_hashable_and_only_the_other_can_change(name: str) -> None:
    arguments, _ = SAMPLES[name]
    normal, frozen = kinds(name)
    one, other = normal(*arguments), frozen(*arguments)
    assert {other: 1}[frozen(*arguments)] == 1
    with pytest.raises(TypeError):
        hash(one)
    for field in normal._fields:
        with pytest.raises(AttributeError):
            setattr(other, field, getattr(one, field))
        if (name, field) != ("Header", "name"):
            setattr(one, field, getattr(other, field))
    if "parameters" in normal._fields:
        with pytest.raises(TypeError):
            other.parameters["x"] = "y"
        copy = normal.new(one)
        copy.parameters = {**copy.parameters, "x": "y"}
        assert copy != one
    assert one == other


@pytest.mark.parametrize("name", [name for name in SAMPLES if hasattr(getattr(core, name), "from_body")])
def test_what_is_written_is_read_back(name: str) -> None:
    normal, frozen = kinds(name)
    header = normal(*SAMPLES[name][0])
    again = frozen.from_body(header.body)
    assert again.body == header.body


def test_headers_are_made_of_their_own_kind_only() -> None:
    with pytest.raises(TypeError):
        core.EventHeader.new(core.SubjectHeader("x"))


def test_parameters_as_attributes() -> None:
    reason = core.ReasonHeader("Q.850")
    assert (reason.cause, reason.text) == (None, None)
    reason.cause = 16
    reason.text = "Normal; clearing"
    assert str(reason) == 'Reason: Q.850;cause=16;text="Normal; clearing"'
    reason.text = None
    assert str(reason) == "Reason: Q.850;cause=16"
    contact = core.ContactHeader(URI, parameters={"Q": "0.5", "expires": "soon"})
    assert (contact.q, contact.expires) == (0.5, None)
    contact.q = 2
    assert contact.q is None
    sender = core.FromHeader(URI)
    sender.tag = "abc"
    assert sender.parameters == {"tag": "abc"}
    state = core.FrozenSubscriptionStateHeader("active", {"expires": "60"})
    assert state.expires == 60
    with pytest.raises(AttributeError):
        state.expires = 1
    via = core.FrozenViaHeader.from_body("SIP/2.0/TLS proxy.example.com;branch=z9hG4bK1;received=192.0.2.1;rport=5071")
    assert (via.port, via.received, via.rport, via.branch) == (5061, "192.0.2.1", 5071, "z9hG4bK1")
    assert core.EventHeader.id.name == "id"


def test_all_contacts() -> None:
    star = core.ContactHeader(None)
    assert str(star) == "Contact: *"
    assert star.is_star
    assert core.FrozenContactHeader.new(star) == star != core.ContactHeader(URI)
    assert {core.FrozenContactHeader(None)} == {core.FrozenContactHeader.new(star)}


def test_content_type() -> None:
    header = core.ContentTypeHeader("text/html")
    assert (header.content_type, header.content_type.type, header.content_type.subtype) == ("text/html", "text", "html")
    with pytest.raises(ValueError, match="type/subtype"):
        core.ContentTypeHeader("html")


def test_bad_values_are_refused() -> None:
    with pytest.raises(ValueError, match="100 to 999"):
        core.WarningHeader(99, "a", "b")
    for kind, text in (
        (core.EventHeader, " ;id=1"), (core.ReplacesHeader, "abc;from-tag=1"), (core.WarningHeader, "x"), (core.RetryAfterHeader, "soon"),
        (core.ReferToHeader, "<>"), (core.ViaHeader, "SIP"),
    ):  # fmt: skip
        with pytest.raises(SIPParseError):
            kind.from_body(text)


def test_changing_a_header() -> None:
    header = Header("Supported", "eventlist")
    header.body = "timer"
    assert str(header) == "Supported: timer"
    assert Header("supported", "timer") == header
    refer = core.ReferToHeader("<sip:a@b?Replaces=x>", {"method": "INVITE"})
    assert refer.body == "<sip:a@b?Replaces=x>;method=INVITE"
    assert core.FrozenReferToHeader.from_body("sip:a@b;method=INVITE").uri == "sip:a@b"


HEADERS_WITH_READER = [getattr(core, name) for name in SAMPLES if hasattr(getattr(core, name), "from_body")]


@given(st.sampled_from(HEADERS_WITH_READER), st.text(max_size=60) | st.text(";=\"\\<>,/ SIP2.0a1-tagfromo", max_size=60))
def test_no_text_makes_reading_fail_otherwise(kind: Any, text: str) -> None:
    try:
        header = kind.from_body(text)
    except (SIPParseError, ValueError):
        return
    assert kind.new(header) == header
    assert isinstance(header.body, str)
