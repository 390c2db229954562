"""A conference that is mixed here: ports of calls would be added to it; it can be left and joined again with hold and unhold."""

import threading

from blinkq.base.notification import NotificationCenter, NotificationHandler
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.conference import AudioConference
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend

SILENT = {"input_device": None, "output_device": None, "alert_device": None}


class Conference(NotificationHandler):
    def __init__(self):
        self.application = SIPApplication()
        self.ended = threading.Event()
        NotificationCenter().add_observer(self)

    def _NH_SIPApplicationDidStart(self, notification):
        conference = AudioConference()  # conference.add(session.streams[0]) for each call that takes part
        print("streams:", len(conference.streams), "we take part:", not conference.on_hold)
        conference.hold()
        print("we take part:", not conference.on_hold)
        self.application.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


example = Conference()
example.application.start(MemoryBackend({"SIPSimpleSettings": {"audio": SILENT, "sip": {"local_ip": "127.0.0.1"}}}))
example.ended.wait()

# prints:
# streams: 0 we take part: True
# we take part: False
