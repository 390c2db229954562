"""The application's two mixers, each with its bridge and sound device: the voice one for calls, the alert one for ringing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.media.control import DevicesChanged
from blinkq.sipsimple.audio import AudioDevice, RootAudioBridge
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings

__all__ = ["AudioPath", "AudioSystem"]

log = get_logger("sipsimple.audio_system")

_DEFAULT = "system_default"


@dataclass(frozen=True, slots=True)
class AudioPath:
    """A mixer, the bridge where ports are added, and the sound device, which is always in the bridge."""

    mixer: AudioMixer
    bridge: RootAudioBridge
    device: AudioDevice

    @classmethod
    def open(cls, mixer: AudioMixer) -> AudioPath:
        """With a bridge and the device for ``mixer``."""
        bridge, device = RootAudioBridge(mixer), AudioDevice(mixer)
        bridge.add(device)
        return cls(mixer, bridge, device)

    def close(self) -> None:
        """Give everything back."""
        self.bridge.stop()
        self.mixer.close()


class AudioSystem:
    """Opens both paths as the settings say, and follows changes of settings and of devices. Engine thread only.

    ``owner`` is the sender of the notifications: AudioDevicesDidChange and DefaultAudioDeviceDidChange.
    """

    def __init__(self, owner: object) -> None:
        self._owner = owner
        settings = SIPSimpleSettings().audio
        self.voice = AudioPath.open(AudioMixer(settings.input_device, settings.output_device, int(settings.sample_rate)))
        # ringing needs no microphone
        self.alert = AudioPath.open(AudioMixer(None, settings.alert_device, int(settings.sample_rate)))
        self.voice.mixer.muted = settings.muted
        if settings.silent:
            self.alert.mixer.output_volume = 0

    def close(self) -> None:
        """Give both paths back."""
        self.voice.close()
        self.alert.close()

    def settings_changed(self, modified: Mapping[str, object]) -> None:
        """Put changed settings into force; calls go on. The sample rate counts from the next start."""
        settings = SIPSimpleSettings().audio
        if "audio.input_device" in modified or "audio.output_device" in modified:
            self._set_voice_devices()
        if "audio.alert_device" in modified:
            self._set_alert_device()
        if "audio.muted" in modified:
            self.voice.mixer.muted = settings.muted
        if "audio.silent" in modified:
            self.alert.mixer.output_volume = 0 if settings.silent else 100

    def devices_changed(self, event: DevicesChanged) -> None:
        """Follow the system's default, and return to a chosen device that was plugged in again."""
        old, new = event.old, event.new
        if (old.inputs, old.outputs) != (new.inputs, new.outputs):
            post(
                "AudioDevicesDidChange", self._owner, old_devices=[*old.inputs, *old.outputs], new_devices=[*new.inputs, *new.outputs]
            )
        changed_input = old.default_input != new.default_input
        changed_output = old.default_output != new.default_output
        if changed_input or changed_output:
            post("DefaultAudioDeviceDidChange", self._owner, changed_input=changed_input, changed_output=changed_output)
        appeared = {*new.inputs, *new.outputs} - {*old.inputs, *old.outputs}
        gone = {*old.inputs, *old.outputs} - {*new.inputs, *new.outputs}
        voice, alert = self.voice.mixer, self.alert.mixer
        if (
            _affected(voice.input_device, voice.real_input_device, changed_input, appeared, gone)
            or _affected(voice.output_device, voice.real_output_device, changed_output, appeared, gone)
        ):  # fmt: skip
            self._set_voice_devices()
        if _affected(alert.output_device, alert.real_output_device, changed_output, appeared, gone):
            self._set_alert_device()

    def _set_voice_devices(self) -> None:
        settings = SIPSimpleSettings().audio
        self.voice.mixer.set_sound_devices(settings.input_device, settings.output_device)

    def _set_alert_device(self) -> None:
        self.alert.mixer.set_sound_devices(None, SIPSimpleSettings().audio.alert_device)


def _affected(wanted: str | None, real: str | None, default_changed: bool, appeared: set[str], gone: set[str]) -> bool:
    """Whether a change of devices makes it necessary to open a device again."""
    if wanted is None:
        return False
    if wanted == _DEFAULT:
        return default_changed or real is None
    return wanted in appeared or (real in gone)
