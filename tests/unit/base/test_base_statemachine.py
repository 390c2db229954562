"""StateTable, Clock, Entropy and redaction."""

from __future__ import annotations

import enum

import pytest

from blinkq.base.clock import SeededEntropy, SystemClock, SystemEntropy
from blinkq.base.errors import IllegalTransition
from blinkq.base.logging import get_logger, redact
from blinkq.base.statemachine import StateTable


class Door(enum.Enum):
    OPEN = 1
    SHUT = 2
    GONE = 3
    LOST = 4


class Push(enum.Enum):
    PUSH = 1
    PULL = 2
    BREAK = 3


TABLE = StateTable(
    {(Door.OPEN, Push.PUSH): Door.SHUT, (Door.SHUT, Push.PULL): Door.OPEN, (Door.SHUT, Push.BREAK): Door.GONE},
    initial=Door.OPEN,
    final=frozenset({Door.GONE}),
)


def test_table() -> None:
    assert TABLE.next(Door.OPEN, Push.PUSH) is Door.SHUT
    assert TABLE.allows(Door.SHUT, Push.BREAK)
    assert TABLE.allowed(Door.SHUT) == {Push.PULL, Push.BREAK}
    assert TABLE.states() == TABLE.reachable() == TABLE.ending() == {Door.OPEN, Door.SHUT, Door.GONE}
    with pytest.raises(IllegalTransition, match="PULL is not allowed in state OPEN"):
        TABLE.next(Door.OPEN, Push.PULL)


def test_unreachable_states_show() -> None:
    table = StateTable({(Door.LOST, Push.PUSH): Door.GONE}, initial=Door.OPEN, final=frozenset({Door.GONE}))
    assert Door.LOST not in table.reachable()
    assert Door.OPEN not in table.ending()


def test_seeded_entropy_repeats_and_system_entropy_does_not() -> None:
    one, two = SeededEntropy(7), SeededEntropy(7)
    for ask in (lambda chance: chance.token(), lambda chance: chance.octets(3), lambda chance: chance.uniform(0, 1)):
        assert ask(one) == ask(two)
    system = SystemEntropy()
    assert len(system.token(4)) == 8
    assert len(system.octets(5)) == 5
    assert system.integer(3, 3) == 3
    assert 1 <= system.uniform(1, 2) <= 2
    assert system.token() != system.token()


def test_system_clock() -> None:
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()
    assert clock.wallclock() > 1.6e9


def test_redaction() -> None:
    text = (
        'INVITE sip:a SIP/2.0\r\nProxy-Authorization: Digest response="1"\r\n\r\n'
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^31\r\na=ice-pwd:x\r\n"
    )
    hidden = redact(text)
    assert "response" not in hidden
    assert "c2VjcmV0" not in hidden
    assert hidden.count("[hidden]") == 3
    assert get_logger("base").name == "blinkq.base"
