"""Calls an address, speaks a WAV file, hangs up: ``python docs/examples/hello_call.py sip:echo@127.0.0.1:5070 speech.wav``."""

from __future__ import annotations

import sys
import threading

from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.account import Account, AccountManager
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.audio import WavePlayer
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, ToHeader
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream


class HelloCall(NotificationHandler):
    """Hears every notification; each one that matters has a method. They come one at a time, on the engine's thread."""

    def __init__(self, uri: str, speech: str) -> None:
        self.uri = SIPURI.parse(uri)
        self.speech = speech
        self.application = SIPApplication()
        self.session: Session | None = None
        self.over = threading.Event()
        NotificationCenter().add_observer(self)

    def run(self) -> None:
        self.application.start(MemoryBackend())  # settings that are forgotten; FileBackend(path) keeps them
        self.over.wait()

    def _NH_SIPApplicationWillStart(self, notification: Notification) -> None:
        settings = SIPSimpleSettings()
        settings.audio.input_device = settings.audio.output_device = None  # no microphone, no loudspeaker
        settings.save()
        account = Account("hello@localhost")
        account.registration.enabled = False  # straight from computer to computer
        account.enabled = True
        account.save()

    def _NH_SIPApplicationDidStart(self, notification: Notification) -> None:
        DNSLookup().lookup_sip_proxy(self.uri, ["udp"])

    def _NH_DNSLookupDidSucceed(self, notification: Notification) -> None:
        account = AccountManager().get_account("hello@localhost")
        self.session = Session(account)
        self.session.connect(ToHeader(self.uri), notification.data.result, [AudioStream(account)])

    def _NH_DNSLookupDidFail(self, notification: Notification) -> None:
        print(notification.data.error)
        self.application.stop()

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        stream = notification.data.streams[0]
        print(f"in a call: {stream.codec} at {stream.sample_rate} Hz")
        player = WavePlayer(stream.mixer, self.speech)
        stream.bridge.add(player)
        player.start()

    def _NH_WavePlayerDidEnd(self, notification: Notification) -> None:
        if self.session is not None:
            self.session.end()

    def _NH_WavePlayerDidFail(self, notification: Notification) -> None:
        print(notification.data.error)
        self._NH_WavePlayerDidEnd(notification)

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        data = notification.data
        print(f"failed: {data.code} {data.reason}")
        self.application.stop()

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        print(f"ended by the {notification.data.originator} side")
        self.application.stop()

    def _NH_SIPApplicationDidEnd(self, notification: Notification) -> None:
        self.over.set()


if __name__ == "__main__":
    HelloCall(*sys.argv[1:]).run()
