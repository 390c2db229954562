"""Accounts as settings, and their manager: identity, default account, passwords, finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.middleware import Recorder, start_configuration

from blinkq.base.errors import IllegalStateError
from blinkq.sipsimple.account import Account, AccountManager, BonjourAccount, ContactURI
from blinkq.sipsimple.configuration import ConfigurationBackendError, ConfigurationManager
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.keyring import FilePasswordStore
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.sip_uri import SIPURI


def test_an_account_is_its_address() -> None:
    start_configuration()
    account = Account("alice@Example.com")
    assert account is Account("sip:alice@example.com")
    assert (account.id, account.id.username, account.id.domain) == ("alice@example.com", "alice", "example.com")
    assert str(account.uri) == "sip:alice@example.com"
    assert repr(account) == "Account('alice@example.com')"
    assert not account.enabled
    assert not account.registered
    assert account.registration.enabled
    assert account.registration.interval == 600
    with pytest.raises(ValueError, match="not a SIP address"):
        Account("alice")
    account.reregister()  # without an engine there is nothing to register with


def test_credentials_follow_the_settings() -> None:
    start_configuration()
    account = Account("alice@example.com")
    assert account.credentials.username == "alice"
    account.password = "secret"
    account.auth.username = "al"
    assert (account.credentials.username, account.credentials.password) == ("al", "secret")
    assert "secret" not in repr(account.credentials)


def test_passwords_are_kept_apart_and_never_shown(tmp_path: Path) -> None:
    ConfigurationManager().start(FileBackend(tmp_path / "config"), FilePasswordStore(tmp_path))
    recorder = Recorder("CFGSettingsObjectDidChange")
    account = Account("alice@example.com")
    account.password = "s3cret"
    account.save()
    assert "s3cret" not in (tmp_path / "config").read_text()
    assert "s3cret" not in repr(recorder.last("CFGSettingsObjectDidChange").modified)
    assert list(recorder.last("CFGSettingsObjectDidChange").modified) == ["password"]
    ConfigurationManager().stop()

    ConfigurationManager().start(FileBackend(tmp_path / "config"), FilePasswordStore(tmp_path))
    again = Account("alice@example.com")
    assert again is not account
    assert again.password == "s3cret"
    again.password = ""
    again.save()
    assert FilePasswordStore(tmp_path).get("alice@example.com") is None
    again.password = "other"
    again.save()
    again.delete()
    assert FilePasswordStore(tmp_path).get("alice@example.com") is None


@pytest.mark.expect_warnings
def test_a_password_that_cannot_be_stored_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    start_configuration()
    recorder = Recorder("CFGManagerSaveFailed")

    def refuse(account: str, password: str) -> None:
        raise ConfigurationBackendError("the disk is full")

    monkeypatch.setattr(ConfigurationManager().passwords, "set", refuse)
    account = Account("alice@example.com")
    account.password = "x"
    account.save()
    assert str(recorder.last("CFGManagerSaveFailed").exception) == "the disk is full"
    assert account.password == "x"


@pytest.mark.expect_warnings
def test_the_manager_loads_what_is_stored() -> None:
    with pytest.raises(IllegalStateError):
        AccountManager().load()
    start_configuration(
        {"Accounts": {"alice@example.com": {"enabled": "true"}, "bob@example.com": {}, "nonsense": {"enabled": "true"}}}
    )
    recorder = Recorder("SIPAccountManagerDidAddAccount", "CFGManagerLoadFailed", "SIPAccountManagerDidChangeDefaultAccount")
    manager = AccountManager()
    manager.start()
    assert [account.id for account in manager.get_accounts()] == ["alice@example.com", "bob@example.com", "bonjour@local"]
    assert recorder.names == [
        "SIPAccountManagerDidAddAccount", "SIPAccountManagerDidAddAccount", "CFGManagerLoadFailed",
        "SIPAccountManagerDidAddAccount", "SIPAccountManagerDidChangeDefaultAccount",
    ]  # fmt: skip
    assert manager.has_account("bob@example.com")
    assert not manager.has_account("carol@example.com")
    assert manager.get_account("bob@example.com") is Account("bob@example.com")
    with pytest.raises(KeyError):
        manager.get_account("carol@example.com")
    assert list(manager.iter_accounts()) == manager.get_accounts()
    manager.load()
    assert len(manager.get_accounts()) == 3


def test_an_account_made_before_the_manager_is_known_to_it() -> None:
    start_configuration()
    alice = Account("alice@example.com")
    alice.enabled = True
    alice.save()
    recorder = Recorder("SIPAccountManagerDidAddAccount")
    manager = AccountManager()
    manager.load()
    assert manager.get_account("alice@example.com") is alice
    assert manager.default_account is alice
    assert [data.account.id for data in recorder.all("SIPAccountManagerDidAddAccount")] == ["alice@example.com", "bonjour@local"]


def test_the_default_account() -> None:
    start_configuration()
    manager = AccountManager()
    manager.start()
    recorder = Recorder("SIPAccountManagerDidChangeDefaultAccount")
    assert manager.default_account is None
    alice, bob = Account("alice@example.com"), Account("bob@example.com")
    alice.save()
    assert manager.default_account is None
    bob.enabled = True
    bob.save()
    assert manager.default_account is bob
    with pytest.raises(ValueError, match="disabled"):
        manager.default_account = alice
    alice.enabled = True
    alice.save()
    assert manager.default_account is bob
    manager.default_account = alice
    assert SIPSimpleSettings().default_account == "alice@example.com"
    alice.enabled = False
    alice.save()
    assert manager.default_account is bob
    bob.delete()
    assert manager.default_account is None
    assert [(data.old_account, data.account) for data in recorder.all("SIPAccountManagerDidChangeDefaultAccount")] == [
        (None, bob), (bob, alice), (alice, bob), (bob, None),
    ]  # fmt: skip


def test_accounts_come_and_go() -> None:
    start_configuration()
    manager = AccountManager()
    manager.start()
    recorder = Recorder("SIPAccountManagerDidAddAccount", "SIPAccountManagerDidRemoveAccount")
    account = Account("alice@example.com")
    assert manager.get_accounts() == [BonjourAccount()]
    account.save()
    account.save()
    assert manager.get_accounts() == [BonjourAccount(), account]
    account.delete()
    assert manager.get_accounts() == [BonjourAccount()]
    assert recorder.names == ["SIPAccountManagerDidAddAccount", "SIPAccountManagerDidRemoveAccount"]
    assert recorder.seen[1].data.account is account
    manager.forget()
    Account("bob@example.com").save()
    assert manager.get_accounts() == []


def test_the_account_for_a_request() -> None:
    start_configuration()
    manager = AccountManager()
    manager.start()
    alice, other, disabled = Account("alice@example.com"), Account("alice@example.org"), Account("carol@example.com")
    for account in (alice, other):
        account.enabled = True
        account.save()
    disabled.save()
    assert manager.find_account(SIPURI("10.0.0.1", user=other.contact.username)) is other
    assert manager.find_account(SIPURI("EXAMPLE.org", user="alice")) is other
    assert manager.find_account(SIPURI("10.0.0.1", user="alice")) is alice
    assert manager.find_account(SIPURI("example.com", user="carol")) is None
    assert manager.find_account(SIPURI("10.0.0.1", user=disabled.contact.username)) is None
    assert manager.find_account(SIPURI("example.com")) is None


def test_contacts_are_not_guessable() -> None:
    contact = ContactURI.new()
    assert len(contact.username) == 8
    assert contact.username.isalpha()
    assert contact.username.islower()
    assert contact.domain == "0.0.0.0"
    assert ContactURI.new().username != contact.username
    with pytest.raises(IllegalStateError):
        contact["udp"]
    with pytest.raises(KeyError):
        contact[3]
