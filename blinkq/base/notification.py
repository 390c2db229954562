"""NotificationCenter: how the middleware tells what happened.

Delivery is synchronous in the posting thread and queued per thread: a notification posted by a handler is delivered after the present one
has reached all its observers. Each observer hears a notification once, however many of its registrations match. An observer's
exception is logged and stops nobody else (``on_observer_error`` lets tests fail on it).

The public names are those that applications of the SIP SIMPLE middleware know from ``application.notification``.
"""

from __future__ import annotations

import datetime
import threading
import typing
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from typing import ClassVar

from zope.interface import Interface, implementer

from blinkq.base.logging import get_logger

__all__ = [
    "Any", "IObserver", "Notification", "NotificationCenter", "NotificationData", "NotificationHandler", "ObserverWeakrefProxy",
    "UnknownSender",
]  # fmt: skip

log = get_logger("base.notification")


class _Marker:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


Any = _Marker("Any")
UnknownSender = _Marker("UnknownSender")


class IObserver(Interface):  # type: ignore[misc]  # zope.interface has no types
    """What can be added to a NotificationCenter."""

    def handle_notification(notification: object) -> None:  # noqa: N805 - zope interfaces have no self
        """Take one notification."""


class NotificationData:
    """A bag of attributes."""

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)

    def __getattr__(self, name: str) -> typing.Any:
        raise AttributeError(f"the notification's data has no {name!r}; it has: {', '.join(sorted(self.__dict__)) or 'nothing'}")

    def __repr__(self) -> str:
        return f"NotificationData({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


