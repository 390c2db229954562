"""A digit is dialled in a call to ourselves, and heard at the other end."""

import threading

from blinkq.base.notification import NotificationCenter, NotificationHandler
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream

SILENT = {"input_device": None, "output_device": None, "alert_device": None}
SIP = {"local_ip": "127.0.0.1", "transport_list": ["udp"], "accept_direct_calls": "yes"}


class DigitCall(NotificationHandler):
    def __init__(self):
        self.application = SIPApplication()
        self.ended = threading.Event()
        NotificationCenter().add_observer(self)

    def _NH_SIPApplicationDidStart(self, notification):
        account = Account("alice@127.0.0.1")
        account.registration.enabled = False
        account.enabled = True
        account.save()
        port = self.application.engine.sip.ports["udp"]
        session = Session(account)
        session.connect(ToHeader(SIPURI("127.0.0.1", user="alice", port=port)), [Route("127.0.0.1", port, "udp")], [AudioStream(account)])

    def _NH_SIPSessionNewIncoming(self, notification):
        notification.sender.accept(notification.data.streams)

    def _NH_SIPSessionDidStart(self, notification):
        session = notification.sender
        stream = session.streams[0]
        if session.direction == "outgoing":
            print(stream.type, stream.codec, stream.sample_rate, "encrypted:", stream.srtp_active)
            stream.send_dtmf("5")

    def _NH_AudioStreamGotDTMF(self, notification):
        print("got", notification.data.digit)
        notification.sender.session.end()

    def _NH_SIPSessionDidEnd(self, notification):
        if notification.sender.direction == "outgoing":
            self.application.stop()

    def _NH_SIPSessionDidFail(self, notification):
        print("failed:", notification.data.failure_reason)
        self.application.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


call = DigitCall()
call.application.start(MemoryBackend({"SIPSimpleSettings": {"audio": SILENT, "sip": SIP}}))
call.ended.wait()

# prints:
# audio opus 48000 encrypted: False
# got 5
