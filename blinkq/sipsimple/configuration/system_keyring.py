"""The system's keyring (Secret Service, KWallet, macOS Keychain, Windows Credential Locker) as a place for passwords.

A module of its own because importing `keyring` takes 30 ms, which only those pay who have passwords.
"""

from __future__ import annotations

import keyring
import keyring.backend
import keyring.errors

from blinkq.base.logging import get_logger
from blinkq.sipsimple.configuration.keyring import PasswordStore

__all__ = ["KeyringPasswordStore", "system_keyring"]

log = get_logger("sipsimple.keyring")

#: Below this, a keyring backend is a placeholder (none, or a file in clear text).
USABLE_PRIORITY = 1


class KeyringPasswordStore:
    """The system's keyring (Secret Service, KWallet, macOS Keychain, Windows Credential Locker), with a second store behind it for
    when the keyring is locked or refuses.

    :param service: under which name the passwords are filed there
    """

    def __init__(self, backend: keyring.backend.KeyringBackend, service: str, fallback: PasswordStore) -> None:
        self._backend = backend
        self._service = service
        self._fallback = fallback

    def get(self, account: str) -> str | None:
        try:
            password = self._backend.get_password(self._service, account)
        except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
            log.warning("the system's keyring cannot be read: %s", error)
            password = None
        return password if password is not None else self._fallback.get(account)

    def set(self, account: str, password: str) -> None:
        try:
            self._backend.set_password(self._service, account, password)
        except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
            log.warning("the system's keyring does not take the password, it goes into the encrypted file: %s", error)
            self._fallback.set(account, password)
        else:
            self._fallback.delete(account)  # or an old password would come back when the keyring is locked

    def delete(self, account: str) -> None:
        try:
            self._backend.delete_password(self._service, account)
        except keyring.errors.PasswordDeleteError:
            pass  # there was none
        except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
            log.warning("the password could not be removed from the system's keyring: %s", error)
        self._fallback.delete(account)


def system_keyring() -> keyring.backend.KeyringBackend | None:
    """The system's keyring where there is one that keeps a secret."""
    try:
        backend = keyring.get_keyring()
        usable = backend.priority >= USABLE_PRIORITY
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        log.info("there is no usable system keyring: %s", error)
        return None
    # keyrings.alt keeps passwords in clear text or under a typed password: our own file is better
    return backend if usable and not type(backend).__module__.startswith("keyrings.alt") else None
