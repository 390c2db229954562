"""What is typed becomes a URI, or a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.app.address import AddressError, account_address, dial_uri, display_address


@pytest.mark.parametrize(
    ("typed", "uri"),
    [
        ("bob", "sip:bob@example.com"),
        ("bob@lab.test", "sip:bob@lab.test"),
        ("sip:bob@lab.test", "sip:bob@lab.test"),
        ("SIPS:bob@lab.test", "sips:bob@lab.test"),
        (" <sip:bob@lab.test> ", "sip:bob@lab.test"),
        ("sip:bob@lab.test;transport=tcp", "sip:bob@lab.test;transport=tcp"),
        ("bob@127.0.0.1:5070", "sip:bob@127.0.0.1:5070"),
        ("bob@[::1]:5070", "sip:bob@[::1]:5070"),
        ("+49 (30) 123-45", "sip:+493012345@example.com"),
        ("tel:+49-30-12345", "sip:+493012345@example.com"),
        ("*97#", "sip:*97#@example.com"),
        ("sip:lab.test", "sip:lab.test"),
        ("192.0.2.1", "sip:192.0.2.1"),
        ("192.0.2.1:5070", "sip:192.0.2.1:5070"),
    ],
)
def test_what_can_be_called(typed: str, uri: str) -> None:
    assert dial_uri(typed, "example.com") == uri


@pytest.mark.parametrize(
    ("typed", "domain", "part"),
    [
        ("", "example.com", "Type a name"),
        ("bob smith", "example.com", "spaces"),
        ("@lab.test", "example.com", "before the @"),
        ("bob@", "example.com", "missing"),
        ("bob@lab test", "example.com", "valid host"),
        ("bob@lab..test", "example.com", "valid host"),
        ("bob@lab.test:0", "example.com", "65535"),
        ("bob@lab.test:70000", "example.com", "65535"),
        ("bob", None, "whole address"),
        ("12345", None, "whole address"),
    ],
)
def test_what_cannot(typed: str, domain: str | None, part: str) -> None:
    with pytest.raises(AddressError, match=part):
        dial_uri(typed, domain)


@given(st.text(), st.sampled_from([None, "example.com"]))
def test_anything_typed_is_a_uri_or_a_sentence(typed: str, domain: str | None) -> None:
    try:
        uri = dial_uri(typed, domain)
    except AddressError:
        return
    assert uri.startswith(("sip:", "sips:"))
    assert not any(letter.isspace() or letter in '<>"' for letter in uri)


@given(st.text())
def test_anything_typed_is_an_account_or_a_sentence(typed: str) -> None:
    try:
        address = account_address(typed)
    except AddressError:
        return
    assert address.count("@") == 1


def test_shown_addresses() -> None:
    assert display_address("sip:bob@lab.test;transport=tcp") == "bob@lab.test"
    assert display_address("SIPS:bob@lab.test") == "bob@lab.test"
