"""Where passwords go."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest

from blinkq.sipsimple.configuration.errors import ConfigurationBackendError
from blinkq.sipsimple.configuration.keyring import (
    FilePasswordStore,
    MemoryPasswordStore,
    open_password_store,
)
from blinkq.sipsimple.configuration.system_keyring import KeyringPasswordStore


class FakeKeyring(keyring.backend.KeyringBackend):
    priority = 5  # type: ignore[assignment]

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error
        self.kept: dict[tuple[str, str], str] = {}

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError("none")
        del self.kept[service, username]


def test_the_file_is_encrypted_and_private(tmp_path: Path) -> None:
    store = FilePasswordStore(tmp_path / "dir")
    assert store.get("alice@example.com") is None
    store.delete("alice@example.com")
    store.set("alice@example.com", "secret-päss")
    store.set("bob@example.com", "other")
    again = FilePasswordStore(tmp_path / "dir")
    assert again.get("alice@example.com") == "secret-päss"
    for name in ("passwords", "passwords.key"):
        path = tmp_path / "dir" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"secret" not in path.read_bytes()
        assert b"alice" not in path.read_bytes()
    again.delete("alice@example.com")
    assert store.get("alice@example.com") is None
    assert store.get("bob@example.com") == "other"


@pytest.mark.expect_warnings
@pytest.mark.parametrize("broken", ["passwords", "passwords.key"])
def test_unreadable_passwords_are_kept_aside(tmp_path: Path, broken: str) -> None:
    store = FilePasswordStore(tmp_path)
    store.set("a@b", "1")
    (tmp_path / broken).write_bytes(b"garbage")
    assert store.get("a@b") is None
    assert len(list(tmp_path.glob("passwords.corrupt-*"))) == 1
    store.set("a@b", "2")
    assert store.get("a@b") == "2"


@pytest.mark.expect_warnings
def test_what_cannot_be_stored_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationBackendError, match="cannot store the password"):
        FilePasswordStore(tmp_path / "file" / "x").set("a@b", "1")


def test_the_keyring_comes_first() -> None:
    backend, fallback = FakeKeyring(), MemoryPasswordStore({"a@b": "old"})
    store = KeyringPasswordStore(backend, "BlinkQ", fallback)
    assert store.get("a@b") == "old"
    store.set("a@b", "new")
    assert backend.kept == {("BlinkQ", "a@b"): "new"}
    assert fallback.get("a@b") is None
    assert store.get("a@b") == "new"
    store.delete("a@b")
    store.delete("a@b")
    assert store.get("a@b") is None


@pytest.mark.expect_warnings
def test_a_locked_keyring_is_no_reason_to_lose_a_password() -> None:
    backend, fallback = FakeKeyring(keyring.errors.KeyringLocked("locked")), MemoryPasswordStore()
    store = KeyringPasswordStore(backend, "BlinkQ", fallback)
    store.set("a@b", "1")
    assert store.get("a@b") == "1"
    store.delete("a@b")
    assert store.get("a@b") is None


def test_the_best_store_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = [FakeKeyring()]
    monkeypatch.setattr(keyring, "get_keyring", lambda: found[0])
    assert isinstance(open_password_store(None), MemoryPasswordStore)
    assert isinstance(open_password_store(str(tmp_path)), KeyringPasswordStore)
    found[0].priority = 0
    assert isinstance(open_password_store(str(tmp_path)), FilePasswordStore)

    def fail() -> None:
        raise keyring.errors.InitError("no bus")

    monkeypatch.setattr(keyring, "get_keyring", fail)
    assert isinstance(open_password_store(str(tmp_path)), FilePasswordStore)
    assert os.listdir(tmp_path) == []