class Notification:
    """What an observer is given: ``name``, ``sender``, ``data``, ``center`` and the time (``datetime``, ``timestamp``)."""

    __slots__ = ("center", "data", "datetime", "name", "sender")

    def __init__(self, name: str, sender: typing.Any, data: NotificationData, center: NotificationCenter) -> None:
        self.name = name
        self.sender = sender
        self.data = data
        self.center = center
        self.datetime = datetime.datetime.now(datetime.UTC).astimezone()

    @property
    def timestamp(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return self.datetime.timestamp()

    @property
    def utcdatetime(self) -> datetime.datetime:
        return self.datetime.astimezone(datetime.UTC)

    def __repr__(self) -> str:
        return f"Notification({self.name!r}, {self.sender!r}, {self.data!r})"


class NotificationHandler:
    """Mix-in: ``handle_notification`` calls ``_NH_<name>(notification)`` where the object has such a method."""

    def handle_notification(self, notification: Notification) -> None:
        handler: Callable[[Notification], None] | None = getattr(self, f"_NH_{notification.name}", None)
        if handler is not None:
            handler(notification)


@implementer(IObserver)
class ObserverWeakrefProxy:
    """Observes on behalf of an object without keeping it alive; leaves the centre when the object is gone."""

    def __init__(self, observer: object) -> None:
        _check_observer(observer)
        self._reference = weakref.ref(observer, self._object_died)

    def handle_notification(self, notification: Notification) -> None:
        observer = self._reference()
        if observer is not None:
            observer.handle_notification(notification)  # type: ignore[attr-defined]  # checked in __init__

    def _object_died(self, _reference: object) -> None:
        for center in NotificationCenter.instances():
            center.purge_observer(self)


class NotificationCenter:
    """The singleton (one per name) that carries notifications from senders to observers. Methods may be called from any thread."""

    _centers: ClassVar[dict[str, NotificationCenter]] = {}
    _creation: ClassVar[threading.Lock] = threading.Lock()

    name: str
    #: called with (observer, notification, exception) after an observer's exception was logged; None outside tests
    on_observer_error: Callable[[object, Notification, Exception], None] | None
    _observers: dict[tuple[object, object], list[object]]

    def __new__(cls, name: str = "default") -> NotificationCenter:
        with cls._creation:
            try:
                return cls._centers[name]
            except KeyError:
                center = cls._centers[name] = super().__new__(cls)
                center.name = name
                center.on_observer_error = None
                center._observers = {}
                center._lock = threading.RLock()
                center._queues = threading.local()
                return center

    @classmethod
    def instances(cls) -> list[NotificationCenter]:
        """All centres that exist."""
        with cls._creation:
            return list(cls._centers.values())

    _lock: threading.RLock
    _queues: threading.local

    def add_observer(self, observer: object, name: object = Any, sender: object = Any) -> None:
        """Let ``observer`` hear notifications called ``name`` from ``sender``; Any matches all.

        Raises TypeError when it is no observer (provides no IObserver or has no ``handle_notification``).
        """
        _check_observer(observer)
        with self._lock:
            observers = self._observers.setdefault((name, sender), [])
            if not any(known is observer for known in observers):
                # a fresh list each time: a delivery under way keeps the one that it has
                self._observers[name, sender] = [*observers, observer]

    def remove_observer(self, observer: object, name: object = Any, sender: object = Any) -> None:
        """Undo ``add_observer`` with the same arguments; raises KeyError when there was none."""
        with self._lock:
            observers = self._observers.get((name, sender), [])
            rest = [known for known in observers if known is not observer]
            if len(rest) == len(observers):
                raise KeyError((name, sender))
            self._replace((name, sender), rest)

    def discard_observer(self, observer: object, name: object = Any, sender: object = Any) -> None:
        """Like ``remove_observer``, silent when there is nothing to undo."""
        try:
            self.remove_observer(observer, name, sender)
        except KeyError:
            pass

    def purge_observer(self, observer: object) -> None:
        """Remove every registration of ``observer``."""
        with self._lock:
            for key, observers in list(self._observers.items()):
                self._replace(key, [known for known in observers if known is not observer])

    def post_notification(self, name: str, sender: Hashable = UnknownSender, data: NotificationData | None = None) -> None:
        """Deliver a notification to its observers, now or, when called by a handler, right after the present one."""
        notification = Notification(name, sender, NotificationData() if data is None else data, self)
        queue: deque[Notification] | None = getattr(self._queues, "queue", None)
        if queue is not None:
            queue.append(notification)
            return
        self._queues.queue = queue = deque([notification])
        try:
            while queue:
                self._deliver(queue.popleft())
        finally:
            self._queues.queue = None

    def post_next(self, name: str, sender: Hashable = UnknownSender, data: NotificationData | None = None) -> None:
        """Like ``post_notification``, but before others that wait: for who says what a handled notification says once more."""
        queue: deque[Notification] | None = getattr(self._queues, "queue", None)
        if queue is None:
            self.post_notification(name, sender, data)
        else:
            queue.appendleft(Notification(name, sender, NotificationData() if data is None else data, self))

    def _deliver(self, notification: Notification) -> None:
        name, sender = notification.name, notification.sender
        with self._lock:
            lists = [self._observers.get(key, ()) for key in ((Any, Any), (Any, sender), (name, Any), (name, sender))]
        heard: set[int] = set()
        for observers in lists:
            for observer in observers:
                if id(observer) not in heard:
                    heard.add(id(observer))
                    self._hand_over(observer, notification)

    def _hand_over(self, observer: object, notification: Notification) -> None:
        try:
            observer.handle_notification(notification)  # type: ignore[attr-defined]  # checked in add_observer
        except Exception as error:  # whatever an observer does wrong must not keep others from hearing
            log.exception("an observer failed on %s: %r", notification.name, observer)
            if self.on_observer_error is not None:
                self.on_observer_error(observer, notification, error)

    def _replace(self, key: tuple[object, object], observers: list[object]) -> None:
        if observers:
            self._observers[key] = observers
        else:
            self._observers.pop(key, None)


def _check_observer(observer: object) -> None:
    # Providing IObserver is the contract; a handle_notification method alone is accepted, which is what it is for.
    if not (IObserver.providedBy(observer) or callable(getattr(observer, "handle_notification", None))):
        raise TypeError("an observer must provide IObserver (a handle_notification method)")
