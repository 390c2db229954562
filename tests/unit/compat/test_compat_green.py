"""Green functions: one at a time, in order, giving way where they wait. Nothing here depends on how fast a thread is."""

from __future__ import annotations

import concurrent.futures
import threading

import pytest

from blinkq.compat.green import (
    call_in_green_thread,
    in_green_thread,
    run_in_green_thread,
    run_in_waitable_green_thread,
    wait_for,
)

PATIENCE = 60.0


def test_functions_run_one_at_a_time_in_the_order_of_the_calls() -> None:
    running: list[int] = []
    order: list[int] = []
    done = threading.Event()

    @run_in_green_thread
    def work(number: int) -> None:
        running.append(number)
        assert len(running) == 1
        order.append(number)
        running.pop()
        if number == 19:
            done.set()

    for number in range(20):
        assert work(number) is None
    assert done.wait(PATIENCE)
    assert order == list(range(20))


def test_another_one_runs_while_the_first_waits() -> None:
    answer: concurrent.futures.Future[str] = concurrent.futures.Future()

    @run_in_waitable_green_thread
    def asks() -> str:
        return wait_for(answer)

    @run_in_waitable_green_thread
    def answers() -> str:
        answer.set_result("yes")
        return "told"

    first, second = asks(), answers()
    assert second.wait() == "told"
    assert first.wait() == "yes"


def test_a_green_function_calls_another_directly() -> None:
    @run_in_green_thread
    def inner() -> str:
        return threading.current_thread().name

    @run_in_waitable_green_thread
    def outer() -> tuple[bool, str]:
        return in_green_thread(), inner()

    assert outer().wait() == (True, "green")
    assert not in_green_thread()


def test_what_goes_wrong_belongs_to_who_waits() -> None:
    @run_in_waitable_green_thread
    def fails() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        fails().wait()


@pytest.mark.expect_warnings
def test_what_goes_wrong_where_nobody_waits_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    done = run_in_waitable_green_thread(lambda: None)

    def broken() -> None:
        raise LookupError("nothing there")

    call_in_green_thread(broken)
    done().wait()  # its turn comes after the other's
    assert "the green function broken failed" in caplog.text
