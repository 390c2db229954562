"""A program on the middleware, run by test_media_in_a_call_real.py: in a call with sound, chats and files come and go by re-INVITE.

    python medium_changer.py answer PORT DIRECTORY
    python medium_changer.py call PORT FILE

The one who answers takes everything that is proposed, writes back what it reads, and then adds and removes a chat by itself. Each step is a
line of output; RTP arrives at a port that both print.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.datatypes import AudioCodecList, Port
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream, ChatStream, FileSelector, FileTransferStream


class Changer(NotificationHandler):
    """The program. Everything happens on the engine thread but the waiting."""

    def __init__(self, part: str, port: int, path: Path) -> None:
        self.calls, self.port, self.path = part == "call", port, path
        self.session: Session | None = None
        self.over = threading.Event()
        NotificationCenter().add_observer(self)

    def run(self) -> None:
        SIPApplication().start(MemoryBackend())
        self.over.wait()

    def _NH_SIPApplicationWillStart(self, notification: Notification) -> None:
        settings = SIPSimpleSettings()
        settings.audio.input_device = settings.audio.output_device = None
        settings.rtp.audio_codec_list = AudioCodecList(["PCMU"])
        if not self.calls:
            settings.sip.udp_port = Port(self.port)
        settings.sip.local_ip = "127.0.0.1"  # type: ignore[assignment]  # converted
        settings.sip.accept_direct_calls = True
        settings.save()

    def _NH_SIPApplicationDidStart(self, notification: Notification) -> None:
        self.account = Account("caller@127.0.0.1" if self.calls else "callee@127.0.0.1")
        self.account.registration.enabled = False
        self.account.enabled = True
        self.account.save()
        print("ready", flush=True)
        if self.calls:
            self.session = session = Session(self.account)
            streams = [AudioStream(session.account)]
            session.connect(ToHeader(SIPURI.parse(f"sip:callee@127.0.0.1:{self.port}")), [Route("127.0.0.1", self.port, "udp")], streams)

    def _NH_SIPApplicationDidEnd(self, notification: Notification) -> None:
        self.over.set()

    def _NH_SIPSessionNewIncoming(self, notification: Notification) -> None:
        self.session = notification.sender
        notification.sender.accept(notification.data.streams)

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        print("port", notification.data.streams[0].local_rtp_port, flush=True)
        if self.calls:
            threading.Timer(2.0, self._add, [ChatStream(notification.sender.account)]).start()  # the sound flows for a while first

    def _NH_SIPSessionGotProposal(self, notification: Notification) -> None:
        if notification.data.originator == "remote":
            for stream in notification.data.proposed_streams:
                if isinstance(stream, FileTransferStream):
                    stream.handler.save_directory = self.path
            notification.sender.accept_proposal(notification.data.proposed_streams)

    def _NH_SIPSessionDidRenegotiateStreams(self, notification: Notification) -> None:
        data = notification.data
        kind = (data.added_streams or data.removed_streams)[0].type
        print(data.originator, data.action, kind, flush=True)
        if data.originator != "local":
            if data.action == "remove" and kind == "file-transfer":  # not before, or the two changes would cross
                threading.Timer(1.5, self._add, [ChatStream(notification.sender.account)]).start()
            return
        if data.action == "add" and kind == "chat":
            data.added_streams[0].send_message("beside the sound")
        elif data.action == "remove" and self.calls:
            if kind == "chat":
                self._add(FileTransferStream(notification.sender.account, FileSelector.for_file(self.path)))
            else:
                print("your turn", flush=True)
        elif data.action == "remove":
            threading.Timer(2.0, notification.sender.end).start()

    def _NH_ChatStreamGotMessage(self, notification: Notification) -> None:
        if not notification.data.message.content.startswith("Re: "):
            notification.sender.send_message("Re: " + notification.data.message.content)
        else:
            self._remove(notification.sender)

    def _NH_FileTransferStreamDidFinish(self, notification: Notification) -> None:
        if self.calls:
            self._remove(notification.sender)

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        print("ended", flush=True)
        SIPApplication().stop()

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        print("failed", vars(notification.data), flush=True)
        SIPApplication().stop()

    def _NH_SIPSessionHadProposalFailure(self, notification: Notification) -> None:
        print("proposal failed", notification.data.failure_reason, flush=True)
        SIPApplication().stop()

    def _add(self, stream: object) -> None:
        assert self.session is not None
        self.session.add_stream(stream)

    def _remove(self, stream: object) -> None:
        assert self.session is not None
        self.session.remove_stream(stream)


if __name__ == "__main__":
    Changer(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])).run()
