"""ConfigurationManager: holds the tree of stored settings, and knows every live settings object."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import blinkq.sipsimple.notifications  # noqa: F401 - declares what is posted here
from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.sipsimple.configuration.backend import ConfigurationBackend, Tree
from blinkq.sipsimple.configuration.errors import (
    ConfigurationBackendError,
    ConfigurationVersionError,
    DuplicateIDError,
    ObjectNotFoundError,
)
from blinkq.sipsimple.configuration.keyring import MemoryPasswordStore, PasswordStore, open_password_store
from blinkq.sipsimple.configuration.migration import VERSION, VERSION_NAME, Migration, migrate
from blinkq.sipsimple.singleton import Singleton

if TYPE_CHECKING:
    from blinkq.sipsimple.configuration.objects import SettingsObject

__all__ = ["ConfigurationManager", "DefaultValue", "ItemContainer", "PersistentKey"]


class DefaultValue:
    """Marker (the class itself): give it to a setting to go back to its default."""


class PersistentKey(str):
    """A name in the data of ``ConfigurationManager.update`` whose group stays although nothing may be set in it."""


class ItemContainer(str):
    """A name whose group is made to hold exactly the names given: others are removed."""


class ConfigurationManager(metaclass=Singleton):
    """The singleton between settings objects and the backend. Any thread may call it.

    Keys are lists of names, outermost first: ``["Accounts", "alice@example.com"]``.
    """

    #: the storage whose ``configuration_backend`` is taken when ``start`` is given none; SIPApplication.storage sets it
    storage: ClassVar[Any] = None

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._writing = threading.Lock()
        self.backend: ConfigurationBackend | None = None
        self.data: Tree = {}
        self._passwords: PasswordStore | None = None
        self._version = VERSION
        #: live objects by class and id: the identity of "one object per account"
        self.objects: dict[tuple[type, str | None], SettingsObject] = {}

    @property
    def started(self) -> bool:
        return self.backend is not None

    @property
    def passwords(self) -> PasswordStore:
        """Where passwords are kept: by default what suits the backend's directory. Opened when first asked for, which may block."""
        with self.lock:
            if self._passwords is None:
                directory = getattr(self.backend, "directory", None)
                self._passwords = open_password_store(directory) if self.backend is not None else MemoryPasswordStore()
            return self._passwords

    def start(self, backend: ConfigurationBackend | None = None, passwords: PasswordStore | None = None) -> None:
        """Load the settings from ``backend``, or that of SIPApplication.storage; ``passwords`` is where passwords are kept.

        Raises TypeError when it is no backend, IllegalStateError when already started, ConfigurationBackendError when the settings cannot
        be loaded (start may then be called again). Posts CFGManagerLoadFailed when an unreadable file was kept aside, and when a newer
        version wrote it. Settings of an older version are changed to this one's and stored; a copy of the old file is kept.
        """
        if backend is None:
            if ConfigurationManager.storage is None:
                raise IllegalStateError("start needs a backend, or SIPApplication.storage to be set")
            backend = ConfigurationManager.storage.configuration_backend
        if backend is None or not (callable(getattr(backend, "load", None)) and callable(getattr(backend, "save", None))):
            raise TypeError(f"a configuration backend has load and save; {backend!r} has not")
        with self.lock:
            if self.backend is not None:
                raise IllegalStateError("the configuration was already started")
            try:
                data = backend.load()
                migration = migrate(data)
            except BaseException:
                _close(backend)  # it may have locked its directory: the next start, perhaps with another backend, must not meet that lock
                raise
            self.data, self.objects, self.backend, self._passwords = data, {}, backend, passwords
            self._version = max(VERSION, migration.found)
        self._tell_loading(backend, migration)
        if not migration.is_newer and (migration.changed or migration.passwords):
            self._finish_migration(backend, migration)

    def _tell_loading(self, backend: object, migration: Migration) -> None:
        error = getattr(backend, "load_error", None)
        if error is None and migration.is_newer:
            error = ConfigurationVersionError(
                f"the settings were written by a newer version (their number is {migration.found}, this one knows {VERSION}): "
                "what is unknown stays in the file and has no effect"
            )
        if error is not None:
            kept_as = getattr(backend, "corrupt_file", None)
            post("CFGManagerLoadFailed", self, attribute=None, container=None, error=error, kept_as=kept_as)

    def _finish_migration(self, backend: object, migration: Migration) -> None:
        """Move passwords to their store, keep a copy of the old file, store the new one; read-only settings stay as they are."""
        if getattr(backend, "read_only", False):
            return
        for account, password in migration.passwords.items():
            key = ["Accounts", account]
            try:
                if self.passwords.get(account) is None:
                    self.passwords.set(account, password)
            except ConfigurationBackendError as error:
                post("CFGManagerLoadFailed", self, attribute=f"Accounts.{account}.password", container=None, error=error)
            else:
                self.update(key, {"password": DefaultValue, "auth": {"password": DefaultValue}})
        keep_copy = getattr(backend, "keep_copy", None)
        try:
            if keep_copy is not None:
                keep_copy(f"version-{migration.found}", secrets=migration.passwords.values())
            self.save()
        except ConfigurationBackendError as error:
            post("CFGManagerSaveFailed", self, object=None, operation="save", modified={}, exception=error)

    def stop(self) -> None:
        """Give the backend back. Objects keep their values; nothing can be saved any more."""
        with self.lock:
            backend, self.backend = self.backend, None
        _close(backend)

    def update(self, key: Sequence[str], data: dict[str, Any]) -> None:
        """Merge ``data`` into what is stored under ``key``: DefaultValue removes a name, groups that become empty disappear."""
        with self._group(key, create=True) as group:
            _merge(group, data)

    def delete(self, key: Sequence[str]) -> None:
        """Remove what is stored under ``key``; raises ObjectNotFoundError when there is nothing."""
        with self._group(key[:-1], create=False) as group:
            if key[-1] not in group:
                raise ObjectNotFoundError("there are no settings for " + ": ".join(key))
            del group[key[-1]]

    def rename(self, old_key: Sequence[str], new_key: Sequence[str]) -> None:
        """Keep what is stored under ``old_key`` under ``new_key``; raises ObjectNotFoundError when there is nothing.

        Raises DuplicateIDError when something is stored under ``new_key``.
        """
        with self.lock:
            with self._group(old_key, create=False) as stored:
                if new_key[-1] in self.get_names(new_key[:-1]):
                    raise DuplicateIDError("there are settings for " + ": ".join(new_key) + " already")
            self.delete(old_key)
            with self._group(new_key[:-1], create=True) as group:
                group[new_key[-1]] = stored

    def get(self, key: Sequence[str]) -> Tree:
        """What is stored under ``key``; raises ObjectNotFoundError when there is nothing."""
        with self._group(key, create=False) as group:
            return group

    def get_names(self, key: Sequence[str]) -> list[str]:
        """The names stored under ``key``, none when it does not exist."""
        try:
            return list(self.get(key))
        except ObjectNotFoundError:
            return []

    def save(self) -> None:
        """Store everything; raises ConfigurationBackendError when that fails."""
        # the disk may be slow: whoever only reads settings must not wait for it
        with self._writing:
            with self.lock:
                backend = self.backend
                if backend is None:
                    raise IllegalStateError("the configuration was not started")
                snapshot = {VERSION_NAME: str(self._version), **copy.deepcopy(self.data)}
            backend.save(snapshot)

    def _group(self, key: Sequence[str], *, create: bool) -> _LockedGroup:
        if self.backend is None:
            raise IllegalStateError("the configuration was not started")
        with self.lock:
            group = self.data
            for name in key:
                inner = group.get(name)
                if not isinstance(inner, dict):
                    if not create:
                        raise ObjectNotFoundError("there are no settings for " + ": ".join(key))
                    inner = group[name] = {}
                group = inner
        return _LockedGroup(self.lock, group)


class _LockedGroup:
    def __init__(self, lock: threading.RLock, group: Tree) -> None:
        self._lock = lock
        self._tree = group

    def __enter__(self) -> Tree:
        self._lock.acquire()
        return self._tree

    def __exit__(self, *_exc: object) -> None:
        self._lock.release()


def _close(backend: object) -> None:
    close = getattr(backend, "close", None)
    if close is not None:
        close()


def _merge(group: Tree, data: dict[str, Any]) -> None:
    for name, value in data.items():
        if value is DefaultValue:
            group.pop(name, None)
        elif isinstance(value, dict):
            stored = group.get(name)
            inner: Tree = stored if isinstance(stored, dict) else {}
            if isinstance(name, ItemContainer):
                inner = {known: inner[known] for known in inner if known in value}
            _merge(inner, value)
            if inner or isinstance(name, PersistentKey):
                group[str(name)] = inner
            else:
                group.pop(name, None)
        else:
            group[name] = value
