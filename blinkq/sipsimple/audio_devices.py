"""Which sound devices there are, asked of the media process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.engine.loop import EngineLoop
from blinkq.engine.media_errors import MediaError
from blinkq.media.control import DeviceList, ListDevices
from blinkq.sipsimple.runtime import Runtime

__all__ = ["AudioDevices", "list_audio_devices"]

log = get_logger("sipsimple.audio_devices")


@dataclass(frozen=True, slots=True)
class AudioDevices:
    """Names of the microphones and loudspeakers; the system's defaults are None where there is none."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    default_input: str | None = None
    default_output: str | None = None


def list_audio_devices(on_result: Callable[[AudioDevices], None]) -> None:
    """Ask for the devices and return; ``on_result`` is called on the engine thread, not at all when the media process cannot tell.

    Nothing happens when no engine runs.
    """
    loop = EngineLoop.current
    if loop is None or Runtime.engine is None:
        return
    loop.run(_ask(on_result))


async def _ask(on_result: Callable[[AudioDevices], None]) -> None:
    try:
        reply = await Runtime.current().media.request(ListDevices())
    except (MediaError, IllegalStateError) as error:
        log.info("the sound devices are not known: %s", error)
        return
    if isinstance(reply, DeviceList):
        on_result(AudioDevices(reply.inputs, reply.outputs, reply.default_input, reply.default_output))
