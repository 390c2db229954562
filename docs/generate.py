"""Writes the pages of the manual that come from the code: ``python docs/generate.py``; with ``--check`` it only says what is stale.

Each page is a function that returns its text. Nothing machine-dependent may get in: the pages are compared in the tests.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import platformdirs

import blinkq
import blinkq.sipsimple.notifications
from blinkq.base.catalogue import CATALOGUE
from blinkq.base.statemachine import StateTable
from blinkq.cli.arguments import build_parser
from blinkq.sipsimple import explain
from blinkq.sipsimple.account import Account, BonjourAccount
from blinkq.sipsimple.configuration import KEPT, RuntimeSetting, Setting, SettingAlias, SettingsGroupMeta, SettingsObject
from blinkq.sipsimple.configuration.setting import to_stored
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings

DOCS = Path(__file__).resolve().parent
NOTE = "<!-- Made by docs/generate.py from {source}: change it there, then run `make docs`. -->"

#: every module with a ``TABLE``, in the order of the page, with its title
MACHINES = {
    "blinkq.sip.transactions.invite_client": "INVITE client transaction",
    "blinkq.sip.transactions.non_invite_client": "Non-INVITE client transaction",
    "blinkq.sip.transactions.invite_server": "INVITE server transaction",
    "blinkq.sip.transactions.non_invite_server": "Non-INVITE server transaction",
    "blinkq.sip.usages.invitation_states": "Invitation (a call, as the protocol sees it)",
    "blinkq.sip.usages.registration": "Registration",
    "blinkq.sip.usages.subscription_states": "Subscription of ours",
    "blinkq.sip.usages.incoming_subscription": "Subscription of a peer",
    "blinkq.sip.usages.publication": "Publication",
    "blinkq.sipsimple.messaging.states": "Message of ours, as applications see it",
    "blinkq.sipsimple.session.states": "Session (a call, as applications see it)",
    "blinkq.sipsimple.session.transfer_handler": "Transfer of a session",
}


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or check them; returns 1 when ``--check`` finds a stale one."""
    parser = argparse.ArgumentParser(description="Write the manual's generated pages.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    options = parser.parse_args(arguments)
    stale = [name for name, page in PAGES.items() if not _is_current(DOCS / name, page())]
    for name in stale:
        if options.check:
            print(f"docs/{name} is stale: run `make docs`", file=sys.stderr)
        else:
            (DOCS / name).write_text(PAGES[name](), "utf-8")
            print(f"docs/{name} written")
    return 1 if options.check and stale else 0


def _is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def _page(title: str, source: str, lines: Iterable[str]) -> str:
    return "\n".join([NOTE.format(source=source), "", f"# {title}", "", *lines]).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# notifications ---------------------------------------------------------------------------------------------------------------


def notifications() -> str:
    """Every notification, by the class of its sender."""
    senders = list(dict.fromkeys(declaration.sender for declaration in CATALOGUE.values()))
    lines = [
        "Every notification that can be posted, by its sender. All data has `timestamp`, a datetime with time zone, besides the fields",
        "named here; those in *italics* may be missing. The command line prints notifications with `--json`.",
        "",
    ]
    for sender in senders:
        lines += [f"## {sender}", "", "| notification | data | when |", "|---|---|---|"]
        for declaration in (each for each in CATALOGUE.values() if each.sender == sender):
            fields = [f"`{name}`" for name in sorted(declaration.required)] + [f"*{name}*" for name in sorted(declaration.optional)]
            lines.append(f"| `{declaration.name}` | {', '.join(fields) or '–'} | {_cell(declaration.doc)} |")
        lines.append("")
    return _page("Notifications", "blinkq/sipsimple/notifications.py", lines)


# settings --------------------------------------------------------------------------------------------------------------------


def settings() -> str:
    """Every setting with type, default and prose, and what the types look like."""
    lines = [
        "`blinkq settings show` prints them as they are, `blinkq settings set NAME VALUE` changes one; with `--account USER@DOMAIN`",
        "those of an account (`bonjour` is the one for the local network). A list is written with commas, *none* as an empty text.",
        "",
    ]
    types: dict[str, str] = {}
    kept: list[str] = []
    for title, owner in (("General", SIPSimpleSettings), ("Each account", Account), ("The account bonjour", BonjourAccount)):
        lines += [f"## {title}", "", "| setting | type | default | meaning |", "|---|---|---|---|"]
        for path, setting in _declarations(owner):
            name = {"str": "text", "bool": "true or false", "int": "number", "float": "number"}.get(
                setting.type.__name__, setting.type.__name__
            )
            if setting.type.__module__ != "builtins":
                types[name] = re.split(r"\n\s*\n", setting.type.__doc__ or "")[0].strip()
            if setting.nillable:
                name += " or none"
            row = f"| `{path}` | {name} | {_default(setting)} |"
            if setting.is_kept:
                kept.append(f"| {title.lower()} {row} {_cell(setting.doc.removeprefix(KEPT))} |")
            else:
                lines.append(f"{row} {_meaning(setting)} |")
        lines.append("")
    lines += ["## Other names", "", "| name | of an account: | is |", "|---|---|---|"]
    for title, owner in (("no", SIPSimpleSettings), ("yes", Account)):
        lines += [f"| `{path}` | {title} | `{alias.path}` |" for path, alias in _aliases(owner)]
    lines += [
        "",
        "## Kept for compatibility",
        "",
        "Scripts and settings files of the SIP SIMPLE client SDK have these. They are checked and stored, and have no effect.",
        "",
        "| where | setting | type | default | why |",
        "|---|---|---|---|---|",
        *kept,
        "",
    ]
    lines += ["## Types", "", "| type | values |", "|---|---|"]
    lines += [f"| {name} | {_cell(doc)} |" for name, doc in sorted(types.items())]
    return _page("Settings", "the settings modules of blinkq/sipsimple", lines)


def _declarations(owner: type[SettingsObject] | SettingsGroupMeta, prefix: str = "") -> Iterator[tuple[str, Setting[Any]]]:
    members = [(name, getattr(owner, name)) for name in dir(owner) if not name.startswith("__")]
    for name, member in members:
        if isinstance(member, Setting):
            yield prefix + name, member
    for name, member in members:
        if isinstance(member, SettingsGroupMeta):
            yield from _declarations(member, f"{prefix}{name}.")


def _aliases(owner: type[SettingsObject] | SettingsGroupMeta, prefix: str = "") -> Iterator[tuple[str, SettingAlias]]:
    for name, member in ((name, getattr(owner, name)) for name in dir(owner) if not name.startswith("__")):
        if isinstance(member, SettingAlias):
            yield prefix + name, member
        elif isinstance(member, SettingsGroupMeta):
            yield from _aliases(member, f"{prefix}{name}.")


def _meaning(setting: Setting[Any]) -> str:
    return _cell(setting.doc) + (" (not stored)" if isinstance(setting, RuntimeSetting) else "")


def _default(setting: Setting[Any]) -> str:
    stored = to_stored(setting.default)
    text = ", ".join(stored) if isinstance(stored, list) else str(stored or "")
    text = text.replace(platformdirs.user_documents_dir(), "your documents").replace(blinkq.__version__, "VERSION").replace("\\", "/")
    return f"`{text}`" if text else "none"


# state machines --------------------------------------------------------------------------------------------------------------


def state_machines() -> str:
    """Each state table as a diagram."""
    lines = [
        "The tables in the code are complete: what has no arrow is refused as a fault of ours, never as one of the peer.",
        "Inputs that leave a state as it is are listed below each diagram.",
        "",
    ]
    for module_name, title in MACHINES.items():
        module = importlib.import_module(module_name)
        summary = re.split(r"\n\s*\n", module.__doc__ or "")[0].strip()
        path = module_name.replace(".", "/")
        lines += [f"## {title}", "", summary, "", f"From [`{path}.py`](../{path}.py).", "", *_diagram(module.TABLE), ""]
    return _page("State machines", "the TABLE of the modules named below", lines)


def _diagram(table: StateTable[Any, Any]) -> list[str]:
    arrows: dict[tuple[str, str], list[str]] = {}
    loops: dict[str, list[str]] = {}
    for (origin, event), target in table.transitions.items():
        word = event.name.lower().replace("_", " ")
        if origin is target:
            loops.setdefault(origin.name, []).append(word)
        else:
            arrows.setdefault((origin.name, target.name), []).append(word)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {table.initial.name}"]
    lines += [f"    {origin} --> {target}: {', '.join(words)}" for (origin, target), words in arrows.items()]
    lines += [f"    {name} --> [*]" for name in sorted(state.name for state in table.final)]
    lines.append("```")
    if loops:
        lines += ["", *(f"* {name} stays: {', '.join(words)}" for name, words in loops.items())]
    return lines


# failures --------------------------------------------------------------------------------------------------------------------


def failures() -> str:
    """What is said for each SIP code."""
    tables = (
        ("Calls", explain._CALL_CODES, explain._CALL_CLASSES),
        ("Registrations", explain._REGISTRATION_CODES, explain._REGISTRATION_CLASSES),
        ("Presence, calls of others, voicemail", explain._EVENT_CODES, explain._EVENT_CLASSES),
        ("Messages", explain._MESSAGE_CODES, explain._MESSAGE_CLASSES),
    )
    lines = [
        "The sentences for each SIP code that ends a call, or refuses a registration, a subscription or a message; the code follows in",
        "brackets where they are shown.",
        "What they mean and what else to look at is in [the manual](manual/troubleshooting.md).",
        "",
    ]
    for title, codes, classes in tables:
        rows = {str(code): sentences for code, sentences in codes.items()}
        rows |= {f"other {number}xx" if number else "none": sentences for number, sentences in sorted(classes.items())}
        lines += [f"## {title}", "", "| code | what happened | what to do |", "|---|---|---|"]
        lines += [f"| {code} | {_cell(_named(happened))} | {_cell(_named(advice)) or '–'} |" for code, (happened, advice) in rows.items()]
        lines.append("")
    return _page("Failures", "blinkq/sipsimple/explain.py", lines)


def _named(sentence: str) -> str:
    return sentence.replace("{peer}", "PEER").replace("{account}", "ACCOUNT")


# command line ----------------------------------------------------------------------------------------------------------------


def command_line() -> str:
    """Each command with its arguments. Not argparse's own help text, whose form depends on Python's version."""
    parser = build_parser()
    shared: dict[str, list[argparse.Action]] = {}
    lines = ["`blinkq` without a command opens the softphone. For worked examples see [the manual](manual/command-line.md).", ""]
    lines += _table(_own_arguments(parser))
    lines += _commands(parser, "blinkq", 2, shared)
    for title, actions in shared.items():
        lines += [f"## {_shared_title(title)}", "", *_table(actions)]
    lines += ["## Exit status", "", (parser.epilog or "").removeprefix("Exit status: ")]
    return _page("The command line", "blinkq/cli/arguments.py", lines)


def _commands(parser: argparse.ArgumentParser, name: str, level: int, shared: dict[str, list[argparse.Action]]) -> Iterator[str]:
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {choice.dest: choice.help for choice in action._choices_actions}
        for word, child in action.choices.items():
            yield from [f"{'#' * level} {name} {word}", ""]
            if text := helps.get(word):
                yield from [f"{text[:1].upper()}{text[1:]}.", ""]
            yield from _table(_own_arguments(child))
            titles = [group.title for group in child._action_groups if group.title not in _ARGPARSE_GROUPS and group._group_actions]
            for group in child._action_groups:
                if group.title in titles:
                    shared.setdefault(group.title or "", group._group_actions)
            if titles:
                links = [f"[{title}](#{_shared_title(title or '').lower().replace(' ', '-')})" for title in titles]
                yield from [f"Also the options for {'; '.join(links)}.", ""]
            yield from _commands(child, f"{name} {word}", level + 1, shared)


_ARGPARSE_GROUPS = ("positional arguments", "options", "commands")


def _shared_title(title: str) -> str:
    return f"Options for {title}"


def _own_arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Positional ones first; without those of the groups that several commands share."""
    groups = [group for group in parser._action_groups if group.title in _ARGPARSE_GROUPS]
    return [action for group in groups for action in group._group_actions]


def _table(actions: Iterable[argparse.Action]) -> list[str]:
    rows = []
    for action in actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else "")
        name = f"{action.option_strings[0]} {value if action.nargs != 0 else ''}".strip() if action.option_strings else str(value)
        rows.append(f"| `{_cell(name)}` | {_cell(action.help or '')} |")
    return ["| argument | meaning |", "|---|---|", *rows, ""] if rows else []


PAGES: dict[str, Callable[[], str]] = {
    "notifications.md": notifications,
    "settings.md": settings,
    "state-machines.md": state_machines,
    "failures.md": failures,
    "command-line.md": command_line,
}

if __name__ == "__main__":
    sys.exit(main())
