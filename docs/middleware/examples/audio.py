"""A WAV file is played into a bridge and recorded from it."""

import os
import tempfile
import threading
import wave

from blinkq.base.notification import NotificationCenter, NotificationHandler
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.audio import AudioBridge, WavePlayer, WaveRecorder
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend

SILENT = {"input_device": None, "output_device": None, "alert_device": None}


class PlayAndRecord(NotificationHandler):
    def __init__(self, folder):
        self.folder = folder
        self.application = SIPApplication()
        self.ended = threading.Event()
        NotificationCenter().add_observer(self)
        with wave.open(os.path.join(folder, "in.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(bytes(16000))  # half a second

    def _NH_SIPApplicationDidStart(self, notification):
        mixer = SIPApplication.voice_audio_mixer
        self.bridge = AudioBridge(mixer)
        self.player = WavePlayer(mixer, os.path.join(self.folder, "in.wav"))
        self.recorder = WaveRecorder(mixer, os.path.join(self.folder, "out.wav"))
        self.bridge.add(self.player)
        self.bridge.add(self.recorder)
        self.recorder.start()
        self.player.start()
        print("playing:", self.player.is_active, "recording:", self.recorder.is_active)

    def _NH_WavePlayerDidEnd(self, notification):
        self.recorder.stop()

    def _NH_WaveRecorderDidEnd(self, notification):
        with wave.open(notification.data.filename) as file:
            print("recorded:", file.getnframes() / file.getframerate() > 0.4)
        self.application.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


with tempfile.TemporaryDirectory() as folder:
    example = PlayAndRecord(folder)
    example.application.start(MemoryBackend({"SIPSimpleSettings": {"audio": SILENT, "sip": {"local_ip": "127.0.0.1"}}}))
    example.ended.wait()

# prints:
# playing: True recording: True
# recorded: True
