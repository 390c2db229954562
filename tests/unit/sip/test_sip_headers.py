"""The multimap of header lines."""

from __future__ import annotations

import pytest

from blinkq.sip.errors import SIPParseError
from blinkq.sip.headers import COMPACT_NAMES, Headers, header_key, headers_of_lines


def test_names_mean_the_same_in_any_case_and_length() -> None:
    headers = Headers([("VIA", "a"), ("v", "b"), ("X-Mine", "c"), ("x-mine", "d")])
    assert headers.get("Via") == "a"
    assert headers.get_all("V") == ["a", "b"]
    assert headers.get_all("X-MINE") == ["c", "d"]
    assert list(headers.items()) == [("Via", "a"), ("Via", "b"), ("X-Mine", "c"), ("X-Mine", "d")]
    assert list(headers) == list(headers.items())
    assert len(headers) == 4
    assert "via" in headers
    assert "to" not in headers
    assert 5 not in headers
    assert headers.get("To") is None
    assert headers.get_all("To") == []


def test_every_compact_name() -> None:
    for short, name in COMPACT_NAMES.items():
        assert header_key(short) == header_key(short.upper()) == name.lower()
    assert header_key("CALL-id") == "call-id"


def test_changing() -> None:
    headers = Headers([("To", "t"), ("Via", "1")])
    headers.prepend("Via", "0")
    assert list(headers) == [("Via", "0"), ("Via", "1"), ("To", "t")]
    headers.prepend("X-First", "!")
    assert next(iter(headers)) == ("X-First", "!")
    headers.set("via", "9")
    assert headers.get_all("via") == ["9"]
    headers.set("From", "f")
    headers.set_all("to", ["a", "b"])
    assert headers.get_all("To") == ["a", "b"]
    headers.remove("x-first")
    headers.remove("x-first")
    assert list(headers) == [("Via", "9"), ("From", "f"), ("To", "a"), ("To", "b")]


def test_a_copy_is_its_own() -> None:
    headers = Headers([("Via", "1"), ("X-A", "2")])
    twin = headers.copy()
    assert twin == headers
    twin.add("Via", "2")
    assert headers.get_all("Via") == ["1"]
    assert twin != headers
    assert headers != 5
    assert repr(headers) == "Headers([('Via', '1'), ('X-A', '2')])"


def test_values_are_taken_apart_on_request() -> None:
    headers = Headers([("Contact", '"a, b" <sip:a@b>, <sip:c@d>'), ("m", "<sip:e@f>")])
    assert headers.get_split("contact") == ['"a, b" <sip:a@b>', "<sip:c@d>", "<sip:e@f>"]
    with pytest.raises(SIPParseError):
        Headers([("Contact", '"a, b')]).get_split("contact")


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\nb", "a\rb", "a\0b"])
def test_nobody_smuggles_a_header_in(value: str) -> None:
    headers = Headers()
    for change in (headers.add, headers.prepend, headers.set):
        with pytest.raises(ValueError, match="line break"):
            change("Subject", value)
    assert len(headers) == 0


@pytest.mark.parametrize("name", ["", "a b", "X:", "é"])
def test_a_name_is_a_token(name: str) -> None:
    with pytest.raises(ValueError, match="header name"):
        Headers([(name, "x")])


def test_reading_lines() -> None:
    headers = headers_of_lines(["Via:  a ", "TO  :b", "x-Odd \t: c", "x-odd:d", "v:e", "Subject:"])
    assert list(headers) == [("Via", "a"), ("Via", "e"), ("To", "b"), ("x-Odd", "c"), ("x-Odd", "d"), ("Subject", "")]


@pytest.mark.parametrize("line", ["", "Via", "no colon", ":x", "a b: c", "é: x"])
def test_lines_that_are_no_headers(line: str) -> None:
    with pytest.raises(ValueError, match="header line"):
        headers_of_lines([line])
