"""Keeping one address of record registered at one registrar (RFC 3261 §10).

It refreshes by itself while all goes well. After a failure it waits: trying again, with which patience and towards which
server, is the account's decision (`refresh`, or a new registration).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from blinkq.base.errors import IllegalStateError
from blinkq.base.statemachine import StateTable
from blinkq.sip.address import NameAddr
from blinkq.sip.context import Context, capabilities
from blinkq.sip.digest import Credentials
from blinkq.sip.events import RegistrationEnded, RegistrationFailed, RegistrationRefreshing, RegistrationSucceeded
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Response
from blinkq.sip.request_builder import build_request
from blinkq.sip.uri import URI
from blinkq.sip.usages.kept_request import MAX_EXPIRES, KeptRequest

__all__ = ["TABLE", "RegisterParameters", "Registration", "RegistrationInput", "RegistrationState"]


class RegistrationState(Enum):
    """Where a registration stands."""

    IDLE = auto()
    REGISTERING = auto()
    REGISTERED = auto()
    FAILED = auto()
    UNREGISTERING = auto()
    ENDED = auto()


class RegistrationInput(Enum):
    """What can happen to a registration."""

    REGISTER = auto()
    SUCCESS = auto()
    FAILURE = auto()
    UNREGISTER = auto()
    END = auto()


_S, _I = RegistrationState, RegistrationInput

TABLE = StateTable(
    {
        (_S.IDLE, _I.REGISTER): _S.REGISTERING,
        (_S.REGISTERING, _I.SUCCESS): _S.REGISTERED,
        (_S.REGISTERING, _I.FAILURE): _S.FAILED,
        (_S.REGISTERING, _I.END): _S.ENDED,
        (_S.REGISTERED, _I.REGISTER): _S.REGISTERING,
        (_S.REGISTERED, _I.FAILURE): _S.FAILED,
        (_S.REGISTERED, _I.UNREGISTER): _S.UNREGISTERING,
        (_S.REGISTERED, _I.END): _S.ENDED,
        (_S.FAILED, _I.REGISTER): _S.REGISTERING,
        (_S.FAILED, _I.UNREGISTER): _S.UNREGISTERING,
        (_S.FAILED, _I.END): _S.ENDED,
        (_S.UNREGISTERING, _I.END): _S.ENDED,
    },
    initial=_S.IDLE,
    final=frozenset({_S.ENDED}),
)


@dataclass(frozen=True, slots=True)
class RegisterParameters:
    """What to register where.

    registrar: the Request-URI, as sip:example.org; aor: the address of record, From and To; contact: where we are reached;
    hop, route_set: the way to the registrar; expires: seconds asked for; headers: further ones; timeout: seconds to wait for each answer;
    automatic: refresh it in time; else only `RegistrationRefreshing` tells when that would be.
    """

    registrar: URI
    aor: NameAddr
    contact: NameAddr
    hop: Hop
    route_set: tuple[NameAddr, ...] = ()
    expires: int = 600
    credentials: Credentials | None = None
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None
    automatic: bool = True


class Registration(KeptRequest[RegistrationState]):
    """One binding, refreshed until `end`.

    contact: the present one; expires: seconds granted; flow: the way the last answer came; owner: free for the middleware.
    Notifies with `RegistrationSucceeded` after every answer that keeps the binding, `RegistrationRefreshing` before an own
    refresh, `RegistrationFailed` (not terminal), and once, at last, `RegistrationEnded`.
    """

    _removing, _ended = _S.UNREGISTERING, _S.ENDED

    def __init__(self, context: Context, parameters: RegisterParameters) -> None:
        super().__init__(context, parameters.aor, parameters.expires)
        self.parameters = parameters
        self.contact = parameters.contact.without_parameter("expires")
        self.flow: Flow | None = None
        self._state = TABLE.initial
        self._stale_contact: NameAddr | None = None
        self._refresh_wanted = False
        self._bound = False

    @property
    def state(self) -> RegistrationState:
        """Where it stands."""
        return self._state

    @property
    def hop(self) -> Hop:
        """Where it sends its requests."""
        return self.parameters.hop

    def start(self, now: float) -> None:
        """Send the first REGISTER."""
        self._register(now)

    def refresh(
        self, now: float, contact: NameAddr | None = None, hop: Hop | None = None, timeout: float | None = None
    ) -> None:
        """Register again now, also after a failure; with another `contact` the old binding is removed in the same request.

        hop: another way to the same registrar; timeout: seconds to wait for the answers from now on.

        Raises IllegalStateError after `end`.
        """
        if self._end_wanted or self._state in (_S.UNREGISTERING, _S.ENDED):
            raise IllegalStateError(f"Registration.refresh in state {self._state.name}")
        self.parameters = replace(
            self.parameters, hop=hop or self.parameters.hop, timeout=timeout or self.parameters.timeout
        )
        if contact is not None:
            contact = contact.without_parameter("expires")
            if not contact.uri.equivalent(self.contact.uri):
                self._stale_contact = self.contact if self._bound else None
            self.contact = contact
        if self._exchange is not None:
            self._refresh_wanted = True  # §10.2: no new REGISTER before the answer to the last one
            return
        self._register(now)

    def end(self, now: float, timeout: float | None = None) -> None:
        """Remove the binding, if there is one; `timeout`: seconds to wait. Idempotent; `RegistrationEnded` follows."""
        if self._end_wanted:
            return
        self.parameters = replace(self.parameters, timeout=timeout or self.parameters.timeout)
        self._end_wanted = True
        self._stop_timer()
        if self._exchange is None:
            self._unregister(now)

    def flow_failed(self, path: Flow | Hop, reason: str, now: float) -> None:
        """The connection the registrar would reach us by is gone: the binding is worth nothing."""
        if self._state is _S.REGISTERED and self.flow is not None and self.flow.reliable and self.flow == path:
            self._stop_timer()
            self._state = TABLE.next(self._state, _I.FAILURE)
            self._context.emit(RegistrationFailed(self, 503, reason, None, None, None, True))

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """The registrar answered."""
        self.flow = flow
        super().on_final(exchange, response, flow, now)

    # -- outcomes

    def _succeed(self, response: Response, now: float) -> None:
        self._bound = True
        self._stale_contact = None
        self._state = TABLE.next(self._state, _I.SUCCESS)
        contacts = tuple(response.contacts)
        self.expires = self._granted(response)
        if self._end_wanted:
            self._unregister(now)
            return
        event = RegistrationSucceeded(
            self, response.code, response.reason, contacts, self.contact, self.expires, response
        )
        self._context.emit(event)
        if self._refresh_wanted:
            self._refresh_wanted = False
            self._register(now)
            return
        self._schedule_refresh(now)

    def _fail(self, code: int, reason: str, response: Response | None, now: float) -> None:
        self._state = TABLE.next(self._state, _I.FAILURE)
        if self._end_wanted:
            self._unregister(now)
            return
        retry_after, min_expires = (None, None) if response is None else (response.retry_after, response.min_expires)
        event = RegistrationFailed(self, code, reason, response, retry_after, min_expires, response is None)
        self._context.emit(event)
        if self._refresh_wanted:
            self._refresh_wanted = False
            self._register(now)

    def _finish(self, code: int | None, reason: str) -> None:
        self._bound = False
        self._state = TABLE.next(self._state, _I.END)
        self._context.emit(RegistrationEnded(self, code, reason))

    def _granted(self, response: Response) -> int:
        """The seconds our binding lasts (§10.2.4)."""
        for contact in response.contacts:
            if contact.uri.equivalent(self.contact.uri):
                value = contact.parameter("expires")
                if value and value.isascii() and value.isdigit():
                    return min(int(value[:10]), MAX_EXPIRES)
        return super()._granted(response)

    # -- sending

    def _register(self, now: float) -> None:
        self._stop_timer()
        self._state = TABLE.next(self._state, _I.REGISTER)
        self._send(now)

    def _unregister(self, now: float) -> None:
        if not self._bound:
            self._finish(None, "not registered")
            return
        self._state = TABLE.next(self._state, _I.UNREGISTER)
        self._requested = 0
        self._send(now)

    def _send(self, now: float) -> None:
        contacts = [str(self.contact.with_parameter("expires", str(self._requested)))]
        if self._stale_contact is not None:
            contacts.append(str(self._stale_contact.with_parameter("expires", "0")))
        headers = [*(("Contact", contact) for contact in contacts), ("Expires", str(self._requested))]
        request = build_request(
            "REGISTER",
            self.parameters.registrar,
            route_set=self.parameters.route_set,
            from_=self._from,
            to=self.parameters.aor.without_parameter("tag"),
            call_id=self.call_id,
            cseq=self._next_cseq(),
            headers=[*headers, *capabilities(content=False), *self.parameters.headers],
        )
        self._begin(request, self.parameters.hop, self.parameters.credentials, self.parameters.timeout, now)

    def _repeat(self, now: float) -> None:
        self._send(now)

    def _refresh_is_due(self, now: float) -> None:
        self._context.emit(RegistrationRefreshing(self))
        if self.parameters.automatic:
            self._register(now)
