"""What goes wrong ends with exit status 1 and a sentence that says what happened: never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.lab import BlinkQ, Lab

pytestmark = pytest.mark.lab


def failing_call(lab: Lab, alice: list[str], uri: str, *more: str, seconds: float = 40) -> str:
    with BlinkQ("call", uri, *alice, "--proxy", lab.proxy("udp"), "--audio", "null", *more) as call:
        assert call.wait(seconds) == 1, call.text
    assert "Traceback" not in call.text
    return call.text


@pytest.mark.parametrize(
    ("uri", "words"),
    [("sip:486@lab.test", "busy"), ("sip:404@lab.test", "does not exist"), ("sip:603@lab.test", "declined"), ("sip:488@lab.test", "codec")],
)
def test_refused_calls(lab: Lab, alice: list[str], uri: str, words: str) -> None:
    text = failing_call(lab, alice, uri)
    assert words in text
    assert uri[4:7] in text


def test_wrong_password(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-password")
    options = [str(wrong) if option.endswith("password") else option for option in alice]
    with BlinkQ("register", "--once", *options, "--proxy", lab.proxy("udp")) as register:
        assert register.wait() == 1
    assert "password" in register.text
    assert "Traceback" not in register.text


def test_certificate_of_an_unknown_authority(lab: Lab, alice: list[str]) -> None:
    other_ca = lab.directory / "tls" / "bad.pem"
    options = [str(other_ca) if option == str(lab.ca) else option for option in alice]
    with BlinkQ("register", "--once", *options, "--proxy", lab.proxy("tls")) as register:
        assert register.wait() == 1
    assert "certificate" in register.text
    assert "authority" in register.text


def test_refused_connection(lab: Lab, alice: list[str]) -> None:
    with BlinkQ("register", "--once", *alice, "--proxy", f"127.0.0.1:{lab.port(99)};transport=tcp") as register:
        assert register.wait() == 1
    assert "refused" in register.text


def test_unknown_host(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    """Without an account we look for it ourselves; with one its server does, and gets our credentials for that."""
    with BlinkQ("call", "sip:bob@gone.test", "--config-dir", str(tmp_path), "--nameserver", lab.nameserver, "--audio", "null") as call:
        assert call.wait() == 1
    assert "does not exist" in call.text or "No server" in call.text
    with BlinkQ("call", "sip:bob@gone.test", *alice, "--audio", "null") as call:
        assert call.wait() == 1
        assert call.wait_for("SIPSessionDidFail")["code"] not in (401, 407)


def test_unsupported_codec_is_wrong_usage(alice: list[str]) -> None:
    with BlinkQ("call", "sip:bob@lab.test", *alice, "--codecs", "G729x", "--audio", "null") as call:
        assert call.wait() == 2
    assert "G729x" in call.text


def test_missing_sound_device(lab: Lab, alice: list[str]) -> None:
    with BlinkQ("call", "sip:486@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "No Such Device") as call:
        assert call.wait() == 1
    assert "No Such Device" in call.text
    assert "busy" in call.text  # the call was placed all the same


def test_unreadable_wav(alice: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_text("this is not a sound file")
    with BlinkQ("call", "sip:bob@lab.test", *alice, "--play", str(bad)) as call:
        assert call.wait() == 1
    assert "bad.wav" in call.text


def test_broken_settings_file(lab: Lab, alice: list[str], tmp_path: Path) -> None:
    directory = tmp_path / "config"
    directory.mkdir()
    (directory / "config").write_bytes(b"\x00\xffthis is { not a settings file\n   = \n")
    with BlinkQ("call", "sip:486@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null") as call:
        assert call.wait() == 1
    assert "settings" in call.text.lower()
    assert "Traceback" not in call.text
    kept = [path for path in directory.iterdir() if b"not a settings file" in path.read_bytes()]
    assert kept, os.listdir(directory)


def test_no_answer(lab: Lab, alice: list[str]) -> None:
    with BlinkQ("call", "sip:ring@lab.test", *alice, "--proxy", lab.proxy("udp"), "--audio", "null") as call:
        call.wait_for("SIPSessionGotRingIndication")
        call.interrupt()
        assert call.wait() == 1
    assert "Traceback" not in call.text
