"""Tones as a player's source: the right frequencies for the right time, silence between, again after a rewind."""

from __future__ import annotations

import numpy as np
import pytest
from support.tones import goertzel
from support.voice import BLOCK, RATE

from blinkq.base.errors import BlinkQError
from blinkq.media.control import Event, PlayerEnded, PlayerStarted, StartPlayer
from blinkq.voice.devices.device import Block
from blinkq.voice.player import Player
from blinkq.voice.tonefeed import ToneFeed


def whole(feed: ToneFeed) -> Block:
    blocks = []
    while (block := feed.next_block()) is not None:
        blocks.append(block)
    assert feed.ended
    return np.concatenate(blocks)


def test_each_tone_sounds_in_its_time() -> None:
    sound = whole(ToneFeed([(440, 480, 0.2), (0, 0, 0.1), (1000, 0, 0.205)], RATE))
    assert len(sound) == -(-int(0.505 * RATE) // BLOCK) * BLOCK
    first, silence, last = sound[: RATE // 5], sound[RATE // 5 : 3 * RATE // 10], sound[3 * RATE // 10 :]
    assert not silence.any()
    assert goertzel(first, 440, RATE) > -30
    assert goertzel(first, 480, RATE) > -30
    assert goertzel(first, 1000, RATE) < -45
    assert goertzel(last, 1000, RATE) > -30


def test_a_player_plays_them_as_often_as_wanted() -> None:
    events: list[Event] = []
    command = StartPlayer(1, 1, 2, "", volume=50, loop_count=2, tones=((440, 0, 0.04),))
    player = Player(command, ToneFeed(command.tones, RATE), events.append)
    blocks = [player.pull(0.0) for _ in range(8)]
    assert sum(block is not None for block in blocks) == 4
    assert events == [PlayerStarted(1), PlayerEnded(1, stopped=False)]


def test_too_long_is_refused() -> None:
    with pytest.raises(BlinkQError, match="60 s"):
        ToneFeed([(440, 0, 61)], RATE)
