"""The bridge: from any thread to the GUI thread, in order, with one wake-up for many."""

from __future__ import annotations

import threading

import pytest
from PyQt6.QtWidgets import QApplication

from blinkq.base.notification import Notification, NotificationCenter, NotificationData
from blinkq.qtbridge.notifications import NotificationBridge

pytestmark = pytest.mark.usefixtures("qapp")


def post(name: str, sender: object = "somebody", **data: object) -> None:
    NotificationCenter().post_notification(name, sender, NotificationData(**data))


def in_thread(work: object) -> None:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]  # a callable
    thread.start()
    thread.join()


def test_notifications_of_another_thread_arrive_in_order_in_this_one(bridge: NotificationBridge, qapp: QApplication) -> None:
    heard: list[tuple[int, threading.Thread]] = []
    bridge.listen("Thing", lambda notification: heard.append((notification.data.number, threading.current_thread())))
    in_thread(lambda: [post("Thing", number=number) for number in range(1000)])
    assert not heard
    qapp.processEvents()
    assert heard == [(number, threading.main_thread()) for number in range(1000)]


def test_many_notifications_wake_the_gui_thread_once(bridge: NotificationBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    wakes: list[int] = []
    drain = NotificationBridge._drain
    bridge.listen("Thing", lambda _notification: None)
    monkeypatch.setattr("PyQt6.QtCore.QMetaObject.invokeMethod", lambda *_args: wakes.append(1))
    in_thread(lambda: [post("Thing") for _ in range(1000)])
    assert wakes == [1]
    drain(bridge)
    post("Thing")
    assert wakes == [1, 1]
    drain(bridge)


def test_even_a_post_of_the_gui_thread_is_not_delivered_inside_the_command(bridge: NotificationBridge, qapp: QApplication) -> None:
    heard: list[Notification] = []
    bridge.listen("Thing", heard.append)
    post("Thing")
    assert not heard
    qapp.processEvents()
    assert len(heard) == 1


def test_senders_are_told_apart_by_identity(bridge: NotificationBridge, qapp: QApplication) -> None:
    one, other = [1], [1]
    heard: list[object] = []
    bridge.listen("Thing", lambda notification: heard.append(notification.sender), sender=one)
    NotificationCenter().post_notification("Thing", _Hashable(one))
    bridge.handle_notification(Notification("Thing", other, NotificationData(), NotificationCenter()))
    bridge.handle_notification(Notification("Thing", one, NotificationData(), NotificationCenter()))
    qapp.processEvents()
    assert len(heard) == 1
    assert heard[0] is one


def test_what_is_carried_waits_for_whoever_listens_next(bridge: NotificationBridge, qapp: QApplication) -> None:
    heard: list[Notification] = []
    bridge.carry("Thing")
    in_thread(lambda: post("Thing"))
    bridge.listen("Thing", heard.append)
    qapp.processEvents()
    assert len(heard) == 1


def test_what_was_forgotten_is_not_heard(bridge: NotificationBridge, qapp: QApplication) -> None:
    heard: list[Notification] = []
    bridge.listen("Thing", heard.append)
    bridge.forget("Thing", heard.append)
    bridge.forget("Thing", heard.append)
    post("Thing")
    qapp.processEvents()
    assert not heard


def test_a_handler_may_stop_listening_while_it_is_called(bridge: NotificationBridge, qapp: QApplication) -> None:
    heard: list[str] = []

    def once(_notification: Notification) -> None:
        heard.append("once")
        bridge.forget("Thing", once)

    bridge.listen("Thing", once)
    bridge.listen("Thing", lambda _notification: heard.append("always"))
    post("Thing")
    post("Thing")
    qapp.processEvents()
    assert heard == ["once", "always", "always"]


@pytest.mark.expect_warnings
def test_a_handler_that_fails_keeps_nobody_from_hearing(bridge: NotificationBridge, qapp: QApplication) -> None:
    heard: list[Notification] = []
    errors: list[Exception] = []
    bridge.on_handler_error = lambda _notification, error: errors.append(error)
    bridge.listen("Thing", lambda notification: notification.data.missing)
    bridge.listen("Thing", heard.append)
    post("Thing")
    qapp.processEvents()
    assert len(heard) == 1
    assert isinstance(errors[0], AttributeError)


def test_nothing_arrives_after_the_end(bridge: NotificationBridge, qapp: QApplication) -> None:
    heard: list[Notification] = []
    bridge.listen("Thing", heard.append)
    post("Thing")
    bridge.close()
    post("Thing")
    qapp.processEvents()
    assert not heard


class _Hashable:
    def __init__(self, value: object) -> None:
        self.value = value
