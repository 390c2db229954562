"""How long to wait before subscribing or publishing again."""

from __future__ import annotations

import pytest

from blinkq.base.clock import SeededEntropy
from blinkq.sipsimple.event_retry import PublicationRetry, SubscriptionRetry


@pytest.mark.parametrize(
    ("code", "low", "high", "next_route"),
    [
        (489, 3600, 3600, False), (405, 3600, 3600, False), (401, 60, 120, False), (407, 60, 120, False), (423, 60, 120, False),
        (403, 60, 120, False), (408, 60, 180, True), (503, 60, 180, True), (404, 60, 180, True),
    ],
)  # fmt: skip
def test_a_refused_subscription(code: int, low: float, high: float, next_route: bool) -> None:
    for seed in range(20):
        attempt = SubscriptionRetry(SeededEntropy(seed)).refused(code)
        assert low <= attempt.delay <= high
        assert attempt.next_route is next_route


def test_the_server_may_ask_for_more_time() -> None:
    retry = SubscriptionRetry(SeededEntropy(1))
    assert retry.refused(503, 600).delay == 600
    assert retry.refused(503, 10**9).delay == 3600
    assert retry.refused(503, 1).delay >= 60


@pytest.mark.parametrize(
    ("reason", "retry_after", "low", "high"),
    [
        ("deactivated", None, 0, 2), ("timeout", 50, 0, 2), ("probation", 7, 7, 7), ("giveup", None, 60, 120), ("", 5, 5, 5),
        ("rejected", 1, 3600, 3600), ("noresource", None, 3600, 3600), ("strange", None, 60, 120),
    ],
)  # fmt: skip
def test_after_the_notifier_ended_it(reason: str, retry_after: int | None, low: float, high: float) -> None:
    assert low <= SubscriptionRetry(SeededEntropy(3)).ended(reason, retry_after) <= high


def test_a_publication_is_tried_sooner_with_growing_delays() -> None:
    retry = PublicationRetry(SeededEntropy(4))
    delays = [retry.refused(408).delay, retry.lookup_failed(), retry.no_network(), *(retry.refused(503).delay for _ in range(5))]
    bounds = [1, 2, 4, 8, 16, 30, 30, 30]
    assert all(bound <= delay <= 2 * bound for bound, delay in zip(bounds, delays, strict=True))
    retry.succeeded()
    assert retry.lookup_failed() <= 2
    assert retry.refused(489).delay == 3600
    assert not retry.refused(403).next_route
