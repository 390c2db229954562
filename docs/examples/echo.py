"""Answers calls and says what it hears: ``python -m blinkq.compat docs/examples/echo.py PORT``; the return key ends it."""

import sys
from threading import Event

from application import log
from application.notification import NotificationCenter
from sipsimple.account import Account
from sipsimple.application import SIPApplication
from sipsimple.configuration.settings import SIPSimpleSettings
from sipsimple.storage import MemoryStorage


class EchoApplication(SIPApplication):
    def __init__(self, port):
        SIPApplication.__init__(self)
        self.port = port
        self.ended = Event()
        NotificationCenter().add_observer(self)

    def _NH_SIPApplicationWillStart(self, notification):
        settings = SIPSimpleSettings()
        settings.sip.transport_list = ["udp"]
        settings.sip.udp_port = self.port
        settings.sip.accept_direct_calls = True  # from anybody, not only from a server of ours
        settings.audio.input_device = settings.audio.output_device = settings.audio.alert_device = None
        settings.save()
        account = Account("echo@localhost")  # whoever calls it comes straight to this computer
        account.registration.enabled = False
        account.enabled = True
        account.save()

    def _NH_SIPApplicationDidStart(self, notification):
        log.info(f"waiting for calls on port {self.port}")

    def _NH_SIPSessionNewIncoming(self, notification):
        session = notification.sender
        streams = [stream for stream in session.proposed_streams if stream.type == "audio"]
        if streams:
            session.accept(streams[:1])
        else:
            session.reject(488)

    def _NH_SIPSessionDidStart(self, notification):
        stream = notification.data.streams[0]
        stream.bridge.remove(stream.device)
        stream.mixer.connect_slots(stream.producer_slot, stream.consumer_slot)
        log.info(f"in a call with {notification.sender.remote_identity.uri}")

    def _NH_AudioStreamGotDTMF(self, notification):
        log.info(f"key {notification.data.digit}")

    def _NH_SIPSessionDidEnd(self, notification):
        log.info(f"the call lasted {(notification.sender.end_time - notification.sender.start_time).seconds} s")

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


application = EchoApplication(int(sys.argv[1]))
application.start(MemoryStorage())
sys.stdin.readline()
application.stop()
application.ended.wait()
