"""A message to ourselves, with a receipt: who gets it says that it has been seen, and who sent it hears so."""

import threading

from blinkq.base.notification import NotificationCenter, NotificationHandler
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.datatypes import SIPProxyAddress
from blinkq.sipsimple.core import SIPURI
from blinkq.sipsimple.messaging import OutgoingMessage

SILENT = {"input_device": None, "output_device": None, "alert_device": None}
SIP = {"local_ip": "127.0.0.1", "transport_list": ["udp"], "accept_direct_calls": "yes"}


class Writer(NotificationHandler):
    def __init__(self):
        self.application = SIPApplication()
        self.ended = threading.Event()
        NotificationCenter().add_observer(self)

    def _NH_SIPApplicationDidStart(self, notification):
        account = Account("alice@127.0.0.1")
        account.registration.enabled = False
        account.sip.outbound_proxy = SIPProxyAddress("127.0.0.1", self.application.engine.sip.ports["udp"], "udp")
        account.enabled = True
        account.save()
        OutgoingMessage(account, SIPURI("127.0.0.1", user="alice"), "Lunch at one?", dispositions=["display"]).send()

    def _NH_SIPAccountGotMessage(self, notification):
        data = notification.data
        print("from", data.remote_identity.uri.user, "-", data.content)
        data.message.mark_displayed()

    def _NH_OutgoingMessageDidDisplay(self, notification):
        print("it was seen:", notification.sender.state)
        self.application.stop()

    def _NH_OutgoingMessageDidFail(self, notification):
        print("failed:", notification.data.code, notification.data.reason)
        self.application.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


writer = Writer()
writer.application.start(MemoryBackend({"SIPSimpleSettings": {"audio": SILENT, "sip": SIP}}))
writer.ended.wait()

# prints:
# from alice - Lunch at one?
# it was seen: displayed
