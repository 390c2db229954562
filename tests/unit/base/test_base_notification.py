"""NotificationCenter: who hears what, in which order, and what an observer's mistake does to others."""

from __future__ import annotations

import gc
import logging
import threading

import pytest

from blinkq.base.notification import Any, Notification, NotificationCenter, NotificationData, NotificationHandler, ObserverWeakrefProxy


class Recorder(NotificationHandler):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def handle_notification(self, notification: Notification) -> None:
        self.heard.append(notification.name)
        super().handle_notification(notification)


@pytest.fixture
def center(request: pytest.FixtureRequest) -> NotificationCenter:
    return NotificationCenter(request.node.name)


def test_singleton_by_name() -> None:
    assert NotificationCenter() is NotificationCenter("default")
    assert NotificationCenter("other") is not NotificationCenter()


def test_each_observer_hears_once_whatever_matches(center: NotificationCenter) -> None:
    observer, sender = Recorder(), object()
    for name, source in (("Ping", sender), ("Ping", Any), (Any, sender), (Any, Any)):
        center.add_observer(observer, name, source)
    center.post_notification("Ping", sender)
    assert observer.heard == ["Ping"]


def test_name_and_sender_filter(center: NotificationCenter) -> None:
    observer, sender = Recorder(), object()
    center.add_observer(observer, "Ping", sender)
    center.post_notification("Ping", object())
    center.post_notification("Pong", sender)
    assert observer.heard == []


def test_posting_from_a_handler_is_queued(center: NotificationCenter) -> None:
    order: list[str] = []

    class First(NotificationHandler):
        def _NH_One(self, notification: Notification) -> None:
            notification.center.post_notification("Two")
            order.append("first one")

    class Second(NotificationHandler):
        def _NH_One(self, notification: Notification) -> None:
            order.append("second one")

        def _NH_Two(self, notification: Notification) -> None:
            order.append("second two")

    first, second = First(), Second()
    center.add_observer(first)
    center.add_observer(second)
    center.post_notification("One")
    assert order[-1] == "second two"
    assert set(order[:2]) == {"first one", "second one"}


def test_a_failing_observer_is_logged_and_stops_nobody(center: NotificationCenter, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(NotificationHandler):
        def _NH_Ping(self, notification: Notification) -> None:
            raise ValueError("broken")

    broken, observer = Broken(), Recorder()
    failures: list[object] = []
    center.on_observer_error = lambda who, _notification, _error: failures.append(who)
    center.add_observer(broken, "Ping")
    center.add_observer(observer, "Ping")
    with caplog.at_level(logging.CRITICAL, logger="blinkq"):
        center.post_notification("Ping")
        center.post_notification("Ping")
    assert observer.heard == ["Ping", "Ping"]
    assert failures == [broken, broken]


def test_remove_discard_purge(center: NotificationCenter) -> None:
    observer = Recorder()
    center.add_observer(observer, "Ping")
    center.add_observer(observer, "Pong")
    center.remove_observer(observer, "Ping")
    with pytest.raises(KeyError):
        center.remove_observer(observer, "Ping")
    center.discard_observer(observer, "Ping")
    center.purge_observer(observer)
    center.post_notification("Pong")
    assert observer.heard == []


def test_weak_observer_leaves_when_it_dies() -> None:
    center = NotificationCenter()
    observer = Recorder()
    proxy = ObserverWeakrefProxy(observer)
    center.add_observer(proxy, "Ping")
    center.post_notification("Ping")
    assert observer.heard == ["Ping"]
    del observer
    gc.collect()
    with pytest.raises(KeyError):
        center.remove_observer(proxy, "Ping")


def test_observer_must_be_one(center: NotificationCenter) -> None:
    with pytest.raises(TypeError):
        center.add_observer(object())


def test_data_and_times(center: NotificationCenter) -> None:
    seen: list[Notification] = []

    class Keeper(NotificationHandler):
        def _NH_Ping(self, notification: Notification) -> None:
            seen.append(notification)

    keeper = Keeper()
    center.add_observer(keeper)
    center.post_notification("Ping", data=NotificationData(code=200))
    assert seen[0].data.code == 200
    assert seen[0].utcdatetime == seen[0].datetime
    assert abs(seen[0].timestamp - seen[0].datetime.timestamp()) < 1e-6
    with pytest.raises(AttributeError, match="code"):
        _ = seen[0].data.reason


def test_threads_have_their_own_queue(center: NotificationCenter) -> None:
    observer = Recorder()
    center.add_observer(observer)

    class Poster(NotificationHandler):
        def _NH_One(self, notification: Notification) -> None:
            thread = threading.Thread(target=center.post_notification, args=("Two",))
            thread.start()
            thread.join()
            assert "Two" in observer.heard  # delivered in its own thread, not queued behind this one

    poster = Poster()
    center.add_observer(poster, "One")
    center.on_observer_error = lambda _who, _notification, error: pytest.fail(str(error))
    center.post_notification("One")
    assert observer.heard.count("Two") == 1


def test_what_is_posted_next_overtakes_what_waits() -> None:
    center = NotificationCenter("overtaking")
    heard: list[str] = []

    class Teller:
        def handle_notification(self, notification: Notification) -> None:
            heard.append(notification.name)
            if notification.name == "first":
                center.post_notification("waiting")
                center.post_next("next")

    teller = Teller()
    center.add_observer(teller)
    center.post_next("first")
    assert heard == ["first", "next", "waiting"]
