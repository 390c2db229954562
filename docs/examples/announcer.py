"""Answers each call with an announcement and hangs up: ``python -m blinkq.compat docs/examples/announcer.py PORT SPEECH.wav [CALLS]``."""

import sys
from threading import Event

from application.notification import NotificationCenter
from application.python import Null
from sipsimple.account import Account
from sipsimple.application import SIPApplication
from sipsimple.audio import WavePlayer
from sipsimple.configuration.settings import SIPSimpleSettings
from sipsimple.storage import MemoryStorage
from sipsimple.threading.green import run_in_green_thread


class Announcement:
    """One call: observes its session and speaks."""

    def __init__(self, session, filename):
        self.session = session
        self.filename = filename
        NotificationCenter().add_observer(self, sender=session)
        session.accept([stream for stream in session.proposed_streams if stream.type == "audio"][:1])

    def handle_notification(self, notification):
        handler = getattr(self, f"_NH_{notification.name}", Null)
        handler(notification)

    @run_in_green_thread
    def _NH_SIPSessionDidStart(self, notification):
        stream = self.session.streams[0]
        player = WavePlayer(stream.mixer, self.filename, pause_time=1, initial_play=False)
        stream.bridge.add(player)
        player.play().wait()  # other calls are announced to meanwhile
        stream.bridge.remove(player)
        self.session.end()

    def _NH_SIPSessionDidEnd(self, notification):
        NotificationCenter().remove_observer(self, sender=self.session)

    _NH_SIPSessionDidFail = _NH_SIPSessionDidEnd


class AnnouncerApplication(SIPApplication):
    def __init__(self, port, filename, calls):
        SIPApplication.__init__(self)
        self.port = port
        self.filename = filename
        self.calls = calls
        self.ended = Event()
        NotificationCenter().add_observer(self)

    def _NH_SIPApplicationWillStart(self, notification):
        settings = SIPSimpleSettings()
        settings.sip.transport_list = ["udp"]
        settings.sip.udp_port = self.port
        settings.sip.accept_direct_calls = True  # from anybody, not only from a server of ours
        settings.audio.input_device = settings.audio.output_device = settings.audio.alert_device = None
        settings.save()
        account = Account("announcer@localhost")
        account.registration.enabled = False
        account.enabled = True
        account.save()

    def _NH_SIPApplicationDidStart(self, notification):
        print(f"waiting for calls on port {self.port}", flush=True)

    def _NH_SIPSessionNewIncoming(self, notification):
        Announcement(notification.sender, self.filename)

    def _NH_SIPSessionDidEnd(self, notification):
        print(f"told {notification.sender.remote_identity.uri}", flush=True)
        self.calls -= 1
        if self.calls == 0:
            self.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


application = AnnouncerApplication(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)
application.start(MemoryStorage())
application.ended.wait()
