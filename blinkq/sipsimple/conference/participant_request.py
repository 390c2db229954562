"""What a participant asks of us as the focus: to bring somebody in, or to send somebody away (RFC 4579 §5.5, §5.11)."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.engine.loop import in_engine
from blinkq.sip.address import NameAddr
from blinkq.sip.errors import SIPParseError
from blinkq.sip.message import Request
from blinkq.sip.sipfrag import SIPFRAG, fragment
from blinkq.sip.usages.incoming_subscription import IncomingSubscription
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.conference.focus import ConferenceFocus
    from blinkq.sipsimple.session import Session

__all__ = ["ParticipantRequest", "read_refer"]

#: Seconds for somebody to decide; then it is refused. The REFER must be answered within 30.
PATIENCE = 20.0

REFUSALS = range(300, 700)
_ACTIONS = {"INVITE": "invite", "BYE": "remove"}

log = get_logger("sipsimple.conference")


def read_refer(request: Request) -> tuple[str, SIPURI] | int:
    """What a REFER asks for ("invite" or "remove") and about whom; the code to refuse it with when it is nothing of that kind."""
    values = request.headers.get_all("Refer-To")
    try:
        if len(values) != 1:
            return 400
        target = NameAddr.parse(values[0]).uri
        action = _ACTIONS.get((target.parameters.get("method") or "INVITE").upper())
        if action is None or target.headers:
            return 501
        parameters = {name: value for name, value in target.parameters.items() if name != "method"}
        return action, SIPURI.from_uri(target.replace(parameters=parameters))
    except SIPParseError:
        return 400
    except ValueError:  # another scheme
        return 416


class ParticipantRequest:
    """One such request. Nothing is done until the application accepts it; after 20 seconds it is refused.

    ``action`` "invite" or "remove"; ``participant`` (SIPURI) whom it is about; ``session`` that of the participant who asks; ``focus`` our
    conference. Methods may be called from any thread; IllegalStateError when it is decided already.
    """

    def __init__(
        self, focus: ConferenceFocus, session: Session, action: str, participant: SIPURI, subscription: IncomingSubscription
    ) -> None:
        self.focus = focus
        self.session = session
        self.action = action
        self.participant = participant
        self._subscription = subscription
        self._lock = threading.Lock()
        self._decided = False
        self._timer: asyncio.TimerHandle | None = None

    def accept(self) -> None:
        """Do it, and tell the participant how it goes."""
        self._decide("accept")
        self._accept()

    def reject(self, code: int = 603) -> None:
        """Refuse it, with a SIP code from 300 to 699 (ValueError otherwise)."""
        if code not in REFUSALS:
            raise ValueError(f"{code} does not refuse a request")
        self._decide("reject")
        self._reject(code)

    # on the engine thread ----------------------------------------------------------------------------------------------------------

    def announce(self) -> None:
        """Ask the application. Posts ConferenceFocusGotRequest."""
        SIPEvents().claim(self._subscription, self._handle)
        self._timer = Runtime.current().loop.loop.call_later(PATIENCE, self._nobody_decides)
        post("ConferenceFocusGotRequest", self.focus, request=self)

    def report(self, code: int, reason: str | None) -> None:
        """Tell the participant how it goes; a code from 200 on is the last word."""
        final = code >= 200
        state = ("terminated", "noresource") if final else (None, None)
        self._command(self._subscription.notify, SIPFRAG, fragment(code, reason), *state)

    def _decide(self, method: str) -> None:
        with self._lock:
            if self._decided:
                raise IllegalStateError(f"ParticipantRequest.{method}: it is decided already")
            self._decided = True

    def _nobody_decides(self) -> None:
        try:
            self.reject(403)
        except IllegalStateError:  # somebody does, at this very moment
            pass

    @in_engine
    def _accept(self) -> None:
        self._stop_timer()
        if not self._command(self._subscription.accept, content_type=SIPFRAG, body=fragment(100)):
            return
        if self.action == "invite":
            self.focus.invite(self.participant, on_progress=self.report)
        else:
            self.report(*self.focus.dismiss(self.participant))

    @in_engine
    def _reject(self, code: int) -> None:
        self._stop_timer()
        self._command(self._subscription.reject, code)

    def _handle(self, event: Any) -> None:
        """Its end is of no interest: what was begun goes on."""

    def _command(self, method: Any, *args: Any, **kwargs: Any) -> bool:
        try:
            Runtime.current().sip.call(method, *args, **kwargs)
        except IllegalStateError as error:  # the participant does not want to know any more
            log.debug("%s", error)
            return False
        return True

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
