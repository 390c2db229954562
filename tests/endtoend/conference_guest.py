"""A program on the middleware, run by test_cli_conference.py: it answers one call, and asks the conference that it then is in for somebody.

    python conference_guest.py PORT invite|remove URI

It prints who is in the conference, line by line, and what became of the request; it leaves when the call ends.
"""

from __future__ import annotations

import sys
import threading

from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.datatypes import Port
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings


class Guest(NotificationHandler):
    """The program. Everything happens on the engine thread but the waiting."""

    def __init__(self, port: int, action: str, uri: str) -> None:
        self.port, self.action, self.uri = port, action, uri
        self.asked = False
        self.over = threading.Event()
        NotificationCenter().add_observer(self)

    def run(self) -> None:
        SIPApplication().start(MemoryBackend())
        self.over.wait()

    def _NH_SIPApplicationWillStart(self, notification: Notification) -> None:
        settings = SIPSimpleSettings()
        settings.audio.input_device = settings.audio.output_device = None
        settings.sip.udp_port = Port(self.port)
        settings.sip.local_ip = "127.0.0.1"  # type: ignore[assignment]  # converted
        settings.sip.accept_direct_calls = True
        settings.save()
        account = Account("guest@127.0.0.1")
        account.registration.enabled = False
        account.enabled = True
        account.save()

    def _NH_SIPApplicationDidStart(self, notification: Notification) -> None:
        print("ready", flush=True)

    def _NH_SIPSessionNewIncoming(self, notification: Notification) -> None:
        session = notification.sender
        session.accept(session.proposed_streams)

    def _NH_SIPSessionGotConferenceInfo(self, notification: Notification) -> None:
        print("in:", *sorted(user.entity for user in notification.data.conference_info.users), flush=True)
        if not self.asked:
            self.asked = True
            conference = notification.sender.conference
            (conference.add_participant if self.action == "invite" else conference.remove_participant)(self.uri)

    def _NH_SIPConferenceDidAddParticipant(self, notification: Notification) -> None:
        print("added", notification.data.participant, flush=True)

    def _NH_SIPConferenceDidRemoveParticipant(self, notification: Notification) -> None:
        print("removed", notification.data.participant, flush=True)

    def _NH_SIPConferenceDidNotAddParticipant(self, notification: Notification) -> None:
        print("refused", notification.data.code, flush=True)

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        SIPApplication().stop()

    def _NH_SIPApplicationDidEnd(self, notification: Notification) -> None:
        self.over.set()


if __name__ == "__main__":
    Guest(int(sys.argv[1]), sys.argv[2], sys.argv[3]).run()
