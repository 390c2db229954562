"""One of two processes that share a desktop: `python -m benchmarks.desktop_party SETTINGS`, told what to do as `benchmarks.caller` is."""

from __future__ import annotations

import sys
import time

from benchmarks.caller import Caller, main
from benchmarks.film import Film
from blinkq.base.notification import Notification
from blinkq.rfb.messages import Failed, Transmit, Updated
from blinkq.rfb.viewer import ViewerCore
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import DesktopSharingStream
from blinkq.sipsimple.streams.msrp import InternalVNCViewerHandler, ScreenServerHandler

#: Seconds for what takes a moment.
LIMIT = 20.0


class _FilmHandler(ScreenServerHandler):
    """Shows the film instead of a screen."""

    def _open_source(self) -> Film:
        return Film()


class Party(Caller):
    """Shows a film to whoever asks for a desktop, and counts the pictures of one that it sees."""

    def __init__(self) -> None:
        super().__init__()
        self._serving = False

    def handle_notification(self, notification: Notification) -> None:
        super().handle_notification(notification)
        if self._serving and notification.name == "SIPSessionNewIncoming":
            for stream in notification.data.streams:
                stream.handler = _FilmHandler()
            notification.sender.accept(notification.data.streams)

    # the commands --------------------------------------------------------------------------------------------------------------------

    def serve(self) -> dict[str, object]:
        """Answer from now on."""
        self._make_account().save()  # calls are taken for accounts that are known
        self._serving = True
        return {}

    def view(self, port: int, seconds: float) -> dict[str, object]:
        """Look: pictures a second that were shown, and their bytes."""
        account = self._account or self._make_account()
        handler = InternalVNCViewerHandler()
        handler.flow_control = True
        session = Session(account)
        stream = DesktopSharingStream(account, handler)
        session.connect(ToHeader(SIPURI.parse(f"sip:bench@127.0.0.1:{port}")), [Route("127.0.0.1", port, "udp")], [stream])
        result = self._count(handler, seconds)
        session.end()
        self.wait("SIPSessionDidEnd", session)
        return result

    def _count(self, handler: InternalVNCViewerHandler, seconds: float) -> dict[str, object]:
        viewer, pictures, size = ViewerCore(quality=8), 0, 0
        begin: float | None = None
        while begin is None or time.monotonic() < begin + seconds:
            _moment, notification = self._inbox.get(timeout=LIMIT)
            if notification.name in ("SIPSessionDidFail", "MediaStreamDidFail"):
                raise RuntimeError(f"{notification.name}: {vars(notification.data)}")
            if notification.name != "DesktopSharingStreamGotData":
                continue
            data = notification.data.data
            size += len(data)
            handler.data_used(len(data))
            viewer.receive_data(data, time.monotonic())
            for output in viewer.drain():
                if isinstance(output, Transmit):
                    handler.send(output.data)
                elif isinstance(output, Updated):
                    begin = begin or time.monotonic()  # the first one is not counted
                    pictures += 1
                elif isinstance(output, Failed):
                    raise RuntimeError(output.reason)
        took = time.monotonic() - begin
        return {"frames": (pictures - 1) / took, "bytes": size / took}


if __name__ == "__main__":
    sys.exit(main(Party()))
