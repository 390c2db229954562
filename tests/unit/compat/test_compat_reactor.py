"""The reactor of scripts that drive the engine themselves, with a clock that the test moves."""

from __future__ import annotations

import threading

import pytest

from blinkq.compat.reactor import Reactor
from blinkq.compat.reactor_errors import AlreadyCalled, AlreadyCancelled, ReactorNotRunning


class Clock:
    """Stands still unless a call of the reactor moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


def test_calls_come_in_order_and_timers_at_their_time() -> None:
    clock = Clock()
    reactor = Reactor(clock)
    seen: list[object] = []
    reactor.callLater(2, seen.append, "two")
    late = reactor.callLater(1, seen.append, "never")
    one = reactor.callLater(1, seen.append, "one")
    reactor.callFromThread(seen.append, "first")
    reactor.callFromThread(late.cancel)
    reactor.callFromThread(clock.move, 1.5)
    reactor.callLater(1.2, lambda: (seen.append("later"), clock.move(1), reactor.callLater(0, reactor.stop)))
    reactor.run()
    assert seen == ["first", "one", "later", "two"]
    assert not reactor.running
    with pytest.raises(AlreadyCalled):
        one.cancel()
    with pytest.raises(AlreadyCancelled):
        late.cancel()
    assert (one.active(), late.active()) == (False, False)


def test_stopping_what_does_not_run() -> None:
    with pytest.raises(ReactorNotRunning):
        Reactor().stop()


def test_other_threads_wake_it() -> None:
    reactor = Reactor()
    seen: list[str] = []

    def work() -> None:
        seen.append(threading.current_thread().name)
        reactor.callFromThread(reactor.stop)

    reactor.callFromThread(reactor.callInThread, work)
    reactor.run()
    assert seen[0] != threading.current_thread().name


@pytest.mark.expect_warnings
def test_a_call_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    reactor = Reactor()
    reactor.callFromThread(int, "x")
    reactor.callFromThread(reactor.stop)
    reactor.run()
    assert "a call of the reactor failed" in caplog.text


def test_ctrl_c_ends_it() -> None:
    reactor = Reactor()

    def interrupt() -> None:
        raise KeyboardInterrupt

    reactor.callFromThread(interrupt)
    reactor.run()
    assert not reactor.running
