"""How the SDK's settings tool works on objects: it walks their classes, reads types by name, and parses what people type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.middleware import start_configuration

from blinkq.compat.threads import ThreadManager
from blinkq.sipsimple.account import Account, AccountManager
from blinkq.sipsimple.configuration import ConfigurationManager, DefaultValue, Setting, SettingsGroup, SettingsGroupMeta
from blinkq.sipsimple.configuration import SettingsObjectExtension as Extension
from blinkq.sipsimple.configuration.datatypes import List, PortRange, SIPProxyAddress
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings


@pytest.fixture(autouse=True)
def _configuration() -> Iterator[None]:
    start_configuration()
    AccountManager().load()
    yield
    AccountManager().forget()
    ConfigurationManager().stop()


def shown(obj: Any, prefix: str = "") -> dict[str, str]:
    """Every setting with its text, as the tool finds them."""
    found: dict[str, str] = {}
    for name in dir(type(obj)):
        member = getattr(type(obj), name, None)
        if isinstance(member, Setting):
            found[prefix + name] = type(member).__name__ if member.type is None else member.type.__name__
        elif isinstance(member, SettingsGroupMeta):
            found |= shown(getattr(obj, name), f"{prefix}{name}.")
    return found


def test_every_setting_is_found_with_its_type() -> None:
    settings = shown(SIPSimpleSettings())
    assert settings["rtp.port_range"] == "PortRange"
    assert settings["audio.silent"] == "bool"
    assert settings["sip.udp_port"] == "Port"
    account = shown(Account("alice@example.com"))
    assert account["sip.outbound_proxy"] == "SIPProxyAddress"
    assert account["nat_traversal.stun_server_list"] == "STUNServerAddressList"
    assert account["enabled"] == "bool"


def test_values_are_typed_in_and_taken_back() -> None:
    account, settings = Account("alice@example.com"), SIPSimpleSettings()
    descriptor = type(account.sip).outbound_proxy
    account.sip.outbound_proxy = descriptor.type.from_description("192.0.2.1:5070;transport=tcp")
    assert account.sip.outbound_proxy == SIPProxyAddress("192.0.2.1", 5070, "tcp")
    settings.rtp.port_range = PortRange(*(int(part) for part in ["40000", "40100"]))
    assert issubclass(type(settings.rtp).audio_codec_list.type, List)
    account.sip.outbound_proxy = settings.rtp.port_range = DefaultValue  # type: ignore[assignment]
    assert (account.sip.outbound_proxy, str(settings.rtp.port_range)) == (None, "50000-50500")


def test_accounts_come_and_go() -> None:
    ThreadManager().start()
    account = Account("alice@example.com")
    account.enabled = True
    account.save()
    manager = AccountManager()
    assert manager.default_account is account
    manager.default_account = None
    account.delete()
    assert not manager.has_account("alice@example.com")
    ThreadManager().stop()


def test_extensions_of_an_application() -> None:
    class Sounds(SettingsGroup):
        volume = Setting(int, 80)

    class AccountExtension(Extension):
        sounds = Sounds
        nickname = Setting(str, None, nillable=True)

    kept = {name: Account.__dict__.get(name) for name in ("sounds", "nickname")}
    try:
        Account.register_extension(AccountExtension)
        account: Any = Account("alice@example.com")
        account.sounds.volume = 50
        account.nickname = "al"
        account.save()
        assert shown(account).keys() >= {"sounds.volume", "nickname"}
        assert ConfigurationManager().get(["Accounts", "alice@example.com"])["sounds"] == {"volume": "50"}
    finally:
        for name, value in kept.items():
            if value is None:
                delattr(Account, name)
