"""``blinkq settings``: show, get, set and reset settings; list, add and remove accounts. It needs no running engine."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from blinkq.base.errors import BlinkQError
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.cli.failure import CommandFailure, WrongUsage, as_sentence, load_failure
from blinkq.cli.output import Output
from blinkq.cli.preparation import CopiedPasswords, config_directory, read_password
from blinkq.sipsimple.account import Account, AccountManager, BonjourAccount
from blinkq.sipsimple.configuration import (
    ConfigurationManager,
    Setting,
    SettingReference,
    SettingsGroupMeta,
    SettingsObject,
    iter_settings,
)
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.password import PasswordSetting
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings

__all__ = ["run"]

HIDDEN = "[hidden]"


def run(options: Namespace, output: Output) -> int:
    """Carry out one action; returns 0. Raises CommandFailure with the reason."""
    with _configuration(options) as problems:
        _ACTIONS[options.action](options, output)
    for sentence in problems:
        output.say(sentence)
    return 1 if problems else 0


@contextmanager
def _configuration(options: Namespace) -> Iterator[list[str]]:
    """The stored configuration, open for changes; yields the list of what could not be loaded or saved."""
    problems: list[str] = []
    observer = _Problems(problems)
    for name in ("CFGManagerLoadFailed", "CFGManagerSaveFailed"):
        NotificationCenter().add_observer(observer, name)
    manager = ConfigurationManager()
    try:
        if options.action in _READING:
            _start_reading(config_directory(options), problems)
        else:
            manager.start(FileBackend(config_directory(options) / "config"))
        AccountManager().load()
        yield problems
    except (CommandFailure, WrongUsage):
        raise
    except (BlinkQError, OSError) as error:
        raise CommandFailure(as_sentence(error)) from error
    finally:
        NotificationCenter().purge_observer(observer)
        AccountManager().forget()
        if manager.started:
            manager.stop()


def _start_reading(directory: Path, problems: list[str]) -> None:
    """Look at a copy: the softphone may hold the settings."""
    stored = FileBackend(directory / "config", read_only=True)
    ConfigurationManager().start(MemoryBackend(stored.load()), CopiedPasswords(stored.directory))
    if stored.load_error is not None:
        problems.append(f"The settings file is damaged ({stored.load_error}). It is left as it is; this is what can be read of it.")


class _Problems(NotificationHandler):
    def __init__(self, sentences: list[str]) -> None:
        self._sentences = sentences

    def _NH_CFGManagerLoadFailed(self, notification: Notification) -> None:
        self._sentences.append(load_failure(notification.data))

    def _NH_CFGManagerSaveFailed(self, notification: Notification) -> None:
        self._sentences.append(f"The settings could not be saved: {notification.data.exception}.")


def _settings_object(options: Namespace) -> SettingsObject:
    if options.account is None:
        return SIPSimpleSettings()
    if not AccountManager().has_account(options.account):
        raise _no_account(options.account)
    return AccountManager().get_account(options.account)


def _no_account(address: str) -> CommandFailure:
    return CommandFailure(f"There is no account {address}; `blinkq settings accounts list` shows those that are there.")


def _references(options: Namespace) -> list[SettingReference]:
    """The settings that a person can change: not those that live as long as a process."""
    found = iter_settings(_settings_object(options))
    return [reference for reference in found if reference.setting.persistent or _is_secret(reference)]


def _reference(options: Namespace) -> SettingReference:
    for reference in _references(options):
        if reference.path == options.name:
            return reference
    raise _unknown(options)


def _unknown(options: Namespace) -> CommandFailure:
    if options.account is not None:
        return CommandFailure(f"An account has no setting {options.name}; `blinkq settings show --account {options.account}` lists them.")
    if options.name in _names(Account):
        return CommandFailure(f"{options.name} is a setting of each account: add --account USER@DOMAIN.")
    return CommandFailure(f"There is no setting {options.name}; `blinkq settings show` lists them.")


def _names(container: type, prefix: str = "") -> Iterator[str]:
    """The dotted names of a class's settings and groups."""
    for name in dir(container):
        member = getattr(container, name) if not name.startswith("_") else None
        if isinstance(member, Setting | SettingsGroupMeta):
            yield prefix + name
        if isinstance(member, SettingsGroupMeta):
            yield from _names(member, f"{prefix}{name}.")


