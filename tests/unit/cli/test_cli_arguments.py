"""The command line's grammar: what is understood, and what is wrong usage with a sentence."""

from __future__ import annotations

import pytest

from blinkq.cli.arguments import build_parser
from blinkq.cli.main import main


def parse(text: str) -> object:
    return build_parser().parse_args(text.split())


def test_no_command_is_the_softphone() -> None:
    assert parse("").command is None  # type: ignore[attr-defined]


def test_call_with_everything() -> None:
    options = vars(build_parser().parse_args([
        "call", "sip:bob@lab.test", "--account", "alice@lab.test", "--proxy", "127.0.0.1:5061;transport=TLS",
        "--nameserver", "127.0.0.1:53",
        "--listen", "[::1]:5070", "--local-address", "127.0.0.1", "--dtmf", "12ab#", "--codecs", "opus, PCMU", "--srtp", "mandatory",
        "--trace", "sip,rtp", "--duration", "2.5", "--hold", "1:2", "--json",
    ]))  # fmt: skip
    assert options["command"] == "call"
    assert options["proxy"] == "127.0.0.1:5061;transport=tls"
    assert options["nameserver"] == ("127.0.0.1", 53)
    assert options["listen"] == ("::1", 5070)
    assert options["dtmf"] == "12AB#"
    assert options["codecs"] == ("opus", "PCMU")
    assert options["trace"] == ("sip", "rtp")
    assert options["hold"] == (1.0, 2.0)


@pytest.mark.parametrize(("text", "port"), [("proxy.example", "5060;transport=udp"), ("proxy.example;transport=tls", "5061;transport=tls")])
def test_a_proxy_without_port_gets_the_transports_default(text: str, port: str) -> None:
    assert vars(build_parser().parse_args(["call", "bob", "--proxy", text]))["proxy"] == f"proxy.example:{port}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("call bob --account alice", "is not a SIP address"),
        ("call bob --dtmf 12x", "the digits are"),
        ("call bob --proxy host:99999", "is not HOST:PORT"),
        ("call bob --proxy host:1;transport=sctp", "after the semicolon"),
        ("call bob --nameserver example", "is not an IP address"),
        ("call bob --listen 127.0.0.1:70000", "is not IP:PORT"),
        ("call bob --duration soon", "is not a number of seconds"),
        ("call bob --duration nan", "is not a number of seconds"),
        ("call bob --hold 3", "is not START:SECONDS"),
        ("call bob --trace sip,foo", "'foo' cannot be traced"),
        ("answer --code 200", "is not a SIP code that refuses"),
        ("answer --count 0", "is not a number of calls"),
        ("call", "required"),
        ("fly", "invalid choice"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(arguments: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments.split())
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_settings_words() -> None:
    for text, action in (
        ("settings", "show"), ("settings show sip", "show"), ("settings set sip.udp_port 5060", "set"), ("settings get a.b", "get"),
        ("settings reset a.b", "reset"), ("settings accounts", "accounts-list"), ("settings accounts list", "accounts-list"),
        ("settings accounts add a@b", "accounts-add"), ("settings accounts remove a@b", "accounts-remove"),
    ):  # fmt: skip
        assert parse(text).action == action  # type: ignore[attr-defined]
