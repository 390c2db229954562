"""Answers chats, repeating what is said to it: ``python -m blinkq.compat docs/examples/chat_bot.py PORT [CHATS]``."""

import sys
from threading import Event

from application import log
from application.notification import IObserver, NotificationCenter
from application.python import Null
from sipsimple.account import Account
from sipsimple.application import SIPApplication
from sipsimple.configuration.settings import SIPSimpleSettings
from sipsimple.storage import MemoryStorage
from zope.interface import implementer


@implementer(IObserver)
class ChatBotApplication(SIPApplication):
    def __init__(self, port, chats):
        SIPApplication.__init__(self)
        self.port = port
        self.chats = chats
        self.ended = Event()
        NotificationCenter().add_observer(self)

    def handle_notification(self, notification):
        handler = getattr(self, f"_NH_{notification.name}", Null)
        handler(notification)

    def _NH_SIPApplicationWillStart(self, notification):
        settings = SIPSimpleSettings()
        settings.sip.transport_list = ["udp"]
        settings.sip.udp_port = self.port
        settings.sip.accept_direct_calls = True  # from anybody, not only from a server of ours
        settings.audio.input_device = settings.audio.output_device = settings.audio.alert_device = None
        settings.save()
        account = Account("bot@localhost")
        account.registration.enabled = False
        account.msrp.transport = "tcp"  # over TLS it would need a certificate
        account.enabled = True
        account.save()

    def _NH_SIPApplicationDidStart(self, notification):
        log.info(f"waiting for chats on port {self.port}")

    def _NH_SIPSessionNewIncoming(self, notification):
        session = notification.sender
        for stream in session.proposed_streams:
            if stream.type == "chat":
                session.accept([stream])
                return
        session.reject(488)

    def _NH_ChatStreamGotMessage(self, notification):
        chat_stream = notification.sender
        user = chat_stream.session.remote_identity.uri.user
        log.info(f"{user}: {notification.data.message.body}")
        chat_stream.send_message(f"You said: {notification.data.message.body}")

    def _NH_SIPSessionDidEnd(self, notification):
        self.chats -= 1
        if self.chats == 0:
            self.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


application = ChatBotApplication(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
application.start(MemoryStorage())
application.ended.wait()
