"""The registration of one account: finds the registrar, registers, keeps it so, and comes back after every failure.

While registered over UDP it asks the server every few seconds for our bindings: that tells within seconds that the server is gone, and
also that it was gone and forgot us meanwhile. Over TCP and TLS the connection tells. What this is not: the REGISTER requests themselves
and their refreshing (``blinkq.sip.usages.registration``).
"""

from __future__ import annotations

import asyncio
import contextlib
from enum import Enum
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError, ResolveError, TLSError
from blinkq.engine.events import FlowClosed, LocalAddressChanged
from blinkq.sip.address import NameAddr
from blinkq.sip.authentication import KnownChallenges
from blinkq.sip.errors import SIPParseError
from blinkq.sip.events import (
    RegistrationEnded,
    RegistrationFailed,
    RegistrationRefreshing,
    RegistrationSucceeded,
    RequestAnswered,
    RequestFailed,
)
from blinkq.sip.hop import Hop
from blinkq.sip.usages.registration import RegisterParameters, Registration
from blinkq.sip.usages.request import RequestParameters
from blinkq.sipsimple.account_routes import find_routes
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.headers import ContactHeader
from blinkq.sipsimple.registration_policy import Failure, RetryPolicy
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.sip_account import Account

__all__ = ["AccountRegistration", "RegistrationState"]

#: Seconds for one REGISTER: enough for the fourth retransmission over UDP, short enough for the next route to get its chance.
REGISTER_TIMEOUT = 6.0
#: Seconds in which the server must answer when asked for our bindings: three retransmissions.
PROBE_TIMEOUT = 5.0
#: Seconds until the next attempt after a fault of ours.
FAULT_DELAY = 5.0
#: Seconds that the server may take to confirm the end of the registration; it would expire by itself.
END_TIMEOUT = 2.0

log = get_logger("sipsimple.registration")


class RegistrationState(Enum):
    """What the account's registration is doing."""

    STOPPED = "stopped"
    REGISTERING = "registering"
    REGISTERED = "registered"
    WAITING = "waiting"
    ENDING = "ending"


class _Restart(Exception):
    """Settings, addresses or the user want the registration made anew."""


