"""Takes one message."""

import sys
from threading import Event

from application.notification import NotificationCenter
from sipsimple.core import Engine
from sipsimple.streams.msrp.chat import CPIMPayload


class Receiver:
    def __init__(self):
        self.ended = Event()
        NotificationCenter().add_observer(self)

    def handle_notification(self, notification):
        if notification.name == "SIPEngineGotMessage":
            data = notification.data
            payload = CPIMPayload.decode(data.body)
            print(data.from_header.uri.user, payload.content, payload.sender.uri, data.headers["X-Own"].body, flush=True)
            self.ended.set()


receiver = Receiver()
Engine().start(ip_address="127.0.0.1", udp_port=int(sys.argv[1]))
print("listening", flush=True)
receiver.ended.wait()
Engine().stop()
