"""The engine thread: starts, runs calls in order, ends; and methods that hop onto it."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator

import pytest
from support.virtual_loop import run

from blinkq.base.errors import IllegalStateError
from blinkq.engine.loop import SWITCH_INTERVAL, EngineLoop, in_engine


@pytest.fixture
def engine() -> Iterator[EngineLoop]:
    interval = sys.getswitchinterval()
    loop = EngineLoop()
    loop.start()
    yield loop
    loop.stop()
    sys.setswitchinterval(interval)


class Thing:
    def __init__(self) -> None:
        self.heard: list[tuple[int, int]] = []
        self.done = threading.Event()

    @in_engine
    def note(self, number: int, *, last: bool = False) -> None:
        self.heard.append((number, threading.get_ident()))
        if last:
            self.done.set()


def test_calls_run_in_the_engine_thread_in_order(engine: EngineLoop) -> None:
    thing = Thing()
    for number in range(50):
        thing.note(number)
    thing.note(50, last=True)
    assert thing.done.wait(60)
    assert [number for number, _ in thing.heard] == list(range(51))
    assert {ident for _, ident in thing.heard} == {engine._thread_id}
    assert threading.get_ident() not in {ident for _, ident in thing.heard}


def test_the_switch_interval_is_set(engine: EngineLoop) -> None:
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL)


def test_on_the_engine_thread_a_method_runs_at_once(engine: EngineLoop) -> None:
    thing = Thing()

    async def body() -> int:
        assert engine.is_current()
        thing.note(1)
        return len(thing.heard)

    assert engine.run(body()).result(5) == 1
    assert not engine.is_current()


def test_a_call_never_runs_before_it_returns(engine: EngineLoop) -> None:
    heard: list[int] = []

    async def body() -> list[int]:
        engine.call(heard.append, 1)
        before = list(heard)
        await asyncio.sleep(0)
        return before

    assert engine.run(body()).result(5) == []
    assert heard == [1]


def test_stop_cancels_what_still_runs() -> None:
    loop = EngineLoop()
    loop.start()
    assert loop.running
    ended = threading.Event()
    begun = threading.Event()

    async def for_ever() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    loop.run(for_ever())
    assert begun.wait(60)
    loop.stop()
    assert ended.is_set()
    assert not loop.running
    assert EngineLoop.current is None
    loop.stop()  # idempotent


def test_only_one_engine_is_current(engine: EngineLoop) -> None:
    with pytest.raises(IllegalStateError):
        EngineLoop().start()
    assert EngineLoop.current is engine


def test_the_engine_thread_cannot_stop_itself(engine: EngineLoop) -> None:
    async def body() -> None:
        engine.stop()

    with pytest.raises(IllegalStateError):
        engine.run(body()).result(5)


def test_without_an_engine_methods_say_so() -> None:
    with pytest.raises(IllegalStateError, match="note"):
        Thing().note(1)
    with pytest.raises(IllegalStateError):
        EngineLoop().run(asyncio.sleep(0))


def test_a_given_loop_is_used_on_its_own_thread() -> None:
    async def body() -> None:
        loop = EngineLoop(asyncio.get_running_loop())
        loop.start()
        thing = Thing()
        thing.note(1)
        assert loop.is_current()
        assert len(thing.heard) == 1
        loop.stop()

    run(body())
