"""A program on the middleware, run by test_windows_chat_files.py: begins a chat, adds sound to it, removes that again, and ends the chat.

    python chat_beginner.py PORT

Each step is a line of output.
"""

from __future__ import annotations

import sys
import threading

from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream, ChatStream


class Beginner(NotificationHandler):
    """The program. Everything happens on the engine thread but the waiting."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.over = threading.Event()
        NotificationCenter().add_observer(self)

    def run(self) -> None:
        SIPApplication().start(MemoryBackend())
        self.over.wait()

    def _NH_SIPApplicationWillStart(self, notification: Notification) -> None:
        settings = SIPSimpleSettings()
        settings.audio.input_device = settings.audio.output_device = None
        settings.sip.local_ip = "127.0.0.1"  # type: ignore[assignment]  # converted
        settings.save()

    def _NH_SIPApplicationDidStart(self, notification: Notification) -> None:
        account = Account("dave@127.0.0.1")
        account.registration.enabled = False
        account.enabled = True
        account.save()
        self.session, self.chat, self.sound = Session(account), ChatStream(account), AudioStream(account)
        there = SIPURI.parse(f"sip:bob@127.0.0.1:{self.port}")
        self.session.connect(ToHeader(there), [Route("127.0.0.1", self.port, "udp")], [self.chat])

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        self.chat.send_message("first")

    def _NH_ChatStreamGotMessage(self, notification: Notification) -> None:
        content = notification.data.message.content
        print(content, flush=True)
        if "first" in content:
            self.session.add_stream(self.sound)
        elif "no longer" in content:
            self.chat.send_message("second")
        else:
            self.session.end()

    def _NH_SIPSessionDidRenegotiateStreams(self, notification: Notification) -> None:
        print(notification.data.action, self.sound.type, flush=True)
        if notification.data.action == "add":
            self.session.remove_stream(self.sound)

    def _NH_SIPSessionGotRejectProposal(self, notification: Notification) -> None:
        print("refused", notification.data.code, flush=True)
        self.session.end()

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        print("failed", notification.data.code, notification.data.reason, flush=True)
        SIPApplication().stop()

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        print("ended", flush=True)
        SIPApplication().stop()

    def _NH_SIPApplicationDidEnd(self, notification: Notification) -> None:
        self.over.set()


if __name__ == "__main__":
    Beginner(int(sys.argv[1])).run()
