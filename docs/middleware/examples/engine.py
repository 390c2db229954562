"""The SIP core alone, for scripts that need neither accounts nor calls."""

import threading

from blinkq.base.notification import NotificationCenter, NotificationHandler
from blinkq.sipsimple.engine import Engine


class Events(NotificationHandler):
    def __init__(self):
        self.ended = threading.Event()
        NotificationCenter().add_observer(self)

    def _NH_SIPEngineDidStart(self, notification):
        print("started:", sorted(notification.data.ports))

    def _NH_SIPEngineDidEnd(self, notification):
        self.ended.set()


events = Events()
engine = Engine()
engine.start(ip_address="127.0.0.1", udp_port=0, tcp_port=None, user_agent="Example/1")
print("running:", engine.is_running)
engine.stop()
events.ended.wait()
print("running:", engine.is_running)

# prints:
# started: ['udp']
# running: True
# running: False
