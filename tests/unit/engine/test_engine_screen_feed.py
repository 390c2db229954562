"""Pictures that an application takes itself, served to a viewer."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from blinkq.engine.screen import feed as feed_module
from blinkq.engine.screen.feed import ScreenFeed
from blinkq.engine.screen.source import ScreenError
from blinkq.rfb.pixel_format import Pixels


def grey(level: int) -> Pixels:
    return np.full((4, 6, 4), level, np.uint8)


def test_the_latest_picture_once() -> None:
    feed = ScreenFeed()
    feed.show(lambda: grey(1))
    feed.show(lambda: grey(2))
    feed.wait()
    picture = feed.grab()
    assert picture is not None
    assert (picture == 2).all()
    assert feed.grab() is None
    assert feed.place() is None  # type: ignore[func-returns-value]  # that is what is asked


def test_the_first_picture_is_waited_for() -> None:
    feed = ScreenFeed()
    thread = threading.Thread(target=lambda: feed.show(lambda: grey(3)))
    thread.start()
    feed.wait()
    thread.join()
    assert feed.grab() is not None


def test_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "PATIENCE", 0.0)
    with pytest.raises(ScreenError, match="there is no picture of it"):
        ScreenFeed().wait()


def test_a_failure_is_told_everywhere() -> None:
    feed = ScreenFeed()
    feed.fail("The desktop said no.")
    for asked in (feed.wait, feed.grab, feed.place):
        with pytest.raises(ScreenError, match=r"^The desktop said no\.$"):
            asked()
