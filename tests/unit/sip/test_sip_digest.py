"""Answering digest challenges: the published examples, and the choices between challenges (RFC 7616, RFC 8760)."""

from __future__ import annotations

import hashlib

import pytest

from blinkq.base.clock import SeededEntropy
from blinkq.sip.digest import Challenge, Credentials, authorize, parse_challenge, parse_challenges
from blinkq.sip.errors import SIPParseError
from blinkq.sip.uri import URI

MUFASA = Credentials("Mufasa", "Circle of Life")
RFC7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


class FixedEntropy(SeededEntropy):
    """Gives one and the same token, as the examples need it."""

    def __init__(self, token: str) -> None:
        super().__init__(0)
        self._token = token

    def token(self, nbytes: int = 8) -> str:
        return self._token


def answer(challenges: list[Challenge], credentials: Credentials = MUFASA, cnonce: str = "cafe", body: bytes = b"") -> dict[str, str]:
    value = authorize(challenges, credentials, "REGISTER", "sip:example.com", body, {}, FixedEntropy(cnonce))
    assert value is not None
    scheme, _, rest = value.partition(" ")
    assert scheme == "Digest"
    return dict(part.split("=", 1) for part in rest.split(", "))  # type: ignore[arg-type]  # always two


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    challenge = parse_challenge(RFC7616.format(algorithm))
    value = authorize([challenge], MUFASA, "GET", "/dir/index.html", b"", {}, FixedEntropy(cnonce))
    assert value == (
        f'Digest username="Mufasa", realm="http-auth@example.org", nonce="{challenge.nonce}", uri="/dir/index.html", '
        f'response="{response}", algorithm={algorithm}, cnonce="{cnonce}", opaque="{challenge.opaque}", qop=auth, nc=00000001'
    )


def test_without_qop() -> None:
    fields = answer([parse_challenge('Digest realm="r", nonce="n"')])
    expected = md5(f"{md5('Mufasa:r:Circle of Life')}:n:{md5('REGISTER:sip:example.com')}")
    assert fields == {
        "username": '"Mufasa"',
        "realm": '"r"',
        "nonce": '"n"',
        "uri": '"sip:example.com"',
        "response": f'"{expected}"',
    }


def test_session_algorithms() -> None:
    fields = answer([parse_challenge('Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"')])
    secret = md5(f"{md5('Mufasa:r:Circle of Life')}:n:cafe")
    expected = md5(f"{secret}:n:00000001:cafe:auth:{md5('REGISTER:sip:example.com')}")
    assert fields["response"] == f'"{expected}"'
    assert fields["algorithm"] == "MD5-sess"
    without_qop = answer([parse_challenge('Digest realm="r", nonce="n", algorithm=SHA-256-sess')])
    assert without_qop["cnonce"] == '"cafe"'
    assert "qop" not in without_qop


def test_integrity_protection_when_nothing_else_is_offered() -> None:
    fields = answer([parse_challenge('Digest realm="r", nonce="n", qop="auth-int"')], body=b"v=0")
    what = md5(f"REGISTER:sip:example.com:{md5('v=0')}")
    expected = md5(f"{md5('Mufasa:r:Circle of Life')}:n:00000001:cafe:auth-int:{what}")
    assert fields["response"] == f'"{expected}"'
    assert fields["qop"] == "auth-int"


def test_the_strongest_supported_challenge_is_answered() -> None:
    lines = [
        'Digest realm="r", nonce="1", algorithm=MD5',
        'Digest realm="r", nonce="2", algorithm=SHA-512-256',
        'Basic realm="r"',
        'Digest realm="r", nonce="3", algorithm=sha-256-sess, Digest realm="r", nonce="4", algorithm=SHA-256',
        'Digest realm="r", nonce="5", qop="future"',
    ]
    challenges = parse_challenges(lines)
    assert [challenge.supported for challenge in challenges] == [True, False, False, True, True, False]
    assert answer(challenges)["nonce"] == '"3"'


def test_nothing_to_answer() -> None:
    entropy = SeededEntropy(1)
    assert authorize([], MUFASA, "GET", "x", b"", {}, entropy) is None
    assert authorize([Challenge("basic")], MUFASA, "GET", "x", b"", {}, entropy) is None


def test_credentials_for_one_realm_only() -> None:
    challenge = parse_challenge('Digest realm="a \\"b\\"", nonce="n"')
    assert Credentials("u", "p", 'a "b"').fit(challenge)
    assert not Credentials("u", "p", "other").fit(challenge)
    assert authorize([challenge], Credentials("u", "p", "other"), "GET", "x", b"", {}, SeededEntropy(1)) is None


def test_nonces_are_counted() -> None:
    counts: dict[str, int] = {}
    challenge = parse_challenge('Digest realm="r", nonce="n", qop="auth"')
    values = [authorize([challenge], MUFASA, "GET", URI(host="h"), b"", counts, SeededEntropy(1)) for _ in range(11)]
    assert values[0] is not None
    assert values[0].endswith("nc=00000001")
    assert values[10] is not None
    assert values[10].endswith("nc=0000000b")
    assert counts == {"n": 11}


def test_a_username_cannot_break_out() -> None:
    challenge = parse_challenge('Digest realm="r", nonce="n"')
    value = authorize([challenge], Credentials('a"\\\r\nb', "p"), "GET", "x", b"", {}, SeededEntropy(1))
    assert value is not None
    assert value.startswith('Digest username="a\\"\\\\  b", realm')


def test_reading_a_challenge() -> None:
    challenge = parse_challenge(
        'DIGEST  realm = "a, b" ,nonce=abc, stale=TRUE, domain="sip:x", qop="AUTH,,x", opaque="", , algorithm="MD5"'
    )
    assert challenge == Challenge("digest", "a, b", "abc", "", "MD5", frozenset({"auth", "x"}), True)
    assert (challenge.strength, challenge.session) == (1, False)
    assert parse_challenge("Negotiate abc==") == Challenge("negotiate")
    assert parse_challenge("Negotiate abc/def") == Challenge("negotiate")
    assert parse_challenge("NTLM") == Challenge("ntlm")


@pytest.mark.parametrize(
    "text",
    [
        "",
        'realm="r", nonce="n"',
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="open, nonce=x',
        'Digest realm="r", nonce="n", "x"',
        'Digest realm="r", nonce="n", Digest realm="r", nonce="n"',
        "Digest",
    ],
)
def test_bad_challenges(text: str) -> None:
    with pytest.raises(SIPParseError):
        parse_challenge(text)


def test_too_many_challenges() -> None:
    with pytest.raises(SIPParseError, match="too many"):
        parse_challenges(["Basic"] * 17)


def test_the_password_does_not_show() -> None:
    assert repr(MUFASA) == "Credentials(username='Mufasa', realm=None)"
