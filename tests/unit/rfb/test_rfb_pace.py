"""What the time that a viewer takes says of the link."""

from __future__ import annotations

import pytest

from blinkq.rfb.pace import BETTERING, Pace


def answers(pace: Pace, took: float, size: int = 100_000, count: int = 1, moving: bool = True) -> None:
    for _ in range(count):
        pace.sent(size, 10.0, moving=moving)
        pace.asked(10.0 + took)


def test_a_slow_link_makes_pictures_worse_the_more_the_slower() -> None:
    pace = Pace(8)
    answers(pace, 0.25)
    assert pace.quality == 7
    answers(pace, 0.5)
    assert pace.quality == 5
    answers(pace, 2.0, count=2)
    assert pace.quality == 0


def test_better_again_but_not_better_than_was_wanted() -> None:
    pace = Pace(6)
    answers(pace, 2.0, count=2)
    answers(pace, 0.1, count=5)
    assert pace.quality == 0
    answers(pace, 0.03, count=20)
    assert pace.quality == 6


def test_a_link_that_has_become_slow_is_believed_at_once() -> None:
    pace = Pace(8)
    answers(pace, 0.001, 1_000_000)
    assert pace.uncompressed
    answers(pace, 1.0)
    assert not pace.uncompressed
    assert pace.bettering == pytest.approx(100_000 * BETTERING)


def test_a_viewer_far_away_is_not_taken_for_a_slow_link() -> None:
    pace = Pace(8)
    answers(pace, 0.6, 100)
    answers(pace, 0.63, count=5)
    assert pace.quality == 8
    assert pace.rate == pytest.approx(100_000 / 0.03)


def test_what_stands_still_and_who_was_away_say_nothing_of_pictures() -> None:
    pace = Pace(8)
    answers(pace, 3.0, moving=False)
    assert pace.quality == 8
    pace.sent(100_000, 10.0)
    pace.left()
    pace.asked(500.0)
    assert pace.quality == 8
