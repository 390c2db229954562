"""A mixer over a fake media process, for tests of what is put on mixers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.fake_media import FakeMedia

from blinkq.engine.loop import EngineLoop
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.media_events import MediaEvents

__all__ = ["open_mixer"]


@asynccontextmanager
async def open_mixer() -> AsyncIterator[tuple[AudioMixer, FakeMedia]]:
    """An open mixer with null devices, and what stands for the media process."""
    loop = EngineLoop(asyncio.get_running_loop())
    loop.start()
    media = FakeMedia(MediaEvents().dispatch)
    media.running = True
    made = AudioMixer(None, None, 48000, media=media)
    await made.opened()
    try:
        yield made, media
    finally:
        made.close()
        loop.stop()
