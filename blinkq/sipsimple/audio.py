"""The high-level audio API: ports, the bridges that connect them in a full mesh, the sound device, wave players and recorders.

Everything here is a handle: the samples are in the media process, slots and connections are integers of an AudioMixer.
"""

from __future__ import annotations

from blinkq.sipsimple.audio_bridge import AudioBridge, AudioDevice, IAudioPort, RootAudioBridge
from blinkq.sipsimple.audio_conference import AudioConference
from blinkq.sipsimple.wave import WavePlayer, WaveRecorder

__all__ = ["AudioBridge", "AudioConference", "AudioDevice", "IAudioPort", "RootAudioBridge", "WavePlayer", "WaveRecorder"]
