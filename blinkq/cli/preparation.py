"""From options to settings: what a command uses of the person's configuration, and what the command line changes for this run only.

A command never writes to the configuration (``blinkq settings`` does): it works on a copy in memory, so it may run beside the softphone.
"""

from __future__ import annotations

import ipaddress
import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from blinkq.base.errors import BlinkQError
from blinkq.cli.failure import CommandFailure, WrongUsage
from blinkq.sipsimple.account import Account, AccountManager, AnyAccount, BonjourAccount
from blinkq.sipsimple.addressbook import Contact
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.datatypes import AudioCodecList, IPAddress, NameserverList, Port
from blinkq.sipsimple.configuration.datatypes import Path as SettingPath
from blinkq.sipsimple.configuration.keyring import open_password_store
from blinkq.sipsimple.configuration.location import default_config_directory
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, SIPCoreError
from blinkq.sipsimple.wave_file import check_wave_file

__all__ = [
    "CopiedPasswords",
    "check_files",
    "check_uri",
    "complete_uri",
    "config_directory",
    "full_uri",
    "prepared_configuration",
    "read_password",
    "selected_account",
]

#: the user part of the address of a command that works without an account
DIRECT_USER = "blinkq"
SRTP_NAMES = {"off": "disabled", "optional": "optional", "mandatory": "mandatory"}


def config_directory(options: Namespace) -> Path:
    """Where the settings are: ``--config-dir``, or the system's place for BlinkQ."""
    directory: Path | None = options.config_dir
    return directory if directory is not None else default_config_directory()


def prepared_configuration(
    options: Namespace, say: Callable[[str], None], *, registers: bool, announces: bool = True, events: tuple[str, ...] = ()
) -> tuple[MemoryBackend, CopiedPasswords]:
    """A copy in memory of the stored configuration and passwords, with the options put into it: what the application is started with.

    The command's account is the default one and the only enabled one; ``announces`` False hides it from neighbours, ``events`` are
    the groups of presence, dialog_event and message_summary that are switched on. What cannot be read is told to ``say`` and left as it
    is. Raises CommandFailure and WrongUsage.
    """
    stored = FileBackend(config_directory(options) / "config", read_only=True)
    try:
        copy = MemoryBackend(stored.load())
        copy.data.pop(Contact.__group__, None)  # whom a command watches it is told
    except BlinkQError as error:
        raise CommandFailure(f"The settings cannot be read: {error}") from error
    if stored.load_error is not None:
        say(f"The settings file {stored.filename} is damaged ({stored.load_error}). It is left as it is; what can be read is used.")
    passwords = CopiedPasswords(stored.directory)
    ConfigurationManager().start(copy, passwords)
    try:
        AccountManager().load()
        _apply_options(options, registers=registers, announces=announces, events=events)
    finally:
        AccountManager().forget()
        ConfigurationManager().stop()
    return copy, passwords


