"""Tells of waiting voicemail."""

import sys
from threading import Event

from application.notification import NotificationCenter
from sipsimple.core import Engine

BODY = b"Messages-Waiting: yes\r\nMessage-Account: sip:alice@example.com\r\nVoice-Message: 2/8 (0/2)\r\n"


class Server:
    def __init__(self):
        self.ended = Event()
        NotificationCenter().add_observer(self)

    def handle_notification(self, notification):
        if notification.name == "SIPIncomingSubscriptionGotSubscribe":
            print(notification.data.headers["Supported"], flush=True)
            notification.sender.accept("application/simple-message-summary", BODY)
        elif notification.name == "SIPIncomingSubscriptionDidEnd":
            self.ended.set()


server = Server()
Engine().start(ip_address="127.0.0.1", udp_port=int(sys.argv[1]), incoming_events=["message-summary"])
print("listening", flush=True)
server.ended.wait()
