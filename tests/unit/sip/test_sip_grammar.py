"""Tokens, quoted strings, comma lists and parameters."""

from __future__ import annotations

import pytest

from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import (
    NO_PARAMETERS,
    Parameters,
    format_parameters,
    header_parameters,
    is_token,
    parse_parameters,
    quote,
    split_commas,
    split_tokens,
    unquote,
    wire_value,
)


def test_tokens() -> None:
    assert is_token("INVITE")
    assert is_token("!interesting-Method0123456789_*+`.%indeed'~")
    assert not is_token("")
    assert not is_token("a b")
    assert not is_token("a\n")


@pytest.mark.parametrize("text", ["", "plain", 'with "quotes"', "back\\slash", "tab\there", "Привет", '\\"'])
def test_quoting_is_undone_by_unquoting(text: str) -> None:
    assert unquote(quote(text)) == text


def test_quoting_drops_what_no_quoted_string_carries() -> None:
    assert quote("a\r\nEvil: yes\0") == '"a  Evil: yes "'


def test_unquote_leaves_the_unquoted_alone() -> None:
    assert unquote("abc") == "abc"
    assert unquote('"') == '"'
    assert unquote('"abc') == '"abc'


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        (" a ", ["a"]),
        ("a, b ,c", ["a", "b", "c"]),
        ("", [""]),
        ("a,,b,", ["a", "", "b", ""]),
        ('"x, y" <sip:a@b>, <sip:c,d@e>;q="1,2"', ['"x, y" <sip:a@b>', '<sip:c,d@e>;q="1,2"']),
        ('"a\\",b" , c', ['"a\\",b"', "c"]),
        ('"<" , ">"', ['"<"', '">"']),
    ],
)
def test_splitting_at_commas(text: str, elements: list[str]) -> None:
    assert split_commas(text) == elements


@pytest.mark.parametrize("text", ['"open, a', "<open, a", 'a, "b\\"', ",".join("a" * 300), ",".join(['"a"'] * 300)])
def test_lists_that_cannot_be_split(text: str) -> None:
    with pytest.raises(SIPParseError):
        split_commas(text)


def test_token_lists() -> None:
    assert split_tokens(["INVITE, ACK", "", " BYE,,"]) == {"INVITE", "ACK", "BYE"}


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("tag=abc", {"tag": "abc"}),
        (" Tag = abc ; lr ; Q=0.5", {"tag": "abc", "lr": None, "q": "0.5"}),
        (';;a="x;\\"y";b=', {"a": '"x;\\"y"', "b": ""}),
        ("a=1;A=2", {"a": "1"}),
        ("received=[2001:db8::1];x=a@b", {"received": "[2001:db8::1]", "x": "a@b"}),
        ("", {}),
        ("  ", {}),
    ],
)
def test_reading_parameters(text: str, parameters: dict[str, str | None]) -> None:
    assert parse_parameters(text) == parameters


@pytest.mark.parametrize("text", ["a b", "a=b c", '"a"=b', 'a="open', "par@host", "=x", "a,b", 'a="x"y'])
def test_bad_parameters(text: str) -> None:
    with pytest.raises(SIPParseError, match="parameter"):
        parse_parameters(text)


def test_parameters_given_by_callers_are_made_fit() -> None:
    made = header_parameters({"Tag": "abc", "+sip.instance": "<urn:uuid:1>", "lr": None, "host": "[::1]", "q": '"done"'})
    assert made == {"tag": "abc", "+sip.instance": '"<urn:uuid:1>"', "lr": None, "host": "[::1]", "q": '"done"'}
    assert header_parameters(made) is made
    assert wire_value(None) is None
    assert wire_value("") == '""'
    with pytest.raises(ValueError, match="parameter name"):
        header_parameters({"a b": "c"})


def test_writing_parameters() -> None:
    assert format_parameters({"tag": "1", "lr": None}) == ";tag=1;lr"
    assert format_parameters(NO_PARAMETERS) == ""


def test_parameters_cannot_change() -> None:
    parameters = Parameters({"a": "1"})
    with pytest.raises(TypeError, match="cannot be changed"):
        parameters["b"] = "2"
    with pytest.raises(TypeError, match="cannot be changed"):
        del parameters["a"]
    with pytest.raises(TypeError, match="cannot be changed"):
        parameters |= {"b": "2"}
    for name in ("update", "setdefault", "pop", "popitem", "clear"):
        with pytest.raises(TypeError, match="cannot be changed"):
            getattr(parameters, name)("a")
    assert parameters == {"a": "1"}


def test_parameters_make_new_ones_and_hash_by_content() -> None:
    parameters = Parameters({"a": "1", "b": None})
    assert parameters.with_value("C", "3") == {"a": "1", "b": None, "c": "3"}
    assert parameters.without("A", "x") == {"b": None}
    assert hash(parameters) == hash(Parameters({"b": None, "a": "1"}))
