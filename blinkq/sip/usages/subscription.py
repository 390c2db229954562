"""Subscribing to the state of something elsewhere (RFC 6665 §4.1), and following a REFER outside dialogs (RFC 3515).

It refreshes by itself while all goes well. Whether to subscribe anew after the end is the owner's decision. One SUBSCRIBE makes one
subscription here: of a forked one the branch whose NOTIFY comes first counts, the others get 481 and go away (RFC 6665 §5.4.9).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.authentication import KnownChallenges
from blinkq.sip.context import Context, capabilities
from blinkq.sip.dialog import Dialog, DialogID
from blinkq.sip.digest import Credentials
from blinkq.sip.errors import SIPParseError
from blinkq.sip.event_package import EventPackage, SubscriptionStatus
from blinkq.sip.events import Originator, SubscriptionAccepted, SubscriptionEnded, SubscriptionFailed, SubscriptionNotified
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.replies import reply
from blinkq.sip.request_builder import build_request
from blinkq.sip.status import reason_phrase
from blinkq.sip.timers import Timer
from blinkq.sip.uri import URI
from blinkq.sip.usages.subscription_states import TABLE, SubscriptionInput, SubscriptionState

__all__ = ["SubscribeParameters", "Subscription", "SubscriptionState"]

# A refresh is sent this many seconds before the subscription expires, so that retransmissions have time; never before half of it.
REFRESH_MARGIN = 30
# Seconds: a notifier granting less is asked no more often than this, and a refresh that failed is not repeated sooner.
MIN_REFRESH = 5
# Seconds (a day): longer than this is not believed, the subscription would outlive a sleeping laptop's network.
MAX_EXPIRES = 86400
# RFC 6665 §4.1.2.2: answers to a refresh that end the subscription; after others it goes on until it expires.
FATAL = frozenset({404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604})

_S, _I = SubscriptionState, SubscriptionInput


@dataclass(frozen=True, slots=True)
class SubscribeParameters:
    """What to subscribe to.

    from_: our address, without a tag; contact: where NOTIFYs reach us; hop, route_set: the way; event: as the header says it; expires:
    seconds asked for, 0 to fetch the state once; accept: content types; headers: further ones; body with content_type: a filter;
    timeout: seconds to wait for the answer; method: REFER makes the subscription that a REFER implies, to the event 'refer'.
    """

    request_uri: URI
    from_: NameAddr
    to: NameAddr
    contact: NameAddr
    hop: Hop
    route_set: tuple[NameAddr, ...] = ()
    credentials: Credentials | None = None
    event: str = "presence"
    expires: int = 600
    accept: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str | None = None
    body: bytes = b""
    timeout: float | None = None
    method: str = "SUBSCRIBE"


class Subscription:
    """One subscription, refreshed until `end`.

    expires: seconds granted; contact: where NOTIFYs reach us; owner: free for the middleware.
    Notifies with `SubscriptionAccepted` and `SubscriptionNotified`, and once, at last, `SubscriptionFailed` or `SubscriptionEnded`.
    """

    def __init__(self, context: Context, parameters: SubscribeParameters) -> None:
        self.parameters = parameters
        self.contact = parameters.contact
        self.expires = parameters.expires
        self.call_id = context.call_id()
        self.owner: Any = None
        self._context = context
        self._event = EventPackage.parse(parameters.event)
        self._from = parameters.from_.with_parameter("tag", context.tag())
        self._cseq = context.entropy.integer(1, 1 << 15)
        self._requested = parameters.expires
        self._state = TABLE.initial
        self._dialog: Dialog | None = None
        self._notified = False
        self._exchange: Exchange | None = None
        self._unsubscribing = False
        self._too_brief_answered = False
        self._known: KnownChallenges = {}
        self._content: tuple[tuple[tuple[str, str], ...], str | None, bytes] = (
            parameters.headers,
            parameters.content_type,
            parameters.body,
        )
        self._waiting: list[float | None] = []  # the time-out of a refresh that waits for the present one
        self._timers: dict[str, Timer] = {}
        self._expires_at = 0.0

    @property
    def state(self) -> SubscriptionState:
        """Where it stands."""
        return self._state

    @property
    def remote_uri(self) -> URI | None:
        """The notifier's Contact, None before it is known."""
        return None if self._dialog is None else self._dialog.remote_target

    @property
    def key(self) -> tuple[str, str]:
        """What every NOTIFY to us carries, whichever branch sent it: Call-ID and our tag."""
        return self.call_id, self._from.tag or ""

    def start(self, now: float) -> None:
        """Send the first SUBSCRIBE."""
        self._state = TABLE.next(self._state, _I.SUBSCRIBE)
        self._context.subscriptions[self.key] = self
        self._send(self._requested, now, self.parameters.timeout)

    def refresh(
        self,
        now: float,
        *,
        expires: int | None = None,
        contact: NameAddr | None = None,
        headers: Iterable[tuple[str, str]] | None = None,
        content_type: str | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
    ) -> None:
        """Subscribe again now, with other values where they are given. Raises IllegalStateError after the end or `end`."""
        if self._state in (_S.NULL, _S.TERMINATING, _S.TERMINATED):
            raise IllegalStateError(f"Subscription.refresh in state {self._state.name}")
        self._requested = self._requested if expires is None else expires
        self.contact = contact or self.contact
        old_headers, old_type, old_body = self._content
        new_headers = old_headers if headers is None else tuple(headers)
        self._content = (new_headers, old_type, old_body) if body is None else (new_headers, content_type, body)
        if self._exchange is not None or self._dialog is None:
            self._waiting = [timeout]  # one SUBSCRIBE at a time, and no second one before there is a dialog
            return
        self._send(self._requested, now, timeout)

    def end(self, now: float, timeout: float | None = None) -> None:
        """Unsubscribe. Idempotent; `SubscriptionEnded` follows, at the latest after `timeout` seconds (default: end_patience)."""
        if self._state in (_S.NULL, _S.TERMINATING, _S.TERMINATED):
            return
        self._state = TABLE.next(self._state, _I.END)
        self._stop(*self._timers)
        patience = self._context.config.end_patience if timeout is None else timeout
        self._start("patience", patience, now, lambda then: self._end("local", ""))
        if self._exchange is None:
            self._unsubscribe(now)

    def abandon(self, now: float) -> None:
        """End without a word to the notifier, which is gone. `SubscriptionEnded` follows. Idempotent."""
        if self._state in (_S.NULL, _S.TERMINATED):
            return
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.abandon(now)
        self._end("local", "abandoned")

    # -- DialogUser

    def on_request(self, request: Request, flow: Flow, now: float) -> None:
        """A request of the notifier."""
        if request.method == "ACK":
            return
        code = 481 if request.method != "NOTIFY" else self._admit(request, flow)
        response = reply(request, code, headers=self._context.respond_headers())
        self._context.transactions.serve(request, flow).respond(response, now)
        if code == 200:
            self._notify(request, now)

    def _admit(self, request: Request, flow: Flow) -> int:
        """The answer to a NOTIFY (RFC 6665 §4.1.3)."""
        try:
            event, _ = EventPackage.of(request), SubscriptionStatus.of(request)
        except SIPParseError:
            return 489 if "Event" not in request.headers else 400
        refers = self.parameters.method == "REFER"
        if event.name != self._event.name or (event.id != self._event.id and not (refers and self._event.id is None)):
            return 489
        dialog = self._dialog
        if dialog is None or dialog.id != DialogID.of_request(request):
            if self._notified:
                return 481  # another branch
            dialog = Dialog.uas(request, self._from.tag or "", flow)
            dialog.hop = self.parameters.hop
        elif not dialog.admits(request):
            return 500  # RFC 3261 §12.2.2: out of order
        if flow.reliable:
            dialog.flow = flow
        dialog.refresh_target(request)
        self._dialog, self._notified = dialog, True
        self._event = event  # RFC 3515 §2.4.6: the NOTIFYs of a REFER bring an id
        return 200

    def _notify(self, request: Request, now: float) -> None:
        status = SubscriptionStatus.of(request)
        self._stop("N")
        if self._state is not _S.TERMINATING:
            if status.state != "terminated":
                event = _I.NOTIFY_ACTIVE if status.state == "active" else _I.NOTIFY_PENDING
                self._state = TABLE.next(self._state, event)
                if status.expires is not None:
                    self._granted(status.expires, now)
            self._context.emit(SubscriptionNotified(self, status, request.content_type, request.body, request))
        if status.state == "terminated" or self._requested == 0:  # a fetch is over with the first NOTIFY, whatever it says
            originator: Originator = "local" if self._state is _S.TERMINATING else "remote"
            self._end(originator, status.reason or "", status.retry_after)
        else:
            self._go_on(now)

    # -- ExchangeUser

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Nothing to learn."""

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """A SUBSCRIBE was answered."""
        if exchange is not self._exchange:
            return
        self._exchange = None
        if response.code < 300:
            self._accept(exchange, response, flow, now)
        elif self._state is _S.TERMINATING:
            self._end("local", "")
        elif response.code == 423 and self._lengthen(response, now):
            return
        else:
            self._refused(response.code, response.reason, response, now)

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """A SUBSCRIBE was not answered."""
        if exchange is not self._exchange:
            return
        self._exchange = None
        if self._state is _S.TERMINATING:
            self._end("local", "")
        else:
            self._refused(code, reason, None, now)

    # -- outcomes

    def _accept(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        refreshed = exchange.request.to.tag is not None
        if self._dialog is None and response.contacts and response.to.tag is not None:
            self._dialog = Dialog.uac(exchange.request, response, self.parameters.hop, flow)
        elif self._dialog is not None and refreshed:
            self._dialog.refresh_target(response)
        if self._state is _S.TERMINATING:
            if not self._unsubscribing:
                self._unsubscribe(now)
            return  # else the last NOTIFY is still to come, or patience ends
        self._state = TABLE.next(self._state, _I.ACCEPTED)
        self._too_brief_answered = False
        self._granted(self._requested if response.expires is None else response.expires, now)
        self._context.emit(SubscriptionAccepted(self, response.code, response.reason, self.expires, response, refreshed))
        if (response.headers.get("Refer-Sub") or "").strip().lower() == "false":
            self._end("remote", "noresource")  # RFC 4488 §4: the REFER made no subscription
        elif not self._notified:
            # Timer N (§4.1.2.4). Not for refreshes: there are notifiers that answer those without a NOTIFY.
            if "N" not in self._timers:
                self._start("N", self._context.config.timing.patience, now, self._on_timer_n)
        else:
            self._go_on(now)

    def _refused(self, code: int, reason: str, response: Response | None, now: float) -> None:
        established = self._state in (_S.PENDING, _S.ACTIVE)
        if not established or code in FATAL:
            self._fail(code, reason, response)
            return
        # The subscription is valid until it expires: try once more at half time.
        wait = max((self._expires_at - now) / 2, float(MIN_REFRESH), float((response and response.retry_after) or 0))
        self._start("refresh", wait, now, self._on_refresh)

    def _lengthen(self, response: Response, now: float) -> bool:
        """423 Interval Too Brief (§4.1.2.3): ask for what the notifier wants, once."""
        wanted = response.min_expires
        if wanted is None or self._too_brief_answered or not self._requested < wanted <= MAX_EXPIRES:
            return False
        self._too_brief_answered = True
        self._requested = wanted
        self._send(wanted, now, None)
        return True

    def _granted(self, seconds: int, now: float) -> None:
        self.expires = seconds = min(seconds, MAX_EXPIRES)
        self._expires_at = now + seconds
        self._stop("refresh", "expiry")
        if seconds and self._state is not _S.TERMINATING:
            delay = max(seconds / 2, float(seconds - REFRESH_MARGIN), float(MIN_REFRESH))
            self._start("refresh", delay, now, self._on_refresh)
            self._start("expiry", float(max(seconds, MIN_REFRESH + REFRESH_MARGIN)), now, self._on_expiry)

    def _go_on(self, now: float) -> None:
        """Do what had to wait for an answer or for the dialog."""
        if self._waiting and self._exchange is None and self._state in (_S.PENDING, _S.ACTIVE, _S.ACCEPTED):
            self._send(self._requested, now, self._waiting.pop())

    def _fail(self, code: int, reason: str, response: Response | None) -> None:
        self._over()
        retry_after, min_expires = (None, None) if response is None else (response.retry_after, response.min_expires)
        self._context.emit(SubscriptionFailed(self, code, reason, response, retry_after, min_expires))

    def _end(self, originator: Originator, reason: str, retry_after: int | None = None) -> None:
        self._over()
        self._context.emit(SubscriptionEnded(self, originator, reason, retry_after))

    def _over(self) -> None:
        """Nothing comes any more: no request, no timer, no answer that counts."""
        self._state = TABLE.next(self._state, _I.OVER)
        self._exchange = None
        self._stop(*self._timers)
        self._context.subscriptions.pop(self.key, None)

    # -- timers

    def _on_refresh(self, now: float) -> None:
        if self._exchange is None:
            self._send(self._requested, now, None)

    def _on_expiry(self, now: float) -> None:
        self._fail(408, "Subscription expired", None)

    def _on_timer_n(self, now: float) -> None:
        self._fail(408, reason_phrase(408), None)

    def _start(self, name: str, delay: float, now: float, action: Any) -> None:
        self._stop(name)
        self._timers[name] = self._context.timers.schedule(now + delay, action)

    def _stop(self, *names: str) -> None:
        for name in names:
            timer = self._timers.pop(name, None)
            if timer is not None:
                timer.cancel()

    # -- sending

    def _unsubscribe(self, now: float) -> None:
        if self._dialog is None or (self.parameters.method == "REFER" and not self._notified):
            self._end("local", "")  # nobody to tell
            return
        self._unsubscribing = True
        self._send(0, now, None)

    def _send(self, expires: int, now: float, timeout: float | None) -> None:
        parameters, dialog = self.parameters, self._dialog
        headers, content_type, body = self._content if not self._unsubscribing else ((), None, b"")
        lines = [("Contact", str(self.contact)), *capabilities(content=False), *headers]
        if dialog is not None or parameters.method == "SUBSCRIBE":
            lines += [("Event", str(self._event)), ("Expires", str(expires))]
        if parameters.accept:
            lines.append(("Accept", ", ".join(parameters.accept)))
        if dialog is not None:
            hop, flow = dialog.path()
            request = dialog.make_request(
                "SUBSCRIBE", self._next_cseq(), headers=lines, body=body, content_type=content_type
            )
        else:
            hop, flow = parameters.hop, None
            request = build_request(
                parameters.method,
                parameters.request_uri,
                route_set=parameters.route_set,
                from_=self._from,
                to=parameters.to.without_parameter("tag"),
                call_id=self.call_id,
                cseq=self._next_cseq(),
                headers=lines,
                body=body,
                content_type=content_type,
            )
        # Within the dialog no answer to an old challenge is sent in advance: the notifier may be somebody else than who asked.
        self._exchange = Exchange(
            self._context,
            self,
            request,
            hop,
            flow,
            self._next_cseq,
            credentials=parameters.credentials,
            in_dialog=dialog is not None,
            known=None if dialog is not None else self._known,
        )
        self._exchange.start(now, timeout)

    def _next_cseq(self) -> int:
        self._cseq += 1
        return self._cseq