class AccountRegistration:
    """Keeps ``account`` registered from ``start()`` to ``stop()``. Engine thread only.

    Posts, in the account's name, SIPAccountWillRegister, SIPAccountRegistrationGotAnswer, SIPAccountRegistrationDidSucceed,
    SIPAccountRegistrationWillRefresh, SIPAccountRegistrationDidFail and SIPAccountRegistrationDidEnd.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.state = RegistrationState.STOPPED
        #: the IP addresses of the account's servers as far as they are known: calls from there are the account's
        self.server_addresses: frozenset[str] = frozenset()
        self.route: Route | None = None
        self._registration: Registration | None = None
        self._events: asyncio.Queue[object] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._restart = False
        self._query_bindings = True
        self._known_challenges: KnownChallenges = {}
        self._policy = RetryPolicy(Runtime.current().entropy)

    @property
    def registered(self) -> bool:
        return self.state is RegistrationState.REGISTERED

    # life --------------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; nothing happens when it has begun."""
        if self._task is None:
            self._task = Runtime.spawn(self._run())

    async def stop(self) -> None:
        """Unregister, waiting a short time for the server, and be done. Idempotent."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await self._unregister()
        self.state = RegistrationState.STOPPED

    def restart(self) -> None:
        """Unregister and register anew, at once: settings have changed, or the user wants it."""
        if self._task is not None:
            self._restart = True
            self._events.put_nowait(_Restart())

    def flow_event(self, event: FlowClosed | LocalAddressChanged) -> None:
        """Take what the endpoint tells about connections and addresses, as far as it concerns this registration."""
        registration = self._registration
        if registration is None:
            if isinstance(event, LocalAddressChanged) and event.new is not None and self.state is RegistrationState.WAITING:
                self._events.put_nowait(_Restart())  # there is a network again: do not wait any longer
            return
        hop = registration.hop
        if isinstance(event, FlowClosed):
            if any((hop.transport, hop.address, hop.port) == (other.transport, other.address, other.port) for other in event.hops):
                self._events.put_nowait(event)
        elif event.remote_address == hop.address:
            self._events.put_nowait(event)

    async def _run(self) -> None:
        while True:
            self._restart = False
            self.state = RegistrationState.REGISTERING
            try:
                delay = await self._attempt()
                self.state = RegistrationState.WAITING
                await self._pause(delay)
            except _Restart:
                await self._unregister()

    async def _attempt(self) -> float:
        """Register and stay so as long as possible; seconds until the next attempt."""
        try:
            delay = await self._register()
            if delay is None:
                self.state = RegistrationState.REGISTERED
                delay = await self._stay_registered()
        except _Restart:
            raise
        except Exception:  # a fault of ours: the account must not stay unregistered for ever because of it
            log.exception("%s: the registration failed", self.account.id)
            return self._failed("Internal error", delay=FAULT_DELAY, registration=self._drop())
        return delay

    # registering -------------------------------------------------------------------------------------------------------------

    async def _register(self) -> float | None:
        """Try all routes; None when registered, else seconds until the next attempt."""
        try:
            routes = await find_routes(self.account)
        except ResolveError as error:
            return self._failed(str(error), delay=self._delay(Failure.PASSING))
        self.server_addresses = frozenset(route.address for route in routes)
        delay = 0.0
        for index, route in enumerate(routes):
            next_route = routes[index + 1] if index + 1 < len(routes) else None
            try:
                hop = await Runtime.current().sip.hop(route.address, route.port, route.transport, route.tls_name)
            except NetworkError as error:
                if isinstance(error, TLSError):
                    # a server that cannot prove who it is may be somebody in between, who would like nothing better than no TLS
                    self.server_addresses -= {route.address}
                    routes[index + 1 :] = [other for other in routes[index + 1 :] if other.transport == "tls"]
                    next_route = routes[index + 1] if index + 1 < len(routes) else None
                delay = 0.0 if next_route else self._delay(Failure.PASSING)
                self._failed(str(error), next_route=next_route, delay=delay)
                continue
            outcome = await self._ask(route, hop)
            if isinstance(outcome, RegistrationSucceeded):
                self._succeeded(outcome, route)
                return None
            failure = Failure.of(outcome.code)
            registration = self._drop()
            if failure is Failure.REFUSAL:
                next_route = None
            delay = 0.0 if next_route else self._delay(failure, outcome.retry_after)
            code = None if outcome.local else outcome.code
            self._failed(outcome.reason, code=code, next_route=next_route, delay=delay, registration=registration)
            if next_route is None:
                return delay
        return delay

    async def _ask(self, route: Route, hop: Hop) -> RegistrationSucceeded | RegistrationFailed:
        """Send a REGISTER to ``hop`` and wait for the outcome."""
        post("SIPAccountWillRegister", self.account)
        self._clear_events()
        sip = Runtime.current().sip
        registration: Registration = sip.call("register", self._parameters(hop))
        self._registration = registration
        SIPEvents().claim(registration, self._events.put_nowait)
        outcome: RegistrationSucceeded | RegistrationFailed
        try:
            async with asyncio.timeout(REGISTER_TIMEOUT):
                while True:
                    event = await self._next_event()
                    if isinstance(event, RegistrationSucceeded | RegistrationFailed):
                        outcome = event
                        break
        except TimeoutError:
            where = f"{route.address} port {route.port} ({route.transport.upper()})"
            outcome = RegistrationFailed(
                registration, 408, f"No answer from {where}: the server may be down or a firewall in between.", None, None, None, True
            )
        post(
            "SIPAccountRegistrationGotAnswer", self.account, code=outcome.code, reason=outcome.reason, registration=registration,
            registrar=route,
        )  # fmt: skip
        return outcome

    def _parameters(self, hop: Hop) -> RegisterParameters:
        account = self.account
        contact = account.contact.for_hop(hop).to_uri()
        parameters: dict[str, str | None] = {}
        instance = SIPSimpleSettings().instance_id
        if instance:
            parameters["+sip.instance"] = f'"<{instance}>"'
        if account.nat_traversal.use_ice:
            parameters["+sip.ice"] = None  # RFC 5768 §3
        return RegisterParameters(
            registrar=SIPURI(account.id.domain).to_uri(), aor=NameAddr(account.uri.to_uri(), account.display_name or ""),
            contact=NameAddr(contact, "", parameters), hop=hop, expires=int(account.registration.interval),
            credentials=account.credentials.to_digest(),
        )  # fmt: skip

    # staying registered ------------------------------------------------------------------------------------------------------

    async def _stay_registered(self) -> float:
        """Until the registration is lost; seconds until the next attempt."""
        registration = self._registration
        assert registration is not None  # we have just registered
        interval: float | None = None
        if registration.hop.transport == "udp":
            interval = float(SIPSimpleSettings().sip.keepalive_interval) or None
        while True:
            try:
                async with asyncio.timeout(interval):
                    event = await self._next_event()
            except TimeoutError:
                lost = await self._probe(registration)
                if lost is None:
                    continue
                return self._lose(lost)
            match event:
                case RegistrationSucceeded():
                    self._succeeded(event, self.route)
                case RegistrationRefreshing():
                    post("SIPAccountRegistrationWillRefresh", self.account)
                case RegistrationFailed():
                    delay = self._delay(Failure.of(event.code), event.retry_after)
                    code = None if event.local else event.code
                    return self._failed(event.reason, code=code, delay=delay, registration=self._drop())
                case FlowClosed():
                    return self._lose(event.error)
                case LocalAddressChanged():
                    return self._lose("The address of this computer has changed.")

    async def _probe(self, registration: Registration) -> str | None:
        """Ask the server whether it is there and still knows us (RFC 3261 §10.2.3); the sentence why not, or None."""
        account, hop, sip = self.account, registration.hop, Runtime.current().sip
        me = NameAddr(account.uri.to_uri())
        method = "REGISTER" if self._query_bindings else "OPTIONS"
        request = sip.call(
            "request",
            RequestParameters(
                method, SIPURI(account.id.domain).to_uri(), from_=me, to=me, hop=hop, credentials=account.credentials.to_digest(),
                known=self._known_challenges,  # the same nonce again: one request instead of two
            ),
        )  # fmt: skip
        answer: asyncio.Queue[RequestAnswered | RequestFailed] = asyncio.Queue()
        SIPEvents().claim(request, answer.put_nowait)
        try:
            async with asyncio.timeout(PROBE_TIMEOUT):
                outcome = await answer.get()
        except TimeoutError:
            return f"The server {hop.address} does not answer any more."
        finally:
            SIPEvents().release(request)
        if isinstance(outcome, RequestFailed):
            return outcome.reason
        if not self._query_bindings:
            return None
        if outcome.code >= 300:
            # it is there, but does not tell the bindings: from now on only ask whether it is there
            self._query_bindings = False
            return None
        return None if _has_contact(outcome, account.contact.username) else "The server has forgotten the registration."

    def _lose(self, error: str) -> float:
        """The registration is gone without an answer that says so: try again almost at once."""
        log.info("%s: %s", self.account.id, error)
        return self._failed(error, delay=Runtime.current().entropy.uniform(0.0, 0.2), registration=self._drop())

    # ending ------------------------------------------------------------------------------------------------------------------

    async def _unregister(self) -> None:
        registration, self._registration = self._registration, None
        if registration is None:
            return
        was_registered = self.state is RegistrationState.REGISTERED
        self.state = RegistrationState.ENDING
        outcome: RegistrationEnded | None = None
        self._clear_events()
        Runtime.current().sip.call(registration.end)
        try:
            async with asyncio.timeout(END_TIMEOUT):
                while outcome is None:
                    event = await self._events.get()
                    if isinstance(event, RegistrationEnded):
                        outcome = event
        except TimeoutError:
            log.info("%s: the server did not confirm the end of the registration", self.account.id)
        SIPEvents().release(registration)
        if was_registered:
            answered: dict[str, Any] = {}
            if outcome is not None and outcome.code is not None:
                answered = {"code": outcome.code, "reason": outcome.reason}
            post("SIPAccountRegistrationDidEnd", self.account, registration=registration, **answered)

    def _drop(self) -> Registration | None:
        """Forget a registration that is lost; nothing is sent for it any more."""
        registration, self._registration = self._registration, None
        if registration is not None:
            Runtime.current().sip.call(registration.abandon)
            SIPEvents().release(registration)
        return registration

    # notifications -----------------------------------------------------------------------------------------------------------

    def _succeeded(self, event: RegistrationSucceeded, route: Route | None) -> None:
        self._policy.succeeded()
        self.route = route
        contact = ContactHeader.from_name_addr(event.contact)
        contacts = [ContactHeader.from_name_addr(address) for address in event.contacts if address.uri.scheme in ("sip", "sips")]
        post(
            "SIPAccountRegistrationDidSucceed", self.account, code=event.code, reason=event.reason, contact_uri=contact.uri,
            contact_uri_list=[header.uri for header in contacts], contact_header=contact, contact_header_list=contacts,
            expires=event.expires, registration=event.registration, registrar=route,
        )  # fmt: skip

    def _failed(
        self, error: str, *, delay: float, code: int | None = None, next_route: Route | None = None,
        registration: Registration | None = None,
    ) -> float:  # fmt: skip
        log.info("%s is not registered: %s (next attempt in %.1f s)", self.account.id, error, delay)
        answered = {} if code is None else {"code": code}
        post(
            "SIPAccountRegistrationDidFail", self.account, reason=error, error=error, registration=registration,
            next_route=next_route, delay=delay, **answered,
        )  # fmt: skip
        return delay

    # waiting -----------------------------------------------------------------------------------------------------------------

    def _delay(self, failure: Failure, retry_after: int | None = None) -> float:
        return self._policy.delay(failure, Runtime.current().clock.monotonic(), retry_after)

    async def _pause(self, delay: float) -> None:
        try:
            async with asyncio.timeout(delay):
                while True:
                    await self._next_event()
        except TimeoutError:
            pass

    async def _next_event(self) -> object:
        event = await self._events.get()
        if isinstance(event, _Restart):
            raise event
        return event

    def _clear_events(self) -> None:
        while not self._events.empty():
            self._events.get_nowait()


def _has_contact(event: RequestAnswered, username: str) -> bool:
    """Whether a list of bindings has the one whose random user is ours."""
    try:
        return any(address.uri.user == username for address in event.response.contacts)
    except SIPParseError:
        return True  # unreadable bindings prove nothing
