"""Calls somebody by a given server: ``python -m blinkq.compat docs/examples/simple_call.py DIRECTORY SIP-ADDRESS SERVER[:PORT]``.

This is the example of the SIP SIMPLE Middleware specification in today's Python. The settings in DIRECTORY have the account; the return key
hangs up.
"""

import sys
from threading import Event

from application.notification import NotificationCenter
from sipsimple.account import AccountManager
from sipsimple.application import SIPApplication
from sipsimple.configuration.backend.file import FileBackend
from sipsimple.core import SIPURI, ToHeader
from sipsimple.session import Session
from sipsimple.streams import AudioStream
from sipsimple.util import Route


class SimpleCallApplication(SIPApplication):
    def __init__(self, callee, route):
        SIPApplication.__init__(self)
        self.ended = Event()
        self.callee = callee
        self.route = route
        self.session = None
        notification_center = NotificationCenter()
        notification_center.add_observer(self)

    def _NH_SIPApplicationDidStart(self, notification):
        account = AccountManager().default_account
        self.session = Session(account)
        self.session.connect(self.callee, self.route, AudioStream(account))

    def _NH_SIPSessionGotRingIndication(self, notification):
        print("Ringing!")

    def _NH_SIPSessionDidStart(self, notification):
        print("Session started!")

    def _NH_SIPSessionDidFail(self, notification):
        print("Failed to connect")
        self.stop()

    def _NH_SIPSessionDidEnd(self, notification):
        print("Session ended")
        self.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


directory, callee, server = sys.argv[1:4]
host, _, port = server.partition(":")
# place an audio call from the default account to the specified URI, through the specified SIP proxy
application = SimpleCallApplication(ToHeader(SIPURI.parse(callee)), Route(host, port=int(port or 5060)))
application.start(FileBackend(f"{directory}/config"))
# block waiting for user input
print("Placing call, press enter to quit program")
input()
application.session.end()
# block until the SIPApplication has stopped
application.ended.wait()
