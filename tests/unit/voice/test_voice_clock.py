"""The clock keeps a fixed grid, makes up for short stalls, skips long ones, and survives what is run on it."""

from __future__ import annotations

import pytest

from blinkq.voice.clock import MAX_BURST, PERIOD, Clock, Schedule


def test_ticks_are_due_on_a_fixed_grid() -> None:
    schedule = Schedule()
    schedule.start(10.0)
    assert schedule.due(10.0) == (1, 0)
    assert schedule.due(10.001) == (0, 0)
    assert schedule.due(10.027) == (1, 0), "a late tick ..."
    assert schedule.deadline == pytest.approx(10.040), "... does not move the next one"


def test_a_short_stall_is_made_up_for() -> None:
    schedule = Schedule()
    schedule.start(0.0)
    assert schedule.due(0.0) == (1, 0)
    assert schedule.due(0.105) == (5, 0)
    assert schedule.deadline == pytest.approx(0.120)


def test_a_long_stall_is_skipped() -> None:
    schedule = Schedule()
    schedule.start(0.0)
    assert schedule.due(60.001) == (1, 3000)
    assert schedule.deadline == pytest.approx(60.020)
    assert Schedule(max_burst=MAX_BURST).max_burst * PERIOD == pytest.approx(0.2)


class Time:
    def __init__(self) -> None:
        self.now = 50.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def _run(ticks: int, tick_body: object = None) -> tuple[Time, list[tuple[float, int]], Clock]:
    time = Time()
    calls: list[tuple[float, int]] = []

    def tick(now: float, skipped: int) -> None:
        calls.append((now, skipped))
        if callable(tick_body):
            tick_body(time, calls)
        if len(calls) >= ticks:
            clock.stop()

    clock = Clock(tick, lambda: True, monotonic=lambda: time.now, sleep=time.sleep)
    clock.run()
    return time, calls, clock


def test_the_clock_sleeps_to_each_deadline() -> None:
    def body(time: Time, calls: list[tuple[float, int]]) -> None:
        time.now += 0.004

    time, calls, _ = _run(5, body)
    assert [now for now, _ in calls] == pytest.approx([50.0, 50.02, 50.04, 50.06, 50.08])
    assert time.slept[:4] == pytest.approx([0.016] * 4)


def test_skipped_ticks_are_told_once() -> None:
    def body(time: Time, calls: list[tuple[float, int]]) -> None:
        if len(calls) == 2:
            time.now += 1.01

    _, calls, _ = _run(4, body)
    assert [skipped for _, skipped in calls] == [0, 0, 49, 0]


@pytest.mark.expect_warnings
def test_a_failing_tick_does_not_stop_the_clock() -> None:
    def body(time: Time, calls: list[tuple[float, int]]) -> None:
        if len(calls) == 2:
            raise ValueError("broken stream")

    _, calls, _ = _run(5, body)
    assert len(calls) == 5


@pytest.mark.expect_warnings
def test_posted_functions_run_in_order_and_may_fail() -> None:
    done: list[int] = []

    def fail() -> None:
        raise ValueError("broken command")

    clock = Clock(lambda now, skipped: None, lambda: False)
    for function in (lambda: done.append(1), fail, lambda: done.append(2)):
        clock.post(function)
    clock.stop()
    clock.run()
    assert done == [1, 2]


def test_the_thread_parks_and_wakes_for_what_is_posted() -> None:
    import threading

    ran = threading.Event()
    clock = Clock(lambda now, skipped: None, lambda: False)
    clock.start()
    clock.post(ran.set)
    assert ran.wait(60)
    clock.stop()
    clock.stop()
