"""An application that starts, says where it can be reached, and stops."""

import threading

from blinkq.base.notification import NotificationCenter
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend

SILENT = {"input_device": None, "output_device": None, "alert_device": None}
SETTINGS = {"SIPSimpleSettings": {"audio": SILENT, "sip": {"local_ip": "127.0.0.1", "transport_list": ["udp"]}}}


class Application(SIPApplication):
    def __init__(self):
        SIPApplication.__init__(self)
        self.ended = threading.Event()
        NotificationCenter().add_observer(self, sender=self)

    def _NH_SIPApplicationDidStart(self, notification):
        print("running:", SIPApplication.running, "transports:", list(self.engine.sip.ports))
        self.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        print("ended:", notification.data.end_reason)
        self.ended.set()


application = Application()
application.start(MemoryBackend(SETTINGS))
application.ended.wait()

# prints:
# running: True transports: ['udp']
# ended: application request