class CopiedPasswords:
    """Passwords of the stored configuration; what is set or deleted here is forgotten with the process."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._changed: dict[str, str | None] = {}

    def get(self, account: str) -> str | None:
        if account not in self._changed:
            self._changed[account] = open_password_store(self._directory).get(account)
        return self._changed[account]

    def set(self, account: str, password: str) -> None:
        self._changed[account] = password

    def delete(self, account: str) -> None:
        self._changed[account] = None


def check_files(options: Namespace) -> None:
    """Raise CommandFailure, before anything is dialled, where --play cannot be read or --record cannot be written."""
    if options.play is not None:
        try:
            check_wave_file(str(options.play))
        except (BlinkQError, OSError) as error:
            raise CommandFailure(str(error)) from error
    if options.record is not None and not options.record.resolve().parent.is_dir():
        raise CommandFailure(f"The recording {options.record} cannot be written: there is no folder {options.record.resolve().parent}.")


def check_folder(options: Namespace) -> None:
    """Make the folder of --files-dir. Raises CommandFailure, before anybody calls, where files cannot be kept there."""
    folder: Path | None = options.files_dir
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise CommandFailure(f"Files cannot be kept in {folder}: it is no folder.") from error
    except OSError as error:
        raise CommandFailure(f"Files cannot be kept in {folder}: {error.strerror or error}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandFailure(f"Files cannot be kept in {folder}: it cannot be written to.")


def read_password(path: Path) -> str:
    """The first line of a password file."""
    try:
        return path.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not text"
        raise CommandFailure(f"The password file {path} cannot be read: {reason}.") from error


def _apply_options(options: Namespace, *, registers: bool, announces: bool, events: tuple[str, ...]) -> None:
    settings = SIPSimpleSettings()
    if options.nameserver is not None:
        address, port = options.nameserver
        settings.dns.nameservers = NameserverList([f"{address}:{port or 53}"])
    if options.ca is not None:
        if not options.ca.is_file():
            raise CommandFailure(f"The file of certificate authorities {options.ca} does not exist.")
        settings.tls.ca_list = SettingPath(str(options.ca))
    if options.listen is not None:
        address, port = options.listen
        settings.sip.local_ip = IPAddress(address)
        settings.sip.udp_port = settings.sip.tcp_port = Port(port)
    if options.local_address is not None:
        settings.sip.local_ip = IPAddress(options.local_address)
    settings.logs.trace_sip = "sip" in options.trace
    settings.logs.trace_msrp = "msrp" in options.trace
    _apply_media(options, settings)
    _apply_account(options, settings, registers=registers, announces=announces, events=events)
    settings.save()


def _apply_media(options: Namespace, settings: SIPSimpleSettings) -> None:
    audio = getattr(options, "audio", "null")
    if audio is None:
        audio = "null" if getattr(options, "play", None) is not None else "default"
    device = {"null": None, "default": "system_default"}.get(audio, audio)
    settings.audio.input_device = settings.audio.output_device = device
    settings.audio.alert_device = None  # a command does not ring
    codecs = getattr(options, "codecs", None)
    if codecs:
        try:
            settings.rtp.audio_codec_list = AudioCodecList(codecs)
        except ValueError as error:
            raise WrongUsage(f"--codecs: {error}") from error


def _apply_account(
    options: Namespace, settings: SIPSimpleSettings, *, registers: bool, announces: bool, events: tuple[str, ...]
) -> None:
    manager = AccountManager()
    options.direct = False
    account = _account(options, settings, manager)
    for other in manager.get_accounts():
        if other is not account:
            other.enabled = False
            other.save()
    if isinstance(account, BonjourAccount):
        if options.password_file is not None or options.proxy is not None:
            raise WrongUsage("neighbours are called without a server: there is no use for --password-file or --proxy.")
        account.announced = announces
    else:
        _apply_server_options(options, account, registers=registers)
        for name in ("presence", "dialog_event", "message_summary"):
            getattr(account, name).enabled = name in events
    if getattr(options, "srtp", None) is not None:
        account.rtp.srtp_encryption = SRTP_NAMES[options.srtp]
    if getattr(options, "codecs", None):
        account.rtp.audio_codec_list = None
    account.enabled = True
    account.save()
    settings.default_account = account.id


def _apply_server_options(options: Namespace, account: Account, *, registers: bool) -> None:
    if options.password_file is not None:
        account.password = read_password(options.password_file)
    if options.proxy is not None:
        account.sip.outbound_proxy = options.proxy
    if not registers:
        account.registration.enabled = False


def _account(options: Namespace, settings: SIPSimpleSettings, manager: AccountManager) -> AnyAccount:
    address: str | None = options.account
    if address is not None:
        return manager.get_account(address) if manager.has_account(address) else Account(address)
    if options.listen is None and settings.default_account and manager.has_account(settings.default_account):
        return manager.get_account(settings.default_account)
    # no account: calls go straight from computer to computer
    options.direct = True
    settings.sip.accept_direct_calls = True
    account = Account(f"{DIRECT_USER}@{settings.sip.local_ip or 'localhost'}")
    account.registration.enabled = False
    account.sip.always_use_my_proxy = False
    return account


def selected_account(options: Namespace) -> AnyAccount:
    """The account that the options chose."""
    account = AccountManager().default_account
    if account is None:
        raise CommandFailure(f"The account {options.account} cannot be used.")
    return account


def complete_uri(options: Namespace, account: AnyAccount) -> SIPURI:
    """The URI to call: "bob" becomes sip:bob@ the account's domain. Raises WrongUsage."""
    return full_uri(options.uri, options, account)


def full_uri(text: str, options: Namespace, account: AnyAccount) -> SIPURI:
    """``text`` as a URI, at the account's domain where it has none of its own. Raises WrongUsage."""
    parsed = _parsed_uri(text)
    if "@" in text or _names_host(text):
        return parsed
    if options.direct:
        raise WrongUsage(f"'{text}' lacks a domain: write {text}@DOMAIN, or choose an account with --account.")
    return _parsed_uri(f"{text}@{account.id.domain}")


def check_uri(options: Namespace) -> None:
    """Raise WrongUsage where what is to be called, or transferred to, is no address."""
    for text in (options.uri, getattr(options, "target", None)):
        if text is not None:
            _parsed_uri(text)


def _names_host(text: str) -> bool:
    """Whether a text without @ is a computer rather than a person: a URI, an IP address or localhost, perhaps with a port."""
    if text.lower().startswith(("sip:", "sips:")):
        return True
    host, colon, port = text.partition(";")[0].rpartition(":")
    host = host if colon and port.isdecimal() else text.partition(";")[0]
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return True


def _parsed_uri(text: str) -> SIPURI:
    try:
        return SIPURI.parse(text if text.lower().startswith(("sip:", "sips:")) else f"sip:{text}")
    except (SIPCoreError, ValueError) as error:
        raise WrongUsage(f"'{text}' is not a SIP address; write it like bob@example.com or sip:bob@192.0.2.1.") from error
