"""Asks for waiting voicemail with the core alone, in the reactor, as the SDK's own scripts do."""

import sys

from application.notification import NotificationCenter
from eventlib.twistedutil import join_reactor  # noqa: F401 - for its effect
from sipsimple.account import Account, AccountManager
from sipsimple.application import SIPApplication
from sipsimple.configuration import ConfigurationManager
from sipsimple.core import ContactHeader, Engine, FromHeader, Header, PJSIPError, Route, RouteHeader, SIPCoreError, Subscription, ToHeader
from sipsimple.payloads.messagesummary import MessageSummary
from sipsimple.storage import FileStorage
from sipsimple.threading import run_in_twisted_thread
from twisted.internet import reactor


class Client:
    def __init__(self, account, route):
        self.account, self.route = account, route
        NotificationCenter().add_observer(self)

    def start(self):
        try:
            Engine().start(auto_sound=False, events={"message-summary": ["application/simple-message-summary"]}, udp_port=0, tcp_port=None,
                           tls_port=None, tls_verify_server=False, tls_ca_file=None, tls_cert_file=None, tls_privkey_file=None,
                           user_agent="script", sample_rate=16000, rtp_port_range=(50000, 50100), trace_sip=False, log_level=0)  # fmt: skip
        except (SIPCoreError, PJSIPError) as error:
            sys.exit(str(error))

    @run_in_twisted_thread
    def handle_notification(self, notification):
        handler = getattr(self, f"_NH_{notification.name}", None)
        if handler is not None:
            handler(notification)

    def _NH_SIPEngineDidStart(self, notification):
        to_header = ToHeader(self.account.uri)
        self.subscription = Subscription(
            to_header.uri, FromHeader(self.account.uri, self.account.display_name), to_header,
            ContactHeader(self.account.contact[self.route]), b"message-summary", RouteHeader(self.route.uri),
            credentials=self.account.credentials, refresh=self.account.sip.subscribe_interval,
        )  # fmt: skip
        self.subscription.subscribe(extra_headers=[Header("Supported", "eventlist")], timeout=5)

    def _NH_SIPSubscriptionGotNotify(self, notification):
        data = notification.data
        if data.event == "message-summary" and data.body:
            summary = MessageSummary.parse(data.body)
            print(data.content_type, summary.messages_waiting, summary.summaries["voice-message"]["new_messages"])
            self.subscription.end(timeout=2)

    def _NH_SIPSubscriptionDidFail(self, notification):
        print("failed", notification.data.code, notification.data.reason)
        Engine().stop()

    def _NH_SIPSubscriptionDidEnd(self, notification):
        print("ended")
        Engine().stop()
        reactor.callLater(0.1, reactor.stop)


directory, port = sys.argv[1:3]
SIPApplication.storage = FileStorage(directory)
ConfigurationManager().start()
AccountManager().load()
account = Account("alice@example.com")
account.enabled = True
for other in AccountManager().iter_accounts():
    other.enabled = other is account
client = Client(account, Route("127.0.0.1", port=int(port)))
reactor.callLater(0, client.start)
reactor.run()
