"""Sends a message in an envelope."""

import sys
from threading import Event

from application.notification import NotificationCenter
from sipsimple.account import Account
from sipsimple.application import SIPApplication
from sipsimple.core import SIPURI, FromHeader, Header, Message, RouteHeader, ToHeader
from sipsimple.lookup import DNSLookup
from sipsimple.storage import MemoryStorage
from sipsimple.streams.msrp.chat import ChatIdentity, CPIMHeader, CPIMNamespace, CPIMPayload
from sipsimple.threading.green import run_in_green_thread
from sipsimple.util import ISOTimestamp


class Sender(SIPApplication):
    def __init__(self):
        self.ended = Event()
        NotificationCenter().add_observer(self)

    @run_in_green_thread
    def _NH_SIPApplicationDidStart(self, notification):
        account = Account("dave@example.com")
        uri = SIPURI.parse(sys.argv[1])
        route = DNSLookup().lookup_sip_proxy(uri, ["udp"], tls_name=None).wait()[0]
        namespace = CPIMNamespace("urn:ietf:params:imdn", "imdn")
        payload = CPIMPayload(
            "hello there", "text/plain", charset="utf-8", sender=ChatIdentity(account.uri, account.display_name),
            recipients=[ChatIdentity(uri, None)], timestamp=ISOTimestamp.now(),
            additional_headers=[CPIMHeader("Message-ID", namespace, "m-1")],
        )  # fmt: skip
        content, content_type = payload.encode()
        message = Message(
            FromHeader(account.uri, account.display_name), ToHeader(uri), RouteHeader(route.uri), content_type, content,
            credentials=account.credentials, extra_headers=[Header("X-Own", "1")],
        )  # fmt: skip
        message.send(timeout=15)

    def _NH_SIPMessageDidSucceed(self, notification):
        print("sent", notification.data.code)
        self.stop()

    def _NH_SIPMessageDidFail(self, notification):
        print("failed", notification.data.code, notification.data.reason.decode())
        self.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


application = Sender()
application.start(MemoryStorage())
application.ended.wait()
