"""When an account tries to register again."""

from __future__ import annotations

import pytest

from blinkq.base.clock import SeededEntropy
from blinkq.sipsimple.registration_policy import MAX_RETRY_AFTER, Failure, RetryPolicy


@pytest.mark.parametrize(
    ("code", "failure"),
    [(408, "PASSING"), (480, "PASSING"), (500, "PASSING"), (503, "PASSING"), (505, "REFUSAL"), (513, "REFUSAL"), (401, "REFUSAL"),
     (403, "REFUSAL"), (404, "REFUSAL"), (302, "REFUSAL"), (603, "REFUSAL")],
)  # fmt: skip
def test_what_passes_by_itself(code: int, failure: str) -> None:
    assert Failure.of(code) is Failure[failure]


def test_attempts_stay_close_while_the_outage_is_young() -> None:
    policy = RetryPolicy(SeededEntropy(1))
    now, delays = 0.0, []
    while now < 590:
        delays.append(policy.delay(Failure.PASSING, now))
        now += delays[-1]
    assert delays[0] < 1.21
    assert max(delays) < 4.81
    assert 20 < policy.delay(Failure.PASSING, 700.0) < 37
    policy.succeeded()
    assert policy.delay(Failure.PASSING, 700.0) < 1.21


def test_a_refusal_waits_and_a_wish_is_heard() -> None:
    policy = RetryPolicy(SeededEntropy(1))
    assert 60 <= policy.delay(Failure.REFUSAL, 0.0) <= 120
    assert policy.delay(Failure.PASSING, 0.0, retry_after=20) == 20
    assert policy.delay(Failure.PASSING, 0.0, retry_after=10**6) == MAX_RETRY_AFTER
