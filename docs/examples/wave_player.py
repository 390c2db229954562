"""Plays a WAV file on the loudspeaker: ``python -m blinkq.compat docs/examples/wave_player.py SPEECH.wav [OUTPUT-DEVICE]``."""

import sys
from threading import Event

from application.notification import NotificationCenter
from sipsimple.application import SIPApplication
from sipsimple.audio import WavePlayer, WavePlayerError
from sipsimple.configuration.settings import SIPSimpleSettings
from sipsimple.storage import MemoryStorage
from sipsimple.threading.green import run_in_green_thread


class WavePlayerApplication(SIPApplication):
    def __init__(self, filename, device):
        SIPApplication.__init__(self)
        self.filename = filename
        self.device = device
        self.ended = Event()
        NotificationCenter().add_observer(self)

    def _NH_SIPApplicationWillStart(self, notification):
        settings = SIPSimpleSettings()
        settings.audio.input_device = None  # nothing is said, so no microphone is needed
        settings.audio.output_device = self.device
        settings.save()

    @run_in_green_thread
    def _NH_SIPApplicationDidStart(self, notification):
        player = WavePlayer(self.voice_audio_mixer, self.filename)
        self.voice_audio_bridge.add(player)
        try:
            player.play().wait()
        except WavePlayerError as error:
            print(error)
        else:
            print("played")
        self.voice_audio_bridge.remove(player)
        self.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


application = WavePlayerApplication(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "system_default")
application.start(MemoryStorage())
application.ended.wait()
