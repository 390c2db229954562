"""A program on the middleware, run by test_killed_transfers.py: files from here to there, and a process that is killed on the way.

    python file_mover.py receive PORT DIRECTORY [SHARE]
    python file_mover.py send PORT FILE[:FILE…] [SHARE]

Several files are proposed in one session; those called "unwanted" are refused. Who has carried SHARE of a file (0 to 1) kills itself with
signal 9: no clean-up of any kind. Each fact is a line of output.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.datatypes import Port
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import FileSelector, FileTransferStream


class Mover(NotificationHandler):
    """The program. Everything happens on the engine thread but the waiting."""

    def __init__(self, part: str, port: int, paths: list[Path], share: float | None) -> None:
        self.sends, self.port, self.paths, self.share = part == "send", port, paths, share
        self.carried = 0  # bytes of the file that came through the network in this run
        self.acknowledged = 0  # bytes of the file that the other side has, as it says
        self.over = threading.Event()
        NotificationCenter().add_observer(self)

    def run(self) -> None:
        SIPApplication().start(MemoryBackend())
        self.over.wait()

    def _NH_SIPApplicationWillStart(self, notification: Notification) -> None:
        settings = SIPSimpleSettings()
        settings.audio.input_device = settings.audio.output_device = None
        if not self.sends:
            settings.sip.udp_port = Port(self.port)
        settings.sip.local_ip = "127.0.0.1"  # type: ignore[assignment]  # converted
        settings.sip.accept_direct_calls = True
        settings.save()

    def _NH_SIPApplicationDidStart(self, notification: Notification) -> None:
        account = Account("sender@127.0.0.1" if self.sends else "receiver@127.0.0.1")
        account.registration.enabled = False
        account.enabled = True
        account.save()
        print("ready", flush=True)
        if self.sends:
            session = Session(account)
            streams = [FileTransferStream(account, FileSelector.for_file(path)) for path in self.paths]
            route = Route("127.0.0.1", self.port, "udp")
            session.connect(ToHeader(SIPURI.parse(f"sip:receiver@127.0.0.1:{self.port}")), [route], streams)

    def _NH_SIPApplicationDidEnd(self, notification: Notification) -> None:
        self.over.set()

    def _NH_SIPSessionNewIncoming(self, notification: Notification) -> None:
        wanted = [stream for stream in notification.data.streams if stream.file_selector.name != "unwanted"]
        for stream in wanted:
            stream.handler.save_directory = self.paths[0]
        notification.sender.accept(wanted)

    def _NH_FileTransferHandlerDidStart(self, notification: Notification) -> None:
        print("begins", notification.sender.transferred, flush=True)

    def _NH_FileTransferStreamGotChunk(self, notification: Notification) -> None:
        self.carried += len(notification.data.content)
        self._stop_at(self.carried, notification.data.file_size)

    def _NH_FileTransferStreamDidDeliverChunk(self, notification: Notification) -> None:
        self.acknowledged = notification.data.transferred_bytes
        self._stop_at(self.acknowledged, notification.data.file_size)

    def _stop_at(self, done: int, size: int) -> None:
        if self.share is not None and done >= self.share * size:
            os.kill(os.getpid(), signal.SIGKILL)

    def _NH_FileTransferHandlerDidEnd(self, notification: Notification) -> None:
        print("carried", self.carried, flush=True)
        print("acknowledged", self.acknowledged, flush=True)
        print("ended", notification.data.reason or "well", flush=True)
        self._end_if_done(notification.sender.stream.session)

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        self._end_if_done(notification.sender)

    def _end_if_done(self, session: Session) -> None:
        if self.sends and session.streams and all(stream.handler.succeeded for stream in session.streams):
            session.end()

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        SIPApplication().stop()

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        print("failed", notification.data.failure_reason, flush=True)
        SIPApplication().stop()


if __name__ == "__main__":
    paths = [Path(path) for path in sys.argv[3].split(os.pathsep)]
    Mover(sys.argv[1], int(sys.argv[2]), paths, float(sys.argv[4]) if len(sys.argv) > 4 else None).run()
