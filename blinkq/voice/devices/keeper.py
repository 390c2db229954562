"""Keeps the devices of all mixers: checks names, opens hardware when it is used, replaces what fails, watches what comes and goes.

Everything here runs on the device worker, because sound servers may block for seconds; only finished devices are handed to the clock
thread. miniaudio is imported only when a real device or a list is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blinkq.media.control import DeviceFailed, DeviceList, DevicesChanged, Event, MixerOpened
from blinkq.media.wav import WavError
from blinkq.voice.devices.device import Loudspeaker, Microphone
from blinkq.voice.devices.file import APPEND, PREFIX, FileLoudspeaker, FileMicrophone
from blinkq.voice.worker import Worker

if TYPE_CHECKING:
    from blinkq.voice.devices.listing import Listing
    from blinkq.voice.devices.sound import SoundDevice

__all__ = ["SYSTEM_DEFAULT", "DeviceKeeper"]

#: The name that stands for whatever the system uses.
SYSTEM_DEFAULT = "system_default"

#: Seconds that a dead sound server may delay the end: less than what the engine grants the whole process.
STOP_TIMEOUT = 1.5

MakeWorker = Callable[[str, Callable[[], None]], Worker]
Install = Callable[[int, "Microphone | None", "Loudspeaker | None"], None]


@dataclass(slots=True)
class _Post:
    """The devices of one mixer: what was asked for, and what is there."""

    rate: int
    input_device: str | None = None
    output_device: str | None = None
    used: bool = False
    failed: bool = False
    sound: SoundDevice | None = None
    opened: tuple[str | None, str | None] = (None, None)
    files: list[Microphone | Loudspeaker] = field(default_factory=list)
    microphone: Microphone | None = None
    loudspeaker: Loudspeaker | None = None


class DeviceKeeper:
    """Methods named ``*_job`` run on the device worker only; the others post them and may be called from any thread.

    ``install(mixer, microphone, loudspeaker)`` brings devices (None = null device) into the mixer; what was there before is closed only
    after ``install`` has returned, so it must not return before the clock thread has let go of them.
    """

    def __init__(self, disk: Worker, install: Install, emit: Callable[[Event], None], make_worker: MakeWorker = Worker) -> None:
        self._disk = disk
        self._install = install
        self._emit = emit
        self._worker = make_worker("devices", self._poll_job)
        self._posts: dict[int, _Post] = {}
        self._listing: Listing | None = None

    def configure(
        self, mixer: int, rate: int, input_device: str | None, output_device: str | None, reply: Callable[[MixerOpened], None]
    ) -> None:
        """Give a mixer these devices and reply with what they really are."""
        self._worker.post(lambda: reply(self._configure_job(mixer, rate, input_device, output_device)))

    def set_used(self, mixer: int, used: bool) -> None:
        """The mixer's slot 0 began to be used, or was not for a while: hardware is opened and released."""
        self._worker.post(lambda: self._use_job(mixer, used))

    def device_failed(self, mixer: int, error: str) -> None:
        """The clock thread found the mixer's device stopped."""
        self._worker.post(lambda: self._failed_job(mixer, error))

    def close_mixer(self, mixer: int) -> None:
        self._worker.post(lambda: self._close_job(mixer))

    def list_devices(self, reply: Callable[[DeviceList], None]) -> None:
        """List the sound devices, and watch them from now on."""
        self._worker.post(lambda: reply(self._list_job()))

    def stop(self) -> None:
        """Close all devices and end the worker."""
        for mixer in tuple(self._posts):
            self.close_mixer(mixer)
        self._worker.stop(STOP_TIMEOUT)

    # on the worker ---------------------------------------------------------------------------------------------------------------

    def _configure_job(self, mixer: int, rate: int, input_device: str | None, output_device: str | None) -> MixerOpened:
        old = self._posts.get(mixer)
        self._close_job(mixer)
        post = self._posts[mixer] = _Post(rate, input_device, output_device, used=old is not None and old.used)
        errors: list[str] = []
        if _is_hardware(input_device) or _is_hardware(output_device):
            self._refresh()
            self._worker.start_polling()
        heard: str | None = None
        said: str | None = None
        try:
            heard = self._take_input(post, input_device)
        except (WavError, LookupError) as error:
            errors.append(_sentence(error))
        try:
            said = self._take_output(post, output_device)
        except (WavError, LookupError) as error:
            errors.append(_sentence(error))
        self._install(mixer, post.microphone, post.loudspeaker)
        if post.used:
            self._open_sound(mixer, post)
        return MixerOpened(mixer, heard, said, " ".join(errors) or None)

    def _take_input(self, post: _Post, device: str | None) -> str | None:
        name = self._check(device, capture=True)
        if device is not None and not _is_hardware(device):
            post.microphone = FileMicrophone(device.removeprefix(PREFIX), post.rate, self._disk)
        return name

    def _take_output(self, post: _Post, device: str | None) -> str | None:
        name = self._check(device, capture=False)
        if device is not None and not _is_hardware(device):
            append = device.startswith(APPEND)
            filename = device.removeprefix(APPEND if append else PREFIX)
            post.loudspeaker = FileLoudspeaker(filename, post.rate, self._disk, append=append)
        return name

    def _check(self, name: str | None, *, capture: bool) -> str | None:
        """The real name of a device; raises LookupError with a sentence when there is none."""
        if name is None or not _is_hardware(name):
            return name
        kind = "microphone" if capture else "loudspeaker"
        listing = self._listing
        known: dict[str, Any] = {}
        default: str | None = None
        if listing is not None:
            known = listing.inputs if capture else listing.outputs
            default = listing.names.default_input if capture else listing.names.default_output
        if name == SYSTEM_DEFAULT:
            if default is None:
                raise LookupError(f"There is no {kind} on this computer.")
            return default
        if name not in known:
            raise LookupError(f"The {kind} “{name}” is not connected.")
        return name

    def _use_job(self, mixer: int, used: bool) -> None:
        post = self._posts.get(mixer)
        if post is None or post.used == used:
            return
        post.used = used
        if used:
            self._open_sound(mixer, post)
        else:
            self._close_sound(mixer, post)

    def _open_sound(self, mixer: int, post: _Post) -> None:
        """Open the hardware that a mixer wants, as far as it is there."""
        names = self._present(post)
        if names == (None, None) or self._listing is None:
            return
        from blinkq.voice.devices.sound import SoundDevice, SoundError

        try:
            sound = SoundDevice(
                post.rate,
                post.rate // 50,
                capture=names[0] is not None,
                playback=names[1] is not None,
                # The default is left to the sound server, which may move it.
                capture_id=self._listing.inputs.get(post.input_device or ""),
                playback_id=self._listing.outputs.get(post.output_device or ""),
            )
        except SoundError as error:
            if not post.failed:
                post.failed = True
                self._emit(DeviceFailed(mixer, _sentence(error)))
            return
        post.sound, post.opened, post.failed = sound, names, False
        if sound.microphone is not None:
            sound.microphone.name = names[0]
        if sound.loudspeaker is not None:
            sound.loudspeaker.name = names[1]
        self._install(mixer, sound.microphone or post.microphone, sound.loudspeaker or post.loudspeaker)

    def _present(self, post: _Post) -> tuple[str | None, str | None]:
        """The real names of the hardware that a mixer wants and that is there."""
        return (
            self._real_name(post.input_device, capture=True) if _is_hardware(post.input_device) else None,
            self._real_name(post.output_device, capture=False) if _is_hardware(post.output_device) else None,
        )

    def _real_name(self, name: str | None, *, capture: bool) -> str | None:
        try:
            return self._check(name, capture=capture)
        except LookupError:
            return None

    def _close_sound(self, mixer: int, post: _Post) -> None:
        if post.sound is not None:
            self._install(mixer, post.microphone, post.loudspeaker)
            post.sound.close()
            post.sound, post.opened = None, (None, None)

    def _failed_job(self, mixer: int, error: str) -> None:
        post = self._posts.get(mixer)
        if post is None:
            return
        self._emit(DeviceFailed(mixer, _sentence(error)))
        if post.sound is not None:
            post.failed = True
            self._close_sound(mixer, post)

    def _close_job(self, mixer: int) -> None:
        post = self._posts.pop(mixer, None)
        if post is None:
            return
        self._install(mixer, None, None)
        for device in (post.sound, post.microphone, post.loudspeaker):
            if device is not None:
                device.close()

    def _list_job(self) -> DeviceList:
        self._worker.start_polling()
        return self._refresh().names

    def _poll_job(self) -> None:
        """Every two seconds: tell what changed, follow the default, and try again what failed."""
        old = self._listing
        new = self._refresh()
        if old is not None and old.names != new.names:
            self._emit(DevicesChanged(old.names, new.names))
        for mixer, post in self._posts.items():
            present = self._present(post)
            if not post.used or present == post.opened:
                continue
            if any(before is not None and now is None for before, now in zip(post.opened, present, strict=True)):
                self._emit(DeviceFailed(mixer, "The sound device was removed."))
            self._close_sound(mixer, post)
            self._open_sound(mixer, post)

    def _refresh(self) -> Listing:
        from blinkq.voice.devices.listing import list_devices

        self._listing = list_devices()
        return self._listing


def _is_hardware(name: str | None) -> bool:
    return name is not None and not name.startswith((PREFIX, APPEND))


def _sentence(error: object) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
