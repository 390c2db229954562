"""Named threads, event queues, the engine's thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from blinkq.compat.queues import EventQueue
from blinkq.compat.threads import (
    ThreadManager,
    call_in_thread,
    call_in_twisted_thread,
    run_in_thread,
    run_in_twisted_thread,
    schedule_in_thread,
)
from blinkq.engine.loop import EngineLoop


@pytest.fixture
def manager() -> Iterator[ThreadManager]:
    made = ThreadManager()
    made.start()
    yield made
    made.stop()


def test_a_named_thread_does_one_thing_after_the_other(manager: ThreadManager) -> None:
    seen: list[object] = []
    begun = threading.Event()

    @run_in_thread("file-io")
    def write(what: str) -> None:
        seen.append((what, threading.current_thread().name))
        if what == "first":
            call_in_thread("file-io", seen.append, "at once")
            schedule_in_thread("file-io", seen.append, "later")
            run_in_thread("file-io", scheduled=True)(seen.append)("last")
            seen.append("done")
            begun.set()

    write("first")
    write("second")
    assert begun.wait(60)
    manager.stop()
    assert seen[:3] == [("first", "file-io"), "at once", "done"]
    assert sorted(map(str, seen[3:])) == sorted(["later", "last", "('second', 'file-io')"])


def test_the_engines_thread() -> None:
    names: list[str] = []
    call_in_twisted_thread(names.append, "no engine")
    loop = EngineLoop()
    loop.start()
    done = threading.Event()

    @run_in_twisted_thread
    def work(level: int) -> None:
        names.append(threading.current_thread().name)
        if level:
            work(level - 1)
            assert len(names) == 3, "at once when it is there already"
            done.set()

    work(1)
    assert done.wait(60)
    loop.stop()
    assert names == ["no engine", "engine", "engine"]


@pytest.mark.expect_warnings
def test_an_event_queue_survives_its_handler(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[int] = []
    queue = EventQueue(lambda number: seen.append(10 // number), name="numbers", preload=[1, 0, 5])
    queue.put(2)
    queue.stop()
    queue.start()
    queue.join(60)
    assert seen == [10, 2, 5]
    assert "numbers could not handle 0" in caplog.text


def test_an_event_queue_can_be_emptied() -> None:
    seen: list[int] = []

    class Own(EventQueue):
        def handle(self, event: int) -> None:
            seen.append(event)

    queue = Own(preload=[1, 2])
    queue.purge()
    queue.put(3)
    queue.stop()
    queue.purge()
    queue.start()
    queue.join(60)
    assert seen == []
