"""One of two processes that chat and send files: `python -m benchmarks.msrp_party SETTINGS`, told what to do as `benchmarks.caller` is."""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.caller import Caller, main
from blinkq.base.notification import Notification
from blinkq.sipsimple.configuration.datatypes import MSRPTransport
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import ChatStream, FileSelector, FileTransferStream

#: Seconds for one file.
LIMIT = 300.0
#: Messages on their way at a time in `storm`.
WINDOW = 8


class Party(Caller):
    """Says back what it is told, takes files, and measures how long its own chats and files take."""

    def __init__(self) -> None:
        super().__init__()
        self._directory: Path | None = None
        self._chat: ChatStream | None = None

    def handle_notification(self, notification: Notification) -> None:
        super().handle_notification(notification)
        if self._directory is None:
            return
        if notification.name == "SIPSessionNewIncoming":
            streams = notification.data.streams
            for stream in streams:
                if isinstance(stream, FileTransferStream):
                    stream.handler.save_directory = self._directory
            notification.sender.accept(streams)
        elif notification.name == "ChatStreamGotMessage":
            notification.sender.send_message(notification.data.message.content)

    # the commands --------------------------------------------------------------------------------------------------------------------

    def serve(self, directory: str, transport: str) -> dict[str, object]:
        """Answer from now on."""
        self.use(transport)
        assert self._account is not None
        self._account.save()  # calls are taken for accounts that are known
        self._directory = Path(directory)
        return {}

    def use(self, transport: str) -> dict[str, object]:
        """Chat and send over "tcp" or "tls"."""
        account = self._account or self._make_account()
        account.msrp.transport = MSRPTransport(transport)
        return {}

    def chats(self, port: int, count: int, messages: int) -> dict[str, object]:
        """So many chats one after the other, and messages in each, each sent when the one before was delivered."""
        setups, reports = [], []
        for _ in range(count):
            begin = time.monotonic()
            session, stream = self._open(port, ChatStream(self._account))
            setups.append(self.wait("SIPSessionDidStart", session) - begin)
            for number in range(messages):
                begin = time.monotonic()
                stream.send_message(f"message {number}")
                reports.append(self.wait("ChatStreamDidDeliverMessage", stream) - begin)
            session.end()
            self.wait("SIPSessionDidEnd", session)
        return {"setups": setups, "reports": reports}

    def file(self, port: int, path: str) -> dict[str, object]:
        """Send a file: seconds from the stream's start to its end, and by how many MB this process grew meanwhile at most."""
        before = _peak()
        session, stream = self._open(port, self._offer(path))
        begin = self._wait_long("MediaStreamDidStart", stream)
        end = self._wait_long("FileTransferHandlerDidEnd", stream.handler)
        session.end()
        self.wait("SIPSessionDidEnd", session)
        return {"seconds": end - begin, "grown": _peak() - before}

    def storm(self, port: int, path: str, messages: int) -> dict[str, object]:
        """Messages, a few at a time, while a file goes to the same port: the delivery times, what came back, what was lost."""
        session, chat = self._open(port, ChatStream(self._account))
        self.wait("SIPSessionDidStart", session)
        other, stream = self._open(port, self._offer(path))
        begin = self._wait_long("MediaStreamDidStart", stream)
        sent: dict[str, float] = {}
        times: list[float] = []
        echoes: list[int] = []
        finished, during, number = 0.0, 0, 0
        deadline = time.monotonic() + LIMIT
        while len(echoes) < messages or len(times) < messages or not finished:
            while number < messages and len(sent) - len(times) < WINDOW:
                sent[chat.send_message(f"{number}")] = time.monotonic()
                number += 1
                during += not finished
            moment, notification = self._inbox.get(timeout=max(0.1, deadline - time.monotonic()))
            if notification.name == "ChatStreamDidDeliverMessage":
                times.append(moment - sent[notification.data.message_id])
            elif notification.name == "ChatStreamGotMessage":
                echoes.append(int(notification.data.message.content))
            elif notification.name == "FileTransferHandlerDidEnd":
                if notification.data.error:
                    raise RuntimeError(f"the file did not arrive: {notification.data.reason}")
                finished = moment
            elif notification.name in ("ChatStreamDidNotDeliverMessage", "SIPSessionDidFail"):
                raise RuntimeError(f"{notification.name}: {vars(notification.data)}")
        for one in (session, other):
            one.end()
        return {"times": times, "in_order": echoes == list(range(messages)), "during": during, "seconds": finished - begin}

    def hash(self, path: str) -> dict[str, object]:
        """The SHA-256 of a file."""
        with Path(path).open("rb") as file:
            return {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}

    def _offer(self, path: str) -> FileTransferStream:
        return FileTransferStream(self._account, FileSelector.for_file(path))

    def _open(self, port: int, stream: Any) -> tuple[Session, Any]:
        account = self._account or self._make_account()
        session = Session(account)
        session.connect(ToHeader(SIPURI.parse(f"sip:bench@127.0.0.1:{port}")), [Route("127.0.0.1", port, "udp")], [stream])
        return session, stream

    def _wait_long(self, name: str, sender: object) -> float:
        deadline = time.monotonic() + LIMIT
        while True:
            moment, notification = self._inbox.get(timeout=max(0.1, deadline - time.monotonic()))
            if notification.name == name and notification.sender is sender:
                if getattr(notification.data, "error", None):
                    raise RuntimeError(f"{name}: {notification.data.reason}")
                return moment
            if notification.name in ("SIPSessionDidFail", "MediaStreamDidFail"):
                raise RuntimeError(f"{notification.name}: {vars(notification.data)}")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    sys.exit(main(Party()))
