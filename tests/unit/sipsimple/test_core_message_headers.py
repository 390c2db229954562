"""Headers of a received message as notifications carry them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blinkq.sip.headers import Headers
from blinkq.sipsimple.core import FrozenHeader
from blinkq.sipsimple.values.message_headers import message_headers


def test_each_header_has_its_type() -> None:
    found = message_headers(
        Headers(
            [
                ("Via", "SIP/2.0/UDP a.example.com;branch=z9hG4bK1, SIP/2.0/UDP b.example.com"), ("Via", "SIP/2.0/TCP c.example.com"),
                ("f", '"Bob" <sip:bob@example.com>;tag=1'), ("t", "<sip:alice@example.com>"), ("m", "<sip:bob@192.0.2.1>;q=0.7, <sip:b@c>"),
                ("CSeq", "7 NOTIFY"), ("Event", "presence;id=3"), ("Subscription-State", "active;expires=60"), ("Expires", "600"),
                ("Allow", "INVITE, ACK"), ("Allow", "BYE"), ("Supported", ""), ("Content-Type", "text/plain;charset=utf-8"),
                ("Reason", 'Q.850;cause=16;text="a, b", SIP;cause=200'), ("Warning", '399 a "one, two", 301 b "x"'),
                ("Retry-After", "5 (soon)"), ("Refer-To", "<sip:c@d>"), ("Replaces", "x;to-tag=1;from-tag=2"), ("Subject", "hello"),
                ("Authorization", "Digest secret"), ("X-Own", "first"), ("X-Own", "second"), ("Record-Route", "<sip:p;lr>"),
            ]
        )
    )  # fmt: skip
    assert [via.host for via in found["Via"]] == ["a.example.com", "b.example.com", "c.example.com"]
    assert (found["From"].display_name, found["From"].tag, found["To"].uri.user) == ("Bob", "1", "alice")
    assert [contact.q for contact in found["Contact"]] == [0.7, None]
    assert (found["CSeq"], found["Expires"]) == ((7, "NOTIFY"), 600)
    assert (found["Event"].event, found["Event"].id, found["Subscription-State"].expires) == ("presence", "3", 60)
    assert (found["Allow"], found["Supported"]) == (["INVITE", "ACK", "BYE"], [])
    assert (found["Content-Type"].content_type, found["Content-Type"].parameters["charset"]) == ("text/plain", "utf-8")
    assert (found["Reason"].text, found["Warning"].text, found["Retry-After"].seconds) == ("a, b", "one, two", 5)
    assert (found["Refer-To"].uri, found["Replaces"].to_tag, found["Subject"].subject) == ("<sip:c@d>", "1", "hello")
    assert found["X-Own"] == FrozenHeader("X-Own", "first")
    assert "lr" in found["Record-Route"][0].uri.parameters
    assert "Authorization" not in found


def test_what_cannot_be_read_stays_text() -> None:
    found = message_headers(Headers([("CSeq", "x"), ("Expires", "٣"), ("From", "<"), ("Contact", "tel:1"), ("Via", "?")]))
    assert found == {
        "CSeq": FrozenHeader("CSeq", "x"), "Expires": FrozenHeader("Expires", "٣"), "From": FrozenHeader("From", "<"),
        "Contact": FrozenHeader("Contact", "tel:1"), "Via": FrozenHeader("Via", "?"),
    }  # fmt: skip


def test_all_contacts() -> None:
    assert message_headers(Headers([("Contact", "*")]))["Contact"][0].is_star


NAMES = (
    "Contact", "Route", "Record-Route", "From", "To", "CSeq", "Via", "Content-Type", "Event", "Subscription-State", "Reason", "Refer-To",
    "Replaces", "Subject", "Retry-After", "Warning", "Accept", "Allow", "Require", "Supported", "Content-Length", "Expires",
)  # fmt: skip
VALUES = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=["Cs"]), max_size=60) | st.text(
    ';=<>",sip:@aSIP/2.0 0123456789%*', max_size=60
)


@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8))
def test_no_peer_makes_it_raise(lines: list[tuple[str, str]]) -> None:
    found = message_headers(Headers(lines))
    assert set(found) == {name for name, _ in lines}
