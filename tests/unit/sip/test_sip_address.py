"""Addresses of From, To, Contact and Route."""

from __future__ import annotations

import pytest

from blinkq.sip.address import NameAddr
from blinkq.sip.errors import SIPParseError
from blinkq.sip.uri import URI

BOB = URI.parse("sip:bob@example.com")


@pytest.mark.parametrize(
    ("text", "name", "uri", "parameters"),
    [
        ("<sip:bob@example.com>", "", "sip:bob@example.com", {}),
        ('"Bob \\"B\\" \\\\" <sip:bob@example.com>;tag=1', 'Bob "B" \\', "sip:bob@example.com", {"tag": "1"}),
        ("Bob  The\tBuilder<sip:bob@example.com> ; tag = 1", "Bob The Builder", "sip:bob@example.com", {"tag": "1"}),
        ("Bell, Alexander <sip:a@b>;tag=43", "Bell, Alexander", "sip:a@b", {"tag": "43"}),
        ('"" <sip:a@b;lr>', "", "sip:a@b;lr", {}),
        ("sip:bob@example.com;tag=1", "", "sip:bob@example.com", {"tag": "1"}),
        (" sip:bob@example.com ; tag=1", "", "sip:bob@example.com", {"tag": "1"}),
        ('"Watson, Thomas" < sip:t@example.org >', "Watson, Thomas", "sip:t@example.org", {}),
        ("<tel:+123;x=y>;q=0.1", "", "tel:+123;x=y", {"q": "0.1"}),
        ('"<a>" <sip:a@b>', "<a>", "sip:a@b", {}),
    ],
)
def test_reading(text: str, name: str, uri: str, parameters: dict[str, str]) -> None:
    address = NameAddr.parse(text)
    assert (address.display_name, str(address.uri), address.parameters) == (name, uri, parameters)
    assert NameAddr.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "Bob",
        "<sip:bob@example.com",
        '"Bob <sip:bob@example.com>',
        '"Mr. J. User <sip:j.user@example.com>',
        "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
        "sip:a,b@example.com",
        "<sip:a@b>x",
        "<sip:a@b>;tag=1 2",
        "sip:a@b;tag=<x>",
        "<<sip:a@b>>",
        "<>",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(SIPParseError):
        NameAddr.parse(text)


def test_names_are_always_written_in_quotes() -> None:
    assert str(NameAddr(BOB)) == "<sip:bob@example.com>"
    assert str(NameAddr(BOB, "Bob B")) == '"Bob B" <sip:bob@example.com>'
    assert str(NameAddr(BOB, 'B. "Ü"')) == '"B. \\"Ü\\"" <sip:bob@example.com>'
    assert str(NameAddr(BOB, "x\r\nEvil: 1")) == '"x  Evil: 1" <sip:bob@example.com>'


def test_tags_and_parameters() -> None:
    address = NameAddr(BOB, parameters={"Tag": "abc", "+sip.instance": "<urn:x>"})
    assert address.tag == "abc"
    assert address.parameter("+SIP.instance") == "<urn:x>"
    assert address.parameter("none") is None
    assert address.with_parameter("lr", None).parameter("lr") == ""
    assert NameAddr.parse("<sip:a@b>;tag=").tag is None
    assert NameAddr(BOB).tag is None
    assert address.without_parameter("TAG").tag is None
    with pytest.raises(ValueError, match="parameter name"):
        NameAddr(BOB, parameters={"a b": None})


def test_a_new_parameter_leaves_the_others_as_they_came() -> None:
    address = NameAddr.parse("<sip:a@b>;tag=odd@tag").with_parameter("X", "y z")
    assert str(address) == '<sip:a@b>;tag=odd@tag;x="y z"'


def test_changing_makes_a_copy() -> None:
    assert NameAddr(BOB).replace(display_name="B") == NameAddr(BOB, "B")
    assert len({NameAddr(BOB), NameAddr(BOB)}) == 1
