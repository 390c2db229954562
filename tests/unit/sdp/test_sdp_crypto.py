"""a=crypto lines: what is taken, what is left alone."""

from __future__ import annotations

import base64

import pytest

from blinkq.sdp.crypto import DEFAULT_SUITES, KEY_SIZES, CryptoAttribute, choose, parse_all

KEY = bytes(range(30))
INLINE = base64.b64encode(KEY).decode()


@pytest.mark.parametrize(("suite", "size"), KEY_SIZES.items())
def test_a_line_reads_as_it_was_written(suite: str, size: int) -> None:
    line = CryptoAttribute(3, suite, bytes(size))
    assert CryptoAttribute.parse(str(line)) == line


@pytest.mark.parametrize("rest", ["", "|2^31", "|1048576", " WSH=64", " -OPTIONAL=1", "  "])
def test_lifetime_and_harmless_parameters_are_ignored(rest: str) -> None:
    line = CryptoAttribute.parse(f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}{rest}")
    assert line == CryptoAttribute(1, "AES_CM_128_HMAC_SHA1_80", KEY)


def test_padding_may_be_missing() -> None:
    text = base64.b64encode(bytes(28)).decode().rstrip("=")
    assert CryptoAttribute.parse(f"1 AEAD_AES_128_GCM inline:{text}") == CryptoAttribute(1, "AEAD_AES_128_GCM", bytes(28))


@pytest.mark.parametrize(
    "value",
    [
        "", "x", f"1 UNKNOWN inline:{INLINE}", f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE} KDR=1", f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}|2^20|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE};inline:{INLINE}", "1 AES_CM_128_HMAC_SHA1_80 inline:!!!!",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA", f"1 AES_CM_128_HMAC_SHA1_80 outline:{INLINE}", "1 AES_CM_128_HMAC_SHA1_80 inline",
        "1 AES_CM_128_HMAC_SHA1_80 inline:\u00e9",
    ],
)  # fmt: skip
def test_what_we_cannot_do_is_left_alone(value: str) -> None:
    assert CryptoAttribute.parse(value) is None


def test_the_offerers_first_supported_line_is_chosen() -> None:
    values = ["x", f"2 AES_CM_128_HMAC_SHA1_32 inline:{INLINE}", f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}"]
    chosen = choose(parse_all(values), DEFAULT_SUITES)
    assert chosen is not None
    assert chosen.tag == 2
    assert choose(parse_all(values), ("AEAD_AES_128_GCM",)) is None


def test_the_key_does_not_show() -> None:
    assert "key" not in repr(CryptoAttribute(1, "AES_CM_128_HMAC_SHA1_80", KEY))
