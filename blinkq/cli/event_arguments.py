"""The grammar of the commands for presence, calls of others and voicemail."""

from __future__ import annotations

import argparse

from blinkq.payloads.rpid import ActivityRegistry

__all__ = ["STATES", "add_event_commands"]

#: what may be published: the four that everybody knows, and what people do (RFC 4480)
STATES = ("available", "away", "busy", "offline", *sorted(set(ActivityRegistry.names) - {"away", "busy", "unknown", "other"}))

_Commands = argparse._SubParsersAction


def add_event_commands(commands: _Commands[argparse.ArgumentParser], common: argparse.ArgumentParser, epilog: str) -> None:
    """Add ``presence``, ``dialog`` and ``mwi`` to the parser's commands."""
    presence = commands.add_parser("presence", help="publish our presence, or watch that of others", epilog=epilog)
    actions = presence.add_subparsers(metavar="ACTION", required=True)
    action = actions.add_parser("publish", parents=[common], help="publish a state until interrupted, and report who watches it")
    action.add_argument("state", metavar="STATE", type=_state, help="available, away, busy, offline, or what we do: meeting, lunch …")
    action.add_argument("--note", metavar="TEXT", default="", help="a sentence beside it")
    action.add_argument("--once", action="store_true", help="report the first result, take the state back and leave")
    action.set_defaults(command="presence", action="publish")
    action = actions.add_parser("watch", parents=[common], help="report the presence of others")
    _watch_options(action, "presence")

    dialog = commands.add_parser("dialog", help="watch the calls of others (busy lamps)", epilog=epilog)
    actions = dialog.add_subparsers(metavar="ACTION", required=True)
    action = actions.add_parser("watch", parents=[common], help="report whether others are in a call")
    _watch_options(action, "dialog")

    command = commands.add_parser("mwi", parents=[common], help="report waiting voicemail", epilog=epilog)
    command.add_argument("--once", action="store_true", help="report the first result and leave")
    command.set_defaults(command="mwi")


def _watch_options(action: argparse.ArgumentParser, command: str) -> None:
    action.add_argument("uris", metavar="URI", nargs="+", help="whom: sip:bob@example.com, or bob at the account's domain")
    action.add_argument("--once", action="store_true", help="leave when something is known of each")
    action.set_defaults(command=command, action="watch")


def _state(text: str) -> str:
    if text.lower() not in STATES:
        raise argparse.ArgumentTypeError(f"'{text}' is no state: {', '.join(STATES)}")
    return text.lower()
