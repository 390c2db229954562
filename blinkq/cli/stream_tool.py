"""StreamTool: a command that opens a session of its own for something else than a call (a chat, files, a desktop)."""

from __future__ import annotations

from typing import Any

from blinkq.base.notification import Notification
from blinkq.cli.dialer import Dialer
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.explain_media import explain_media
from blinkq.sipsimple.session import Session

__all__ = ["StreamTool"]


class StreamTool(Dialer):
    """``streams`` makes what is offered; ``started`` is called when the session stands; ``done`` says how it went in the end.

    Why it failed is said here.
    """

    announces = False
    #: the type of the streams
    kind = ""

    def begin(self) -> None:
        self.session: Session | None = None
        super().begin()

    def streams(self) -> list[Any]:
        """What is offered."""
        raise NotImplementedError

    def started(self) -> None:
        """The session stands, with ``self.session.streams``."""

    def done(self) -> bool:
        """Whether what was asked for has been done; asked when the session has ended."""
        return True

    @property
    def peer(self) -> str:
        """The other party's address."""
        identity = None if self.session is None else self.session.remote_identity
        return "the peer" if identity is None else str(identity.uri)

    def connect(self, uri: SIPURI, routes: list[Route]) -> None:
        self.session = Session(self.account)
        self.session.connect(ToHeader(uri), routes, self.streams())

    def interrupt(self) -> None:
        if self.session is None:
            self.finish(1)
        else:
            self.session.end()

    def _NH_SIPSessionGotRingIndication(self, notification: Notification) -> None:
        if notification.sender is self.session:
            self.output.say(f"{self.peer} is ringing")

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        if notification.sender is self.session:
            self.started()

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        data = notification.data
        if notification.sender is self.session:
            if not (data.originator == "local" and data.failure_reason == "user request"):
                self._explain(data.code, data.reason, data.failure_reason, data.originator)
            self.finish(1)

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        if notification.sender is self.session:
            data = notification.data
            done = self.done()
            if data.originator == "local" and data.end_reason not in (None, "", "user request"):
                self._explain(0, None, data.end_reason, "local")
                done = False
            elif data.originator == "remote" and not done:
                self.output.say(f"{self.peer} has ended it.")
            self.finish(0 if done else 1)

    def _explain(self, code: int | None, reason: str | None, cause: str | None, originator: str | None) -> None:
        self.output.say(explain_media(self.kind, code, reason, cause, self.peer, self.account.id, originator).text())
