"""Symmetric RTP: the signalled source is believed, strangers only when it is silent and after proof."""

from __future__ import annotations

from blinkq.voice.latching import PROBATION, SILENCE, Latch

SIGNALLED, STRANGER, OTHER = ("192.0.2.1", 4000), ("198.51.100.7", 5000), ("203.0.113.9", 6000)


def test_the_signalled_source_is_believed_at_once() -> None:
    latch = Latch(SIGNALLED, authenticated=False)
    assert latch.accept(SIGNALLED, 1, 10, 0.0)
    assert latch.current == SIGNALLED


def test_a_stranger_is_followed_after_some_packets_when_nobody_else_speaks() -> None:
    latch = Latch(SIGNALLED, authenticated=False)
    accepted = [latch.accept(STRANGER, 1, 10 + index, index * 0.02) for index in range(PROBATION)]
    assert accepted == [False] * (PROBATION - 1) + [True]
    assert latch.current == STRANGER


def test_a_stranger_is_not_heard_while_the_call_goes_on() -> None:
    latch = Latch(SIGNALLED, authenticated=False)
    for index in range(200):
        assert latch.accept(SIGNALLED, 1, index, index * 0.02)
        assert not latch.accept(STRANGER, 2, index, index * 0.02)
    assert latch.current == SIGNALLED


def test_a_moved_peer_is_followed_after_silence() -> None:
    latch = Latch(SIGNALLED, authenticated=False)
    assert latch.accept(SIGNALLED, 1, 0, 0.0)
    assert not latch.accept(STRANGER, 1, 1, SILENCE / 2)
    later = SILENCE + 0.1
    assert [latch.accept(STRANGER, 1, 50 + index, later) for index in range(3)] == [False, False, True]


def test_strangers_do_not_prove_each_other() -> None:
    latch = Latch(SIGNALLED, authenticated=False)
    for index in range(20):
        assert not latch.accept(STRANGER, 1, index, 0.0)
        assert not latch.accept(OTHER, 1, index, 0.0)
    for sequence in (100, 100, 100, 5000, 9):
        assert not latch.accept(STRANGER, 1, sequence, 0.0), "the same packet again proves nothing"


def test_the_signalled_source_takes_the_call_back_when_the_other_is_silent() -> None:
    latch = Latch(SIGNALLED, authenticated=True)
    assert latch.accept(STRANGER, 1, 0, 0.0), "an authenticated packet is proof enough"
    assert not latch.accept(SIGNALLED, 1, 1, 0.5)
    assert latch.accept(SIGNALLED, 1, 2, SILENCE + 0.1)
    assert latch.current == SIGNALLED


def test_an_address_that_ice_selected_is_never_left() -> None:
    latch = Latch(SIGNALLED, authenticated=True, pinned=True)
    assert latch.accept(STRANGER, 1, 0, 0.0), "the peer may speak from another of its candidates"
    assert latch.accept(STRANGER, 1, 1, 0.02)
    assert latch.current == SIGNALLED
