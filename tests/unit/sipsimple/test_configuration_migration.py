"""Settings of older and newer versions, and of the SDK."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.middleware import Recorder, start_configuration

from blinkq.sipsimple.account import Account
from blinkq.sipsimple.configuration import ConfigurationBackendError, ConfigurationManager
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.keyring import MemoryPasswordStore
from blinkq.sipsimple.configuration.migration import VERSION
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings

OF_THE_SDK = """
Accounts:
    alice@example.com:
        enabled = true
        auth:
            password = "se,cret"
            username = ally
        rtp:
            audio_codec_list = speex,
            encryption:
                enabled = true
                key_negotiation = sdes_mandatory
        sip:
            register = false
            register_interval = 300
    bob@example.com:
        password = old
        rtp:
            encryption:
                enabled = no

SIPSimpleSettings:
    rtp:
        audio_codec_list = iLBC, PCMA
"""


def test_a_settings_file_of_the_sdk_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(OF_THE_SDK)
    recorder = Recorder()
    passwords = MemoryPasswordStore()
    manager = ConfigurationManager()
    manager.start(FileBackend(file), passwords)
    alice, bob = Account("alice@example.com"), Account("bob@example.com")
    assert (alice.enabled, alice.registration.enabled, alice.registration.interval) == (True, False, 300)
    assert (alice.auth.username, alice.password, bob.password) == ("ally", "se,cret", "old")
    assert (alice.rtp.srtp_encryption, bob.rtp.srtp_encryption) == ("mandatory", "disabled")
    assert alice.rtp.audio_codec_list is None
    assert SIPSimpleSettings().rtp.audio_codec_list == ["PCMA"]
    assert "CFGManagerLoadFailed" not in recorder.names
    manager.stop()
    text = file.read_text()
    assert f"configuration_version = {VERSION}" in text
    assert "se,cret" not in text
    assert "= old" not in text
    copy = (tmp_path / "config.version-0").read_text()
    assert "register_interval = 300" in copy
    assert "se,cret" not in copy
    assert "= old" not in copy


def test_a_current_file_is_not_touched_by_starting(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(f"configuration_version = {VERSION}\nThing:\n    a = 1\n\n")
    before = file.stat().st_mtime_ns
    manager = ConfigurationManager()
    manager.start(FileBackend(file), MemoryPasswordStore())
    assert manager.get_names([]) == ["Thing"]
    manager.stop()
    assert file.stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.glob("config*")] == ["config"]


@pytest.mark.expect_warnings
def test_a_newer_file_keeps_its_number_and_what_is_unknown() -> None:
    recorder = Recorder("CFGManagerLoadFailed")
    backend = start_configuration({"configuration_version": "99", "SIPSimpleSettings": {"hologram": "on"}})
    failure = recorder.last("CFGManagerLoadFailed")
    assert "a newer version (their number is 99" in str(failure.error)
    settings = SIPSimpleSettings()
    settings.rtp.timeout = 20  # type: ignore[assignment]
    settings.save()
    assert backend.data == {"configuration_version": "99", "SIPSimpleSettings": {"hologram": "on", "rtp": {"timeout": "20"}}}


def test_a_number_that_is_none_is_no_number() -> None:
    backend = start_configuration({"configuration_version": "new", "Accounts": {"a@b.example": {"sip": {"register": "no"}}}})
    account = {"registration": {"enabled": "no"}, "sip": {}}
    assert backend.data == {"configuration_version": str(VERSION), "Accounts": {"a@b.example": account}}


@pytest.mark.expect_warnings
def test_passwords_that_cannot_be_moved_stay_and_are_told() -> None:
    class Broken(MemoryPasswordStore):
        def set(self, account: str, password: str) -> None:
            raise ConfigurationBackendError("the keyring is locked")

    recorder = Recorder("CFGManagerLoadFailed")
    tree = {"Accounts": {"a@b.example": {"password": "x"}}}
    backend = MemoryBackend(tree)  # type: ignore[arg-type]
    ConfigurationManager().start(backend, Broken())
    failure = recorder.last("CFGManagerLoadFailed")
    assert (failure.attribute, str(failure.error)) == ("Accounts.a@b.example.password", "the keyring is locked")
    assert backend.data["Accounts"] == tree["Accounts"]


def test_settings_opened_for_reading_are_changed_in_memory_only(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(OF_THE_SDK)
    manager = ConfigurationManager()
    manager.start(FileBackend(file, read_only=True), MemoryPasswordStore())
    assert Account("alice@example.com").registration.interval == 300
    assert file.read_text() == OF_THE_SDK
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


@pytest.mark.expect_warnings
def test_what_cannot_be_stored_after_migrating_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.write_text(OF_THE_SDK)

    def fail(backend: object, data: object) -> None:
        raise ConfigurationBackendError("the disk is full")

    monkeypatch.setattr(FileBackend, "save", fail)
    recorder = Recorder("CFGManagerSaveFailed")
    ConfigurationManager().start(FileBackend(file), MemoryPasswordStore())
    assert str(recorder.last("CFGManagerSaveFailed").exception) == "the disk is full"
    assert file.read_text() == OF_THE_SDK
