"""For every test: a fresh notification centre, and failure on leaked threads and on warnings in the log that nobody expected.

A test that provokes a warning says so: ``@pytest.mark.expect_warnings`` (and looks at ``caplog`` if it cares for the words).
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # makes tests/support importable as ``support``

from blinkq.base.notification import Notification, NotificationCenter
from blinkq.engine.loop import EngineLoop

#: Seconds that a thread which was told to end may still take.
THREAD_GRACE = 30.0


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "expect_warnings: the test provokes warnings in the log")
    config.addinivalue_line("markers", "expect_observer_errors: the test makes observers of notifications fail")


_connected = 0


def _count_sockets(event: str, _arguments: object) -> None:
    global _connected
    if event in ("socket.bind", "socket.connect"):
        _connected += 1


sys.addaudithook(_count_sockets)


@pytest.fixture(autouse=True)
def _no_leaked_sockets() -> Iterator[None]:
    """A socket that nobody closed is found when it is collected: at the end of the test that made it, not during some later one."""
    before = _connected
    yield
    if _connected != before:
        gc.collect()


@pytest.fixture(autouse=True)
def _no_log_warnings(request: pytest.FixtureRequest) -> Iterator[None]:
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = records.append  # type: ignore[method-assign]  # a list is all that is needed
    loggers = [logging.getLogger("blinkq"), logging.getLogger("asyncio")]
    for logger in loggers:
        logger.addHandler(handler)
    yield
    for logger in loggers:
        logger.removeHandler(handler)
    if request.node.get_closest_marker("expect_warnings") is None and records:
        pytest.fail("unexpected in the log: " + "; ".join(f"{r.name} {r.levelname}: {r.getMessage()}" for r in records))


@pytest.fixture(autouse=True)
def _fresh_notification_center(request: pytest.FixtureRequest) -> Iterator[None]:
    center = NotificationCenter()
    before = {key: list(observers) for key, observers in center._observers.items()}
    errors: list[tuple[object, Notification, Exception]] = []
    center.on_observer_error = lambda *args: errors.append(args)
    yield
    center.on_observer_error = None
    with center._lock:
        center._observers.clear()
        center._observers.update(before)
    if errors and request.node.get_closest_marker("expect_observer_errors") is None:
        raise errors[0][2]


@pytest.fixture(autouse=True)
def _no_engine_left() -> Iterator[None]:
    yield
    left, EngineLoop.current = EngineLoop.current, None  # or each test after this one would fail as well
    if (engine := sys.modules.get("blinkq.engine.engine")) is not None:  # tests of pure rooms do not load it
        engine.Engine.current = None
    if left is not None and left.is_thread:
        left.stop()
    assert left is None, "an engine loop was left running"


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        # pools of the standard library and of Qt live as long as the process
        if thread.name.startswith(("ThreadPoolExecutor", "asyncio_", "Dummy-", "QThread")):
            continue
        thread.join(THREAD_GRACE)
        assert not thread.is_alive(), f"the thread {thread.name} was left running"
