"""A peer's subscription to something of ours: the notifier of RFC 6665 §4.2, also for the subscription that a REFER implies.

What is told, and to whom, is the owner's business. One NOTIFY is on its way at a time; further ones wait for its answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import Enum, auto
from typing import Any

from blinkq.base.errors import IllegalStateError
from blinkq.base.statemachine import StateTable
from blinkq.sip.address import NameAddr
from blinkq.sip.context import Context
from blinkq.sip.dialog import Dialog, hop_of
from blinkq.sip.digest import Credentials
from blinkq.sip.errors import SIPParseError
from blinkq.sip.event_package import EventPackage, SubscriptionStatus
from blinkq.sip.events import (
    IncomingSubscriptionEnded,
    IncomingSubscriptionRefreshed,
    NotifyAnswered,
    Originator,
    SubscriptionReceived,
)
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.replies import reply
from blinkq.sip.timers import Timer
from blinkq.sip.transactions.non_invite_server import NonInviteServerTransaction
from blinkq.sip.uri import URI

__all__ = ["TABLE", "IncomingSubscription", "IncomingSubscriptionInput", "IncomingSubscriptionState"]

# Seconds of a subscription for which nothing was asked, and of a REFER's.
DEFAULT_EXPIRES = 3600
REFER_EXPIRES = 180
# Seconds that nobody may ask beyond.
MAX_EXPIRES = 86400
# Seconds in which the owner must answer, before the client's timer F (32 s) gives up.
PATIENCE = 30.0
# NOTIFYs that wait: a peer that does not answer must not make us remember everything. The oldest are left out.
MAX_WAITING = 32


class IncomingSubscriptionState(Enum):
    """RFC 6665 §4.1.2, as the notifier sees it."""

    RECEIVED = auto()
    PENDING = auto()
    ACTIVE = auto()
    TERMINATED = auto()


class IncomingSubscriptionInput(Enum):
    """What can happen to it. OVER: rejected, unsubscribed, timed out, ended, or a NOTIFY failed."""

    PENDING = auto()
    ACTIVE = auto()
    OVER = auto()


_S, _I = IncomingSubscriptionState, IncomingSubscriptionInput

TABLE = StateTable(
    {
        (_S.RECEIVED, _I.PENDING): _S.PENDING,
        (_S.RECEIVED, _I.ACTIVE): _S.ACTIVE,
        (_S.RECEIVED, _I.OVER): _S.TERMINATED,
        (_S.PENDING, _I.PENDING): _S.PENDING,
        (_S.PENDING, _I.ACTIVE): _S.ACTIVE,
        (_S.PENDING, _I.OVER): _S.TERMINATED,
        (_S.ACTIVE, _I.ACTIVE): _S.ACTIVE,
        (_S.ACTIVE, _I.OVER): _S.TERMINATED,
    },
    initial=_S.RECEIVED,
    final=frozenset({_S.TERMINATED}),
)


class IncomingSubscription:
    """One subscription of a peer, from its SUBSCRIBE (or REFER) to the last NOTIFY.

    event: what it is about; request: the first SUBSCRIBE or REFER; flow: the way it came; expires: seconds asked for, then granted;
    credentials: to answer a trusted proxy that challenges our NOTIFYs; owner: free for the middleware.
    """

    def __init__(self, context: Context, request: Request, event: EventPackage, flow: Flow, now: float) -> None:
        self.event = event
        self.request = request
        self.flow = flow
        self.credentials: Credentials | None = None
        self.owner: Any = None
        self._refers = request.method == "REFER"
        self.expires = self._asked(request)
        self._context = context
        self._tag = context.tag()
        self._dialog = Dialog.uas(request, self._tag, flow)
        self._contact = _contact(request, flow)
        self._state = TABLE.initial
        self._answer: NonInviteServerTransaction | None = context.transactions.serve(request, flow)
        self._timer: Timer = context.timers.schedule(now + PATIENCE, self._on_unanswered)
        self._expires_at = 0.0
        self._exchange: Exchange | None = None
        self._waiting: deque[tuple[SubscriptionStatus, str | None, bytes]] = deque(maxlen=MAX_WAITING)
        self._content: tuple[str | None, bytes] = (None, b"")
        context.incoming_subscriptions.add(self)
        context.dialogs[self._dialog.id] = self
        context.emit(SubscriptionReceived(self, request))

    @property
    def state(self) -> IncomingSubscriptionState:
        """Where it stands."""
        return self._state

    @property
    def call_id(self) -> str:
        """The Call-ID of its dialog."""
        return self._dialog.call_id

    @property
    def settled(self) -> bool:
        """Whether it is over, and the peer has answered the last NOTIFY: no event follows."""
        return self._state is _S.TERMINATED and self._exchange is None

    def accept(
        self,
        *,
        expires: int | None = None,
        code: int | None = None,
        pending: bool = False,
        content_type: str | None = None,
        body: bytes = b"",
        contact: NameAddr | None = None,
        headers: Iterable[tuple[str, str]] = (),
        now: float,
    ) -> None:
        """Answer with `code` (200 by default, a REFER 202) and send the first NOTIFY.

        expires: at most that many seconds are granted; pending: the user has not decided yet, `notify` with state 'active' says so later;
        contact: where we are reached. Raises IllegalStateError when it is answered, ValueError for a code outside 200-299.
        """
        self._require("accept", _S.RECEIVED)
        code = code or (202 if self._refers else 200)
        if not 200 <= code <= 299:
            raise ValueError(f"not an acceptance: {code}")
        self.expires = self.expires if expires is None else min(self.expires, max(0, expires))
        self._contact = contact or self._contact
        self._state = TABLE.next(self._state, _I.PENDING if pending else _I.ACTIVE)
        self._content = (content_type, body)
        self._respond(self.request, code, [*self._lifetime(), *headers], now)
        if self.expires == 0:
            self._finish("remote", "timeout", now, self.request)  # a fetch: the state, once
        else:
            self._live(now)
            self._send(None, content_type, body, now)

    def reject(self, code: int = 403, reason: str | None = None, headers: Iterable[tuple[str, str]] = (), *, now: float) -> None:
        """Refuse it with 300-699. Raises IllegalStateError when it is answered, ValueError for another code."""
        self._require("reject", _S.RECEIVED)
        if not 300 <= code <= 699:
            raise ValueError(f"not a refusal: {code}")
        self._respond(self.request, code, list(headers), now, reason)
        self._finish("local", "rejected", now)

    def notify(
        self, content_type: str | None, body: bytes, state: str | None = None, reason: str | None = None, *, now: float
    ) -> None:
        """Tell the peer a new state of the thing. state: 'active' after 'pending', or 'terminated' with a `reason` to end it.

        Raises IllegalStateError before `accept` and after the end, ValueError for a state that cannot follow.
        """
        self._require("notify", _S.PENDING, _S.ACTIVE)
        self._content = (content_type, body)
        if state == "terminated":
            self._finish("local", reason or "noresource", now)
            return
        if state is not None:
            wanted = {"active": _I.ACTIVE, "pending": _I.PENDING}.get(state)
            if wanted is None or not TABLE.allows(self._state, wanted):
                raise ValueError(f"{state!r} cannot follow {self._state.name}")
            self._state = TABLE.next(self._state, wanted)
        self._send(None, content_type, body, now)

    def end(self, reason: str = "noresource", now: float = 0.0, *, retry_after: int | None = None) -> None:
        """End it with a last NOTIFY (RFC 6665 §4.2.2: deactivated, rejected, noresource ...), or with 480 before `accept`. Idempotent."""
        if self._state is _S.RECEIVED:
            self.reject(480, now=now)
        elif self._state is not _S.TERMINATED:
            self._finish("local", reason, now, retry_after=retry_after)

    # -- DialogUser

    def on_request(self, request: Request, flow: Flow, now: float) -> None:
        """A request of the subscriber within the dialog."""
        if request.method == "ACK":
            return
        code = self._judge(request)
        if code != 200:
            response = reply(request, code, headers=self._context.respond_headers())
            self._context.transactions.serve(request, flow).respond(response, now)
            return
        if flow.reliable:
            self._dialog.flow = flow
        self._dialog.refresh_target(request)
        self.expires = self._asked(request)
        self._answer = self._context.transactions.serve(request, flow)
        self._respond(request, 200, self._lifetime(), now)
        if self.expires == 0:
            self._finish("remote", "unsubscribed", now, request)
            return
        self._live(now)
        self._context.emit(IncomingSubscriptionRefreshed(self, self.expires, request))
        self._send(None, *self._content, now)

    def _judge(self, request: Request) -> int:
        if request.method != "SUBSCRIBE":
            return 481
        try:
            event = EventPackage.of(request)
        except SIPParseError:
            return 489 if "Event" not in request.headers else 400
        if event.name != self.event.name:
            return 489
        if not self._dialog.admits(request):
            return 500  # RFC 3261 §12.2.2: out of order
        return 200 if self._state in (_S.PENDING, _S.ACTIVE) else 481

    # -- ExchangeUser, for our NOTIFYs

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Nothing to learn."""

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """A NOTIFY was answered."""
        self._notified(response.code, response.reason, response, now)

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """A NOTIFY was not answered."""
        self._notified(code, reason, None, now)

    def _notified(self, code: int, reason: str, response: Response | None, now: float) -> None:
        self._exchange = None
        self._context.emit(NotifyAnswered(self, code, reason, response))
        if code >= 300 and (response is None or response.retry_after is None):
            # §4.2.2: whom we cannot tell, we do not tell any more
            self._waiting.clear()
            if self._state is not _S.TERMINATED:
                self._over()
                self._context.emit(IncomingSubscriptionEnded(self, "remote", "failed", None))
        elif self._waiting:
            self._transmit(*self._waiting.popleft(), now)

    # -- life

    def _finish(
        self, originator: Originator, reason: str, now: float, request: Request | None = None, retry_after: int | None = None
    ) -> None:
        accepted = self._state is not _S.RECEIVED
        self._over()
        if accepted:
            told = "timeout" if reason == "unsubscribed" else reason  # §4.2.1.4
            self._send(SubscriptionStatus("terminated", told, None, retry_after), *self._content, now)
        self._context.emit(IncomingSubscriptionEnded(self, originator, reason, request))

    def _over(self) -> None:
        self._state = TABLE.next(self._state, _I.OVER)
        self._timer.cancel()
        self._context.incoming_subscriptions.discard(self)
        self._context.dialogs.pop(self._dialog.id, None)

    def _live(self, now: float) -> None:
        self._timer.cancel()
        self._expires_at = now + self.expires
        self._timer = self._context.timers.schedule(self._expires_at, lambda then: self._finish("remote", "timeout", then))

    def _on_unanswered(self, now: float) -> None:
        self.reject(500, now=now)

    def _asked(self, request: Request) -> int:
        asked = request.expires
        if asked is None:
            asked = REFER_EXPIRES if self._refers else DEFAULT_EXPIRES
        return min(asked, MAX_EXPIRES)

    def _require(self, method: str, *states: IncomingSubscriptionState) -> None:
        if self._state not in states:
            raise IllegalStateError(f"IncomingSubscription.{method} in state {self._state.name}")

    # -- sending

    def _lifetime(self) -> list[tuple[str, str]]:
        return [("Contact", str(self._contact)), ("Expires", str(self.expires))]

    def _respond(
        self, request: Request, code: int, headers: list[tuple[str, str]], now: float, reason: str | None = None
    ) -> None:
        transaction, self._answer = self._answer, None
        assert transaction is not None  # each request is answered once
        if transaction.terminated:
            return  # its way is broken
        if code < 300:
            headers = [*(("Record-Route", route) for route in request.headers.get_all("Record-Route")), *headers]
        response = reply(request, code, reason, tag=self._tag, headers=self._context.respond_headers(headers))
        transaction.respond(response, now)

    def _send(self, status: SubscriptionStatus | None, content_type: str | None, body: bytes, now: float) -> None:
        if status is None:
            status = SubscriptionStatus(self._state.name.lower(), expires=max(0, round(self._expires_at - now)))
        if self._exchange is not None:
            self._waiting.append((status, content_type, body))
        else:
            self._transmit(status, content_type, body, now)

    def _transmit(self, status: SubscriptionStatus, content_type: str | None, body: bytes, now: float) -> None:
        headers = [("Contact", str(self._contact)), ("Event", str(self.event)), ("Subscription-State", str(status))]
        dialog = self._dialog
        request = dialog.make_request(
            "NOTIFY", dialog.next_cseq(), headers=headers, body=body, content_type=content_type if body else None
        )
        hop, flow = dialog.path()
        self._exchange = Exchange(
            self._context, self, request, hop, flow, dialog.next_cseq, credentials=self.credentials, in_dialog=True
        )
        self._exchange.start(now)


def _contact(request: Request, flow: Flow) -> NameAddr:
    """Where the subscriber reaches us, when the owner says nothing better."""
    way = hop_of(flow)
    parameters = {} if way.transport == "udp" else {"transport": way.transport}
    return NameAddr(URI(user=request.uri.user, host=way.local_address, port=way.local_port, parameters=parameters))
