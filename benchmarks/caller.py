"""The application under test as a process of its own: starts the middleware as any user of it would, and does what its input says.

`python -m benchmarks.caller SETTINGS` where SETTINGS is a settings tree as JSON. One JSON object a line: commands on standard input,
answers on standard output; the first answer comes when the application has started. Times are seconds of the monotonic clock.
"""

from __future__ import annotations

import json
import queue
import sys
import time
from typing import Any

from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.audio import WavePlayer
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream

ACCOUNT = "bench@127.0.0.1"
LIMIT = 10.0


class Caller(NotificationHandler):
    """Places calls. Notifications are stamped in the thread that posts them and read in the main one."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[tuple[float, Notification]] = queue.SimpleQueue()
        self._calls: list[Session] = []
        self._account: Account | None = None
        self._player: WavePlayer | None = None
        NotificationCenter().add_observer(self)

    def handle_notification(self, notification: Notification) -> None:
        self._inbox.put((time.monotonic(), notification))

    def wait(self, name: str, sender: object = None) -> float:
        """When the notification came. Raises RuntimeError when the call fails instead, or nothing comes."""
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                moment, notification = self._inbox.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise RuntimeError(f"no {name} within {LIMIT:g} s") from None
            if notification.name == name and (sender is None or notification.sender is sender):
                return moment
            if notification.name in ("SIPSessionDidFail", "SIPApplicationGotFatalError"):
                raise RuntimeError(f"{notification.name}: {vars(notification.data)}")

    # the commands ------------------------------------------------------------------------------------------------------------------

    def setups(self, port: int, count: int) -> dict[str, object]:
        """Call and hang up ``count`` times, one call after the other."""
        starts, ends = [], []
        for _ in range(count):
            begin = time.monotonic()
            session = self._connect(port)
            starts.append(self.wait("SIPSessionDidStart", session) - begin)
            time.sleep(0.1)  # the ACK and the first packets are through
            begin = time.monotonic()
            session.end()
            ends.append(self.wait("SIPSessionDidEnd", session) - begin)
        return {"starts": starts, "ends": ends}

    def call(self, port: int, count: int, speech: str) -> dict[str, object]:
        """Start ``count`` calls that stay, all told the same speech over and over."""
        self._player = player = WavePlayer(SIPApplication.voice_audio_mixer, speech, loop_count=0)
        player.start()
        for _ in range(count):
            session = self._connect(port)
            self.wait("SIPSessionDidStart", session)
            stream = session.streams[0]
            assert player.producer_slot is not None
            stream.mixer.connect_slots(player.producer_slot, stream.consumer_slot)
            self._calls.append(session)
        stream = self._calls[-1].streams[0]
        return {"codec": stream.codec}

    def end(self) -> dict[str, object]:
        """End the calls."""
        for session in self._calls:
            session.end()
            self.wait("SIPSessionDidEnd", session)
        self._calls.clear()
        if self._player is not None:
            self._player.stop()
        return {}

    def port(self) -> dict[str, object]:
        """Where it listens, by transport."""
        return dict(SIPApplication.engine.sip.ports)

    def hog(self, seconds: float, busy: float) -> dict[str, object]:
        """Compute in the main thread, which has the windows in the softphone, for ``busy`` of every second."""
        end = time.monotonic() + seconds
        while (begin := time.monotonic()) < end:
            while time.monotonic() < begin + busy:
                sum(range(1000))
            time.sleep(max(0.0, begin + 1.0 - time.monotonic()))
        return {}

    def _connect(self, port: int) -> Session:
        session = Session(self._account or self._make_account())
        session.connect(
            ToHeader(SIPURI.parse(f"sip:echo@127.0.0.1:{port}")), [Route("127.0.0.1", port, "udp")], [AudioStream(session.account)]
        )
        return session

    def _make_account(self) -> Account:
        self._account = account = Account(ACCOUNT)
        account.enabled = True
        account.registration.enabled = False  # never saved: it lives as long as the process
        return account


def main(caller: Caller) -> int:
    """Run until the input ends."""
    application = SIPApplication()
    application.start(MemoryBackend(json.loads(sys.argv[1])))
    moment = caller.wait("SIPApplicationDidStart")
    _say({"started": moment})
    for text in sys.stdin:
        command: dict[str, Any] = json.loads(text)
        _say(getattr(caller, command.pop("do"))(**command))
    begin = time.monotonic()
    application.stop()
    _say({"stopping": caller.wait("SIPApplicationDidEnd") - begin})
    return 0


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    raise SystemExit(main(Caller()))
