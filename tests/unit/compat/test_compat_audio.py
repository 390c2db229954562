"""Players that can be waited for."""

from __future__ import annotations

import pytest
from support.call_scene import flow
from support.mixers import open_mixer

from blinkq.base.errors import IllegalStateError
from blinkq.compat.audio import WavePlayer, WavePlayerError
from blinkq.compat.green import GreenResult
from blinkq.media.control import PlayerEnded, PlayerFailed, StartPlayer


def outcome(result: GreenResult) -> str | None:
    """What a waiting thread would hear; fails where it would still wait."""
    assert result._future.done()
    error = result._future.exception()
    return None if error is None else f"{type(error).__name__}: {error}"


@flow
async def test_waiting_for_the_end_of_a_play() -> None:
    async with open_mixer() as (m, media):
        player = WavePlayer(m, "ring.wav")
        result = player.play()
        assert outcome(player.play()) == "WavePlayerError: already playing"
        with pytest.raises(IllegalStateError, match="run_in_green_thread"):
            result.wait()
        assert not result._future.done()
        media.emit(PlayerEnded(media.last(StartPlayer).player, stopped=False))
        assert outcome(result) is None
        failing = player.play()
        media.emit(PlayerFailed(media.last(StartPlayer).player, "ring.wav does not exist."))
        assert outcome(failing) == "WavePlayerError: ring.wav does not exist."
        stopped = player.play()
        player.stop()
        assert outcome(stopped) is None
        assert issubclass(WavePlayerError, Exception)


@flow
async def test_the_delay_before_the_first_play_as_old_and_new_scripts_ask_for_it() -> None:
    async with open_mixer() as (m, media):
        for arguments, delay in (((), 0.0), ((False,), 5.0), ((True,), 0.0), ((3,), 3.0), ((2.5,), 2.5)):
            player = WavePlayer(m, "ring.wav", 100, 1, 5, *arguments)
            player.start()
            assert media.last(StartPlayer).initial_delay == delay
            player.stop()
        later = WavePlayer(m, "ring.wav", initial_delay=1)
        later.start()
        assert media.last(StartPlayer).initial_delay == 1
        later.stop()
