"""The command line's grammar: sub-commands, the options that they share, and what is wrong usage (exit status 2)."""

from __future__ import annotations

import argparse
import ipaddress
from pathlib import Path

from blinkq import __version__
from blinkq.cli.event_arguments import add_event_commands

__all__ = ["build_parser"]

EPILOG = """Exit status: 0 done; 1 the call, registration or message failed (the reason is on standard error); 2 wrong usage."""
DIGITS = frozenset("0123456789*#ABCD")
NAME_HELP = "the setting, such as rtp.timeout"
TRACES = ("sip", "rtp", "msrp")
TRACES_HELP = "show SIP messages, RTP figures and what chats and files say (MSRP) on standard error"
KINDS = ("audio", "chat", "file-transfer", "desktop-sharing")


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``blinkq``; without a sub-command the softphone opens."""
    parser = argparse.ArgumentParser(prog="blinkq", description="BlinkQ, a SIP softphone.", epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"BlinkQ {__version__}")
    parser.add_argument("--config-dir", type=Path, metavar="DIR", help="where settings and accounts are kept")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    common = _common_options()
    media = _media_options()

    command = commands.add_parser("register", parents=[common], help="register an account, report, stay", epilog=EPILOG)
    command.add_argument("--once", action="store_true", help="report the first result and leave")
    command.set_defaults(command="register")

    text_of_uri = "whom to call: sip:bob@example.com, bob at the account's domain, or with --account bonjour a neighbour's name"
    command = commands.add_parser("call", parents=[common, media], help="place a call", epilog=EPILOG)
    command.add_argument("uri", metavar="URI", help=text_of_uri)
    command.set_defaults(command="call")

    command = commands.add_parser("answer", parents=[common, media], help="wait for calls and answer them", epilog=EPILOG)
    command.add_argument("--after", type=_seconds, default=0.0, metavar="SECONDS", help="ring that long before answering")
    command.add_argument("--code", type=_refusal, metavar="N", help="refuse with this SIP code (300-699) instead of answering")
    command.add_argument("--count", type=_count, metavar="N", help="leave after that many calls")
    _accept_options(command, "audio")
    text = "hand each caller over to this address, when the call stands"
    command.add_argument("--transfer", metavar="TARGET", help=text)
    text = "with --transfer: that long after the start (default 2)"
    command.add_argument("--transfer-after", type=_seconds, default=2.0, metavar="SECONDS", help=text)
    command.set_defaults(command="answer")

    command = commands.add_parser("echo", parents=[common, media], help="a service that greets, then echoes what it hears", epilog=EPILOG)
    command.add_argument("--count", type=_count, metavar="N", help="leave after that many calls")
    _accept_options(command, "audio,chat,file-transfer,desktop-sharing")
    command.set_defaults(command="echo", after=0.0, code=None, transfer=None)

    text = "place a call, then hand it over to somebody else"
    command = commands.add_parser("transfer", parents=[common, media], help=text, epilog=EPILOG)
    command.add_argument("uri", metavar="URI", help="whom to call first")
    command.add_argument("target", metavar="TARGET", help="whom they shall talk to")
    text = "call TARGET too, and hand over when they have answered (attended transfer); without it the peer calls TARGET by itself"
    command.add_argument("--attended", action="store_true", help=text)
    command.add_argument("--after", type=_seconds, default=2.0, metavar="SECONDS", help="hand over that long after the start (default 2)")
    command.set_defaults(command="transfer")

    command = commands.add_parser("chat", parents=[common], help="talk in writing", epilog=EPILOG)
    command.add_argument("uri", metavar="URI", help=text_of_uri)
    text = "send this and leave, instead of what is typed; may be given several times"
    command.add_argument("--message", action="append", metavar="TEXT", help=text)
    command.add_argument("--wait", type=_seconds, metavar="SECONDS", help="stay that long for answers after the last line")
    command.set_defaults(command="chat")

    command = commands.add_parser("send-file", parents=[common], help="send files", epilog=EPILOG)
    command.add_argument("uri", metavar="URI", help=text_of_uri)
    command.add_argument("files", type=Path, metavar="FILE", nargs="+", help="what to send; an interrupted file goes on where it stopped")
    command.set_defaults(command="send_file")

    command = commands.add_parser("share-desktop", parents=[common], help="show this computer's screen, or one window", epilog=EPILOG)
    command.add_argument("uri", metavar="URI", help=text_of_uri)
    command.add_argument("--monitor", type=int, default=0, metavar="N", help="0 all monitors (default), others from 1")
    command.add_argument("--window", metavar="TITLE", help="show one window alone: a part of its title, or its number")
    command.add_argument("--control", action="store_true", help="let the other side press keys and move the pointer")
    command.add_argument("--server", type=_endpoint, metavar="IP:PORT", help="show what this VNC server has instead")
    command.add_argument("--test-screen", action="store_true", help="show a test screen instead")
    command.set_defaults(command="share_desktop")

    command = commands.add_parser("view-desktop", parents=[common], help="see somebody's screen", epilog=EPILOG)
    command.add_argument("uri", metavar="URI", help=text_of_uri)
    command.add_argument("--port", type=int, default=0, metavar="N", help="wait on this local port for a VNC viewer (default: any)")
    command.add_argument("--screenshot", type=Path, metavar="PNG", help="write one picture and leave, instead")
    command.set_defaults(command="view_desktop")

    text = "call several people and let everybody hear everybody"
    command = commands.add_parser("conference", parents=[common, media], help=text, epilog=EPILOG)
    command.add_argument("uris", metavar="URI", nargs="*", help="whom to call: sip:bob@example.com, or bob at the account's domain")
    command.add_argument("--title", metavar="TEXT", help="the conference's name, as those who take part see it")
    command.add_argument("--answer", action="store_true", help="let whoever calls take part, and stay when all have left")
    command.add_argument("--allow-requests", action="store_true", help="let those who take part invite others and send them away")
    command.set_defaults(command="conference")

    command = commands.add_parser("lookup", parents=[common], help="what would be dialled: DNS queries and routes", epilog=EPILOG)
    command.add_argument("uri", metavar="URI", help="a SIP address, or a domain")
    command.set_defaults(command="lookup")

    text = "send a message, and say whether it arrived"
    command = commands.add_parser("message", parents=[common], help=text, epilog=EPILOG)
    command.add_argument("uri", metavar="URI", help="to whom: sip:bob@example.com, or bob at the account's domain")
    command.add_argument("text", metavar="TEXT", help="what to say; - reads it from standard input")
    text = "register, ask for receipts, and wait that long for the message to be delivered"
    command.add_argument("--wait", type=_seconds, metavar="SECONDS", help=text)
    command.set_defaults(command="message")

    command = commands.add_parser("neighbours", parents=[common], help="who can be called on the local network (Bonjour)", epilog=EPILOG)
    command.add_argument("--watch", action="store_true", help="stay, and report who comes, changes and goes")
    command.add_argument("--wait", type=_seconds, default=3.0, metavar="SECONDS", help="listen that long before printing (default 3)")
    command.set_defaults(command="neighbours")

    add_event_commands(commands, common, EPILOG)
    _settings_command(commands, common)
    return parser


def _accept_options(command: argparse.ArgumentParser, default: str) -> None:
    text = f"what callers may offer, or add to a call: audio, chat, file-transfer, desktop-sharing, with commas (default {default})"
    command.add_argument("--accept", type=_kinds, default=_kinds(default), metavar="KINDS", help=text)
    command.add_argument("--files-dir", type=Path, metavar="DIR", help="where incoming files are kept, instead of the settings' folder")


def _common_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    group = options.add_argument_group("account and network")
    # SUPPRESS: the option may stand before the command as well
    group.add_argument("--config-dir", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="where settings and accounts are kept")
    text = "the account to use; it need not be in the settings; bonjour: the local network"
    group.add_argument("--account", type=_account, metavar="USER@DOMAIN", help=text)
    group.add_argument("--password-file", type=Path, metavar="FILE", help="the account's password is the first line of this file")
    group.add_argument("--proxy", type=_proxy, metavar="HOST:PORT;transport=T", help="outbound proxy; T is udp, tcp or tls")
    group.add_argument("--ca", type=Path, metavar="FILE", help="PEM file with the authorities that may sign the server's certificate")
    group.add_argument("--nameserver", type=_endpoint, metavar="IP:PORT", help="ask this DNS server")
    group.add_argument("--listen", type=_endpoint, metavar="IP:PORT", help="SIP over UDP and TCP here")
    group.add_argument("--local-address", type=_ip, metavar="IP", help="the local address for SIP and RTP")
    group = options.add_argument_group("output")
    group.add_argument("--trace", type=_traces, default=(), metavar="sip,rtp,msrp", help=TRACES_HELP)
    group.add_argument("--json", action="store_true", help="one JSON object per notification on standard output")
    return options


def _media_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    group = options.add_argument_group("media")
    group.add_argument("--play", type=Path, metavar="WAV", help="speak this file into the call instead of the microphone")
    group.add_argument("--play-after", type=_seconds, default=0.0, metavar="SECONDS", help="speak the file that long after the start")
    group.add_argument("--record", type=Path, metavar="WAV", help="write what a person would have heard")
    group.add_argument("--audio", default=None, metavar="null|default|NAME", help="sound device (null: none; the default with --play)")
    group.add_argument("--duration", type=_seconds, metavar="SECONDS", help="hang up after that long")
    group.add_argument("--dtmf", type=_digits, default="", metavar="DIGITS", help="send these digits (0-9 * # A-D) after the start")
    group.add_argument("--hold", type=_hold, metavar="START:SECONDS", help="put the call on hold START seconds after its start")
    group.add_argument("--accept-transfers", action="store_true", help="call whom the peer hands us over to; without it we refuse")
    group.add_argument("--codecs", type=_names, metavar="LIST", help="codecs in order of preference: opus,G722,PCMU,PCMA")
    group.add_argument("--srtp", choices=("off", "optional", "mandatory"), help="encryption of the audio")
    return options


def _settings_command(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--config-dir", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="where settings and accounts are kept")
    text = "show and change the settings, list, add and remove accounts"
    settings = commands.add_parser("settings", parents=[place], help=text, epilog=EPILOG)
    settings.set_defaults(command="settings", action="show", name=None, account=None, json=False)
    actions = settings.add_subparsers(metavar="ACTION")
    scope = argparse.ArgumentParser(add_help=False, parents=[place])
    scope.add_argument("--account", type=_account, metavar="USER@DOMAIN", help="the settings of this account, not the general ones")
    scope.add_argument("--json", action="store_true", help="print JSON")

    action = actions.add_parser("show", parents=[scope], help="show all settings, or those below a name")
    action.add_argument("name", nargs="?", metavar="NAME", help="a setting or a group, such as rtp; without it all are shown")
    action.set_defaults(action="show")
    for word, text in (("get", "print one setting's value"), ("reset", "put a setting back to its default")):
        action = actions.add_parser(word, parents=[scope], help=text)
        action.add_argument("name", metavar="NAME", help=NAME_HELP)
        action.set_defaults(action=word)
    action = actions.add_parser("set", parents=[scope], help="change a setting")
    action.add_argument("name", metavar="NAME", help=NAME_HELP)
    action.add_argument("value", nargs="?", metavar="VALUE", help="true, false, a number, a name, or several with commas; \"\" for none")
    action.add_argument("--password-file", type=Path, metavar="FILE", help="with NAME password: it is the first line of this file")
    action.set_defaults(action="set")

    accounts = actions.add_parser("accounts", parents=[place], help="list, add and remove accounts")
    accounts.set_defaults(action="accounts-list", json=False)
    words = accounts.add_subparsers(metavar="list|add|remove")
    word_parser = words.add_parser("list", parents=[place], help="list the accounts")
    word_parser.add_argument("--json", action="store_true", help="print JSON")
    word_parser.set_defaults(action="accounts-list")
    word_parser = words.add_parser("add", parents=[place], help="add an account and enable it")
    word_parser.add_argument("id", type=_address, metavar="USER@DOMAIN", help="the account's SIP address")
    word_parser.add_argument("--password-file", type=Path, metavar="FILE", help="the password is the first line of this file")
    word_parser.add_argument("--display-name", metavar="NAME", help="your name, as others see it")
    word_parser.add_argument("--proxy", type=_proxy, metavar="HOST:PORT;transport=T", help="outbound proxy; T is udp, tcp or tls")
    word_parser.set_defaults(action="accounts-add")
    word_parser = words.add_parser("remove", parents=[place], help="remove an account and its password")
    word_parser.add_argument("id", type=_address, metavar="USER@DOMAIN", help="the account's SIP address")
    word_parser.set_defaults(action="accounts-remove")


# types: each raises ArgumentTypeError with a sentence ---------------------------------------------------------------------------


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of calls (1 or more)")
    return int(text)


def _refusal(text: str) -> int:
    if not text.isdecimal() or not 300 <= int(text) <= 699:
        raise argparse.ArgumentTypeError(f"'{text}' is not a SIP code that refuses a call (300-699)")
    return int(text)


def _address(text: str) -> str:
    address = text.removeprefix("sip:")
    user, _, domain = address.partition("@")
    if not user or not domain or "@" in domain or any(character.isspace() for character in address):
        raise argparse.ArgumentTypeError(f"'{text}' is not a SIP address like alice@example.com")
    return address


def _account(text: str) -> str:
    return "bonjour@local" if text == "bonjour" else _address(text)


def _ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not an IP address") from None


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host:
        host, port = text, "0"
    if not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not IP:PORT")
    return _ip(host.strip("[]")), int(port)


def _proxy(text: str) -> str:
    address, _, parameters = text.partition(";")
    transport = "udp"
    if parameters:
        name, _, transport = parameters.partition("=")
        if name != "transport" or transport.lower() not in ("udp", "tcp", "tls"):
            raise argparse.ArgumentTypeError(f"'{text}': after the semicolon must come transport=udp, tcp or tls")
    host, colon, port = address.rpartition(":")
    if not colon:
        host, port = address, "5061" if transport == "tls" else "5060"
    if not host or not port.isdecimal() or not 0 < int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not HOST:PORT;transport=udp|tcp|tls")
    return f"{host}:{port};transport={transport.lower()}"


def _digits(text: str) -> str:
    digits = text.upper()
    if not set(digits) <= DIGITS:
        raise argparse.ArgumentTypeError(f"'{text}': the digits are 0-9 * # A B C D")
    return digits


def _hold(text: str) -> tuple[float, float]:
    start, colon, length = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"'{text}' is not START:SECONDS")
    return _seconds(start), _seconds(length)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _kinds(text: str) -> tuple[str, ...]:
    names = _names(text)
    if wrong := [name for name in names if name not in KINDS]:
        raise argparse.ArgumentTypeError(f"'{wrong[0]}' cannot be accepted; {', '.join(KINDS)} can")
    return names


def _traces(text: str) -> tuple[str, ...]:
    names = _names(text)
    if wrong := [name for name in names if name not in TRACES]:
        raise argparse.ArgumentTypeError(f"'{wrong[0]}' cannot be traced; {', '.join(TRACES)} can")
    return names