def _is_secret(reference: SettingReference) -> bool:
    return isinstance(reference.setting, PasswordSetting)


def _text(reference: SettingReference) -> str:
    if _is_secret(reference):
        return HIDDEN if reference.value else ""
    return reference.text or ""


def _json_value(reference: SettingReference) -> object:
    value = reference.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if getattr(value, "is_list", False):
        return [str(item) for item in value]
    return _text(reference)


def _show(options: Namespace, output: Output) -> None:
    name = getattr(options, "name", None)
    shown = [reference for reference in _references(options) if name is None or f"{reference.path}.".startswith(f"{name}.")]
    if name is not None and not shown:
        raise _unknown(options)
    if options.json:
        output.json({reference.path: _json_value(reference) for reference in shown})
        return
    for reference in shown:
        star = " " if reference.is_default else "*"
        output.result(f"{star} {reference.path} = {_text(reference)}    # {reference.setting.doc}")


def _get(options: Namespace, output: Output) -> None:
    reference = _reference(options)
    if options.json:
        output.json({options.name: _json_value(reference)})
    else:
        output.result(_text(reference))


def _set(options: Namespace, output: Output) -> None:
    reference = _reference(options)
    value = _secret(options) if _is_secret(reference) else options.value
    if value is None:
        raise WrongUsage(f"which value should {options.name} have?")
    if options.name == "default_account" and value and not AccountManager().has_account(value):
        raise _no_account(value)
    try:
        reference.set_text(value)
    except ValueError as error:
        raise CommandFailure(f"{options.name} is not changed: {getattr(error, 'reason', error)}.") from error
    _settings_object(options).save()


def _secret(options: Namespace) -> str:
    if options.password_file is None or options.value is not None:
        raise WrongUsage("other users could see a password on the command line: put it into a file and give --password-file FILE.")
    return read_password(options.password_file)


def _reset(options: Namespace, output: Output) -> None:
    _reference(options).reset()
    _settings_object(options).save()


def _accounts_list(options: Namespace, output: Output) -> None:
    default = SIPSimpleSettings().default_account
    # the one for the local network is always there, and worth a line where it is used
    known = [account for account in AccountManager().get_accounts() if account.enabled or not isinstance(account, BonjourAccount)]
    accounts = sorted(known, key=lambda account: account.id)
    if options.json:
        output.json([
            {"id": account.id, "enabled": account.enabled, "display_name": account.display_name, "default": account.id == default}
            for account in accounts
        ])  # fmt: skip
        return
    for account in accounts:
        marks = [word for word, true in (("default", account.id == default), ("disabled", not account.enabled)) if true]
        name = f'"{account.display_name}" ' if account.display_name else ""
        output.result(f"{name}{account.id}" + (f" ({', '.join(marks)})" if marks else ""))
    if not accounts:
        output.say("There are no accounts; `blinkq settings accounts add USER@DOMAIN --password-file FILE` adds one.")


def _accounts_add(options: Namespace, output: Output) -> None:
    if AccountManager().has_account(options.id):
        raise CommandFailure(f"The account {options.id} is there already.")
    password = read_password(options.password_file) if options.password_file is not None else ""
    account = Account(options.id)
    account.enabled = True
    account.password = password
    if options.display_name:
        account.display_name = options.display_name
    if options.proxy:
        account.sip.outbound_proxy = options.proxy
    account.save()
    settings = SIPSimpleSettings()
    if not settings.default_account:
        settings.default_account = account.id
        settings.save()
    output.say(f"The account {account.id} is added.")


def _accounts_remove(options: Namespace, output: Output) -> None:
    if not AccountManager().has_account(options.id):
        raise _no_account(options.id)
    account = AccountManager().get_account(options.id)
    if isinstance(account, BonjourAccount):
        raise CommandFailure("The account bonjour is part of BlinkQ; `settings set enabled false --account bonjour` disables it.")
    account.delete()
    output.say(f"The account {options.id} is removed.")


#: what may run beside the softphone, which holds the settings
_READING = frozenset({"show", "get", "accounts-list"})

_ACTIONS: dict[str, Callable[[Namespace, Output], None]] = {
    "show": _show,
    "get": _get,
    "set": _set,
    "reset": _reset,
    "accounts-list": _accounts_list,
    "accounts-add": _accounts_add,
    "accounts-remove": _accounts_remove,
}
