"""Aids for tests of the middleware: a fresh configuration, and a recorder of notifications."""

from __future__ import annotations

from typing import Any

from blinkq.base.notification import Notification, NotificationCenter
from blinkq.sipsimple import notifications  # noqa: F401 - declares what is posted
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.backend import Tree
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.keyring import MemoryPasswordStore

__all__ = ["Recorder", "start_configuration"]


def start_configuration(data: Tree | None = None, passwords: dict[str, str] | None = None) -> MemoryBackend:
    """Start the ConfigurationManager on a backend in memory, which is returned."""
    backend = MemoryBackend(data)
    ConfigurationManager().start(backend, MemoryPasswordStore(passwords))
    return backend


class Recorder:
    """Remembers notifications, in order."""

    def __init__(self, *names: str, sender: object | None = None) -> None:
        self.seen: list[Notification] = []
        center = NotificationCenter()
        wanted: dict[str, Any] = {} if sender is None else {"sender": sender}
        for name in names or (None,):
            center.add_observer(self, **wanted, **({} if name is None else {"name": name}))

    def handle_notification(self, notification: Notification) -> None:
        self.seen.append(notification)

    @property
    def names(self) -> list[str]:
        return [notification.name for notification in self.seen]

    def all(self, name: str) -> list[Any]:
        """The data of all notifications called ``name``."""
        return [notification.data for notification in self.seen if notification.name == name]

    def last(self, name: str) -> Any:
        """The data of the last notification called ``name``; fails when there was none."""
        found = self.all(name)
        assert found, f"there was no {name} among {self.names}"
        return found[-1]

    def clear(self) -> None:
        self.seen.clear()
