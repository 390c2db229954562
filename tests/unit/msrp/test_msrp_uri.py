"""MSRP URIs and paths."""

from __future__ import annotations

import pytest

from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.uri import MSRPURI, format_path, parse_path


@pytest.mark.parametrize(
    "text",
    [
        "msrp://alice.example.com:7394/2s93i9ek2a;tcp",
        "msrps://bob@[2001:db8::1]:9892/98cjs;tcp",
        "msrp://relay.example.com;tcp",
        "msrps://10.0.0.1:1234/a%20b;ws;sid=2;flag",
    ],
)
def test_what_is_read_is_written_again(text: str) -> None:
    assert str(MSRPURI.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "sip:alice@example.com", "msrp://", "msrp://host/abc", "msrp://host:0/a;tcp", "msrp://host:70000/a;tcp", "msrp://[::zz]/a;tcp",
        "msrp://host/a b;tcp", "msrp://host/a;=x", "msrp://host/a;tcp=1", "msrp://" + "h" * 2000 + "/a;tcp",
    ],
)  # fmt: skip
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(MSRPParseError):
        MSRPURI.parse(text)


def test_comparison_follows_the_rfc() -> None:
    uri = MSRPURI.parse("msrp://Alice.example.com:2855/AbC;tcp")
    assert uri.matches(MSRPURI.parse("msrp://someone@alice.EXAMPLE.com/AbC;TCP;x=1"))
    for other in ("msrp://alice.example.com/abc;tcp", "msrps://alice.example.com/AbC;tcp", "msrp://alice.example.com:1/AbC;tcp",
                  "msrp://alice.example.com/AbC;ws", "msrp://bob.example.com/AbC;tcp"):  # fmt: skip
        assert not uri.matches(MSRPURI.parse(other))


def test_paths() -> None:
    text = "msrps://relay.example.com:9000/x1;tcp msrps://alice.example.com:7654/iau39;tcp"
    path = parse_path(text)
    assert len(path) == 2
    assert format_path(path) == text
    assert path[0].without_session().session_id is None
    with pytest.raises(MSRPParseError):
        parse_path("  ")
    with pytest.raises(MSRPParseError):
        parse_path(" ".join(["msrp://a/b;tcp"] * 17))
