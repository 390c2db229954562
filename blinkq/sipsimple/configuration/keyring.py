"""Passwords: in the system's keyring where there is one, else in an encrypted file beside the settings. Never in the settings file.

What the file protects, honestly: its key lies in a second file in the same directory, both readable by their owner only. That keeps
passwords out of copies of a single file, screenshots, searches and logs, and away from other users of the computer. It does not stop a
program or person acting with the owner's rights, nor whoever copies the whole directory; only the system's keyring does that.
"""

from __future__ import annotations

import datetime
import json
import os
import threading
from pathlib import Path
from typing import Protocol

from blinkq.base.logging import get_logger
from blinkq.sipsimple.configuration.atomic_write import atomic_write
from blinkq.sipsimple.configuration.errors import ConfigurationBackendError

__all__ = ["FilePasswordStore", "MemoryPasswordStore", "PasswordStore", "open_password_store"]

log = get_logger("sipsimple.keyring")


class PasswordStore(Protocol):
    """Keeps one password for each account id. ``set`` and ``delete`` raise ConfigurationBackendError with a sentence for people.

    The system's keyring may ask the user to unlock it: calls can block.
    """

    def get(self, account: str) -> str | None: ...

    def set(self, account: str, password: str) -> None: ...

    def delete(self, account: str) -> None: ...


class MemoryPasswordStore:
    """Forgets everything with the process."""

    def __init__(self, passwords: dict[str, str] | None = None) -> None:
        self._passwords = dict(passwords or {})

    def get(self, account: str) -> str | None:
        return self._passwords.get(account)

    def set(self, account: str, password: str) -> None:
        self._passwords[account] = password

    def delete(self, account: str) -> None:
        self._passwords.pop(account, None)


class FilePasswordStore:
    """The encrypted file ``passwords`` with its key in ``passwords.key``, both 0600 (see above for what that is worth)."""

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._file = Path(directory) / "passwords"
        self._key_file = Path(directory) / "passwords.key"
        self._lock = threading.Lock()

    def get(self, account: str) -> str | None:
        with self._lock:
            return self._load().get(account)

    def set(self, account: str, password: str) -> None:
        with self._lock:
            self._save({**self._load(), account: password})

    def delete(self, account: str) -> None:
        with self._lock:
            passwords = self._load()
            if passwords.pop(account, None) is not None:
                self._save(passwords)

    def _load(self) -> dict[str, str]:
        from cryptography.fernet import Fernet, InvalidToken  # takes 40 ms to import, and most starts need none of it

        try:
            token = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("cannot read the passwords in %s: %s", self._file, error)
            return {}
        try:
            passwords = json.loads(Fernet(self._key_file.read_bytes()).decrypt(token))
            if isinstance(passwords, dict):
                return {str(account): str(password) for account, password in passwords.items()}
        except (OSError, ValueError, InvalidToken):
            pass  # told below
        time = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S")
        aside = self._file.with_name(f"passwords.corrupt-{time}")
        try:
            self._file.rename(aside)
        except OSError as error:
            log.warning("the passwords in %s are unreadable: %s", self._file, error)
            return {}
        log.warning("the stored passwords were unreadable and have to be entered again; the file is kept as %s", aside)
        return {}

    def _save(self, passwords: dict[str, str]) -> None:
        from cryptography.fernet import Fernet  # see _load

        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                cipher = Fernet(self._key_file.read_bytes())
            except (FileNotFoundError, ValueError):
                key = Fernet.generate_key()
                atomic_write(self._key_file, key)
                cipher = Fernet(key)
            atomic_write(self._file, cipher.encrypt(json.dumps(passwords).encode()))
        except OSError as error:
            raise ConfigurationBackendError(f"cannot store the password in {self._file}: {error.strerror}") from error


def open_password_store(directory: str | None) -> PasswordStore:
    """The best store for settings that live in ``directory``; without a directory passwords live as long as the process."""
    if directory is None:
        return MemoryPasswordStore()
    from blinkq.sipsimple.configuration.system_keyring import KeyringPasswordStore, system_keyring  # takes 30 ms to import

    fallback = FilePasswordStore(directory)
    backend = system_keyring()
    # the directory is part of the name: two sets of settings with the same account must not share its password
    return fallback if backend is None else KeyringPasswordStore(backend, f"BlinkQ {directory}", fallback)
