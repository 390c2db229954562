"""The local conference: calls that are mixed here, so that everybody in it hears everybody else.

A model: it knows who takes part and whether we do, and tells the middleware. What this is not: a conference on a server.
"""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.call import Call, CallStage
from blinkq.app.middleware import AudioConferenceLike, AudioStreamLike, Middleware

__all__ = ["Conference"]


class Conference(QObject):
    """The conference of the windows; empty most of the time. ``changed`` after its calls or its hold have changed."""

    changed = pyqtSignal()

    def __init__(self, middleware: Middleware, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.calls: list[Call] = []
        #: put on hold because another call was talked to, not because the user said so
        self.set_aside = False
        self._middleware = middleware
        self._mix: AudioConferenceLike | None = None
        self._streams: dict[int, AudioStreamLike] = {}
        self._held = False

    @property
    def title(self) -> str:
        """The names of the others."""
        return ", ".join(call.title for call in self.calls)

    @property
    def hold_wanted(self) -> bool:
        """Whether we have left the others to themselves for a while; they go on hearing each other."""
        return self._held

    @property
    def live(self) -> bool:
        """Whether there is a conference now."""
        return any(not call.over for call in self.calls)

    def join(self, call: Call) -> None:
        """Let a call that is answered take part."""
        stream = call.stream
        if call in self.calls or stream is None or call.stage is not CallStage.TALKING:
            return
        self._mix = self._mix or self._middleware.new_conference()
        self._mix.add(stream)
        self._streams[id(call)] = stream
        self.calls.append(call)
        call.joined = True
        call.finished.connect(self._somebody_left)
        call.set_hold(False)
        self.changed.emit()
        call.changed.emit()

    def leave(self, call: Call) -> None:
        """Make ``call`` a call of its own again, put on hold; with only one other left there is no conference any more."""
        self._take_out(call, hold=True)
        self._dissolve_if_alone()
        self.changed.emit()

    def split(self, keep: Call) -> None:
        """End the conference, not its calls: go on talking to ``keep``, the others are put on hold."""
        for call in list(self.calls):
            self._take_out(call, hold=call is not keep)
        self._reset()
        self.changed.emit()

    def set_hold(self, hold: bool) -> None:
        """Leave the others to themselves, or come back."""
        self.set_aside = False
        if self._mix is None or hold == self._held:
            return
        self._mix.hold() if hold else self._mix.unhold()
        self._held = hold
        self.changed.emit()
        for call in self.calls:
            call.changed.emit()

    def _somebody_left(self) -> None:
        for call in [call for call in self.calls if call.over]:
            self._take_out(call, hold=False)
        self._dissolve_if_alone()
        self.changed.emit()

    def _dissolve_if_alone(self) -> None:
        if len(self.calls) == 1:
            self._take_out(self.calls[0], hold=self._held)
        if not self.calls:
            self._reset()

    def _take_out(self, call: Call, *, hold: bool) -> None:
        if call not in self.calls:
            return
        # on hold first: nobody must hear us for a moment who was not meant to
        call.set_hold(hold)
        self.calls.remove(call)
        call.finished.disconnect(self._somebody_left)
        call.joined = False
        if self._mix is not None:
            self._mix.remove(self._streams.pop(id(call)))
        if hold and self.set_aside:
            call.set_aside = True
        call.changed.emit()

    def _reset(self) -> None:
        if not self.calls:
            self._mix, self._held, self.set_aside = None, False, False
