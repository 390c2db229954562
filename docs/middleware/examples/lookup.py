"""Where a SIP address is dialled, by waiting for it. An IP address needs no name server."""

import threading

from blinkq.base.notification import NotificationCenter, NotificationHandler
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.core import SIPURI
from blinkq.sipsimple.lookup import DNSLookup, DNSLookupError

SILENT = {"input_device": None, "output_device": None, "alert_device": None}


class Events(NotificationHandler):
    def __init__(self):
        self.started, self.ended = threading.Event(), threading.Event()
        NotificationCenter().add_observer(self)

    def _NH_SIPApplicationDidStart(self, notification):
        self.started.set()

    def _NH_DNSLookupDidSucceed(self, notification):
        print("notified:", notification.data.result)

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


events, application = Events(), SIPApplication()
application.start(MemoryBackend({"SIPSimpleSettings": {"audio": SILENT, "sip": {"local_ip": "127.0.0.1"}}}))
events.started.wait()
try:
    routes = DNSLookup().lookup_sip_proxy(SIPURI("192.0.2.5", parameters={"transport": "tcp"}), ["udp", "tcp"]).wait()
    print("waited:", routes[0].address, routes[0].port, routes[0].transport)
    DNSLookup().lookup_sip_proxy(SIPURI("192.0.2.5", secure=True), ["udp"]).wait()
except DNSLookupError as error:
    print("failed:", error)
application.stop()
events.ended.wait()

# prints:
# notified: [Route('192.0.2.5', 5060, 'tcp')]
# waited: 192.0.2.5 5060 tcp
# failed: This address demands TLS, which is switched off: switch it on in the settings.
