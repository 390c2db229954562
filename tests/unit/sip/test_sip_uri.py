"""URIs: what they are made of, how they are written, when two are one (RFC 3261 §19.1)."""

from __future__ import annotations

import pytest

from blinkq.sip.errors import SIPParseError
from blinkq.sip.uri import URI, unescape


def test_all_parts() -> None:
    uri = URI.parse("sips:alice:secret@Example.com:5061;Transport=TCP;lr?Subject=hi%20there&to=x")
    assert uri == URI(
        "sips", "alice", "secret", "Example.com", 5061, {"transport": "TCP", "lr": None}, {"subject": "hi%20there", "to": "x"}
    )
    assert str(uri) == "sips:alice:secret@Example.com:5061;transport=TCP;lr?subject=hi%20there&to=x"
    assert uri.secure
    assert uri.loose
    assert uri.aor == "sips:alice@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "sip:example.com",
        "sip:bob@192.0.2.4:5060",
        "sip:bob@[2001:db8::9]:5060;transport=udp",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sip:user;par=u%40example.net@example.com",
        "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
        "sip:sips%3Auser%40example.com@example.net",
        "sip:a@b.example;x=",
        "sip:a@b.example?h&i=",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        "tel:+1-201-555-0123;phone-context=example.com",
        "urn:service:sos",
    ],
)
def test_what_is_read_is_written_the_same(text: str) -> None:
    assert str(URI.parse(text)) == text
    assert URI.parse(str(URI.parse(text))) == URI.parse(text)


def test_an_ipv6_reference_loses_its_brackets_inside() -> None:
    assert URI.parse("sip:[::1]:5070").host == "::1"
    assert URI(host="::1") == URI(host="[::1]")
    assert URI(user="a", host="2001:DB8::1").aor == "sip:a@[2001:db8::1]"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sip:@host",
        "alice@example.com",
        "sip:a@b@c",
        "sip:a b@c",
        "sip:a@host:",
        "sip:a@host:99999",
        "sip:a@host:123456",
        "sip:user@example.com; lr",
        "<sip:a@b>",
        "sip:a@[zz]",
        "sip:a@b\n",
        "sip:a@b;x=\"y\"",
        "SIPS:?x",
        "1tel:5",
    ],
)
def test_what_is_no_uri(text: str) -> None:
    with pytest.raises(SIPParseError):
        URI.parse(text)


def test_empty_parameters_are_skipped_and_the_first_of_two_counts() -> None:
    assert str(URI.parse("sip:h;;a=1;A=2;?&b=3&&b=4")) == "sip:h;a=1?b=3"


def test_too_long() -> None:
    with pytest.raises(SIPParseError) as caught:
        URI.parse("sip:" + "a" * 9000 + "@h")
    assert caught.value.code == 414


def test_what_the_wire_may_not_carry_is_escaped() -> None:
    uri = URI(user="bob smith#1", password="p@ss", host="example.com", parameters={"A b": "c;d", "e": None}, headers={"Subject": "a&b"})
    assert str(uri) == "sip:bob%20smith%231:p%40ss@example.com;a%20b=c%3Bd;e?subject=a%26b"
    assert URI.parse(str(uri)) == uri
    assert uri.username == "bob smith#1"
    assert str(URI.parse("sip:Jürgen@example.com")) == "sip:J%C3%BCrgen@example.com"
    assert str(URI(user="100%", host="h")) == "sip:100%25@h"


def test_escapes_stay_as_they_came() -> None:
    uri = URI.parse("sip:null-%00-null@example.com")
    assert uri.user == "null-%00-null"
    assert uri.username == "null-\0-null"
    assert unescape("%C0") == "�"
    assert URI.parse("sip:h").username == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"host": ""},
        {"host": "a b"},
        {"host": "a\r\nb"},
        {"host": "h", "port": 70000},
        {"scheme": "tel", "opaque": "a b"},
        {"scheme": "x y", "opaque": "z"},
    ],
)
def test_fields_no_uri_can_carry(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a"):
        URI(**fields)  # type: ignore[arg-type]


def test_an_empty_user_is_none() -> None:
    assert URI(user="", host="h") == URI(host="h")


@pytest.mark.parametrize(
    ("text", "transport"),
    [("sip:h", "udp"), ("sip:h;transport=TCP", "tcp"), ("sips:h", "tls"), ("sip:h;transport", "udp"), ("sips:h;transport=tcp", "tls")],
)
def test_the_transport(text: str, transport: str) -> None:
    assert URI.parse(text).transport == transport


def test_other_schemes_are_carried_whole() -> None:
    uri = URI.parse("TEL:+123;x=y")
    assert (uri.scheme, uri.opaque, uri.user, uri.host) == ("tel", "+123;x=y", None, "")
    assert uri.aor == "tel:+123;x=y"
    assert not uri.secure


def test_changing_makes_a_copy() -> None:
    uri = URI.parse("sip:a@b;lr")
    assert str(uri.replace(port=5080, parameters={})) == "sip:a@b:5080"
    assert str(uri) == "sip:a@b;lr"
    with pytest.raises(ValueError, match="port"):
        uri.replace(port=-1)


def test_uris_are_hashable() -> None:
    assert len({URI.parse("sip:a@b;x=1;y=2"), URI.parse("sip:a@b;y=2;x=1")}) == 1
    assert URI.parse("sip:h").aor == "sip:h"


@pytest.mark.parametrize(
    ("one", "other"),  # the examples of RFC 3261 §19.1.4
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        ("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x"),
        ("sip:a@h;lr", "sip:a@h;lr"),
        ("tel:1", "TEL:1"),
    ],
)
def test_equivalent_uris(one: str, other: str) -> None:
    assert URI.parse(one).equivalent(URI.parse(other))
    assert URI.parse(other).equivalent(URI.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:bob:a@h", "sip:bob:b@h"),
        ("sip:h;x=1", "sip:h;x=2"),
        ("sip:h", "sips:h"),
        ("tel:1", "tel:2"),
    ],
)
def test_different_uris(one: str, other: str) -> None:
    assert not URI.parse(one).equivalent(URI.parse(other))
    assert not URI.parse(other).equivalent(URI.parse(one))
