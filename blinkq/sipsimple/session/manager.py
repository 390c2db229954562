"""SessionManager: receives calls, decides who may ring at all, and knows every session that lives."""

from __future__ import annotations

import asyncio
from typing import Any

from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.engine.errors import NetworkError
from blinkq.engine.lan import is_on_link
from blinkq.engine.loop import in_engine
from blinkq.sdp.description import SessionDescription
from blinkq.sdp.errors import SDPError
from blinkq.sip.events import InvitationReceived
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request
from blinkq.sip.replaces import Replacement
from blinkq.sip.usages.invitation import Invitation
from blinkq.sipsimple.account import Account, AccountManager, AnyAccount, BonjourAccount
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.headers import FrozenFromHeader, FrozenToHeader
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.contact import says_focus
from blinkq.sipsimple.session.events import InvitationEvents
from blinkq.sipsimple.session.explanations import warning_header
from blinkq.sipsimple.session.incoming import IncomingCall
from blinkq.sipsimple.session.offered import MAX_STREAMS, streams_for
from blinkq.sipsimple.session.replacing import note_replacement
from blinkq.sipsimple.session.session import Session
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import SIPURI
from blinkq.sipsimple.streams import MediaStreamRegistry

__all__ = ["MAX_STREAMS", "SessionManager"]

log = get_logger("sipsimple.session_manager")

STOP_TIMEOUT = 3.0  # seconds for all sessions to end

_OBSERVED = ("SIPSessionNewIncoming", "SIPSessionNewOutgoing", "SIPSessionDidFail", "SIPSessionDidEnd")


class SessionManager(NotificationHandler, metaclass=Singleton):
    """The singleton that handles incoming calls.

    An INVITE makes a session only if an account matches its request-URI (404 otherwise), and if it comes from one of the account's servers
    or ``sip.accept_direct_calls`` is on (403 otherwise): nobody else can make us ring. BonjourAccount is called from the local network
    only, and only at the contact that it announces there.
    """

    def __init__(self) -> None:
        self.state: str | None = None
        self._sessions: list[Session] = []
        self._changed = asyncio.Event()

    @property
    def sessions(self) -> list[Session]:
        """A copy of the list of sessions that live."""
        return list(self._sessions)

    def start(self) -> None:
        """Handle incoming calls from now on."""
        if self.state == "started":
            return
        self.state = "started"
        for name in _OBSERVED:
            NotificationCenter().add_observer(self, name=name)
        InvitationEvents().on_received = self._received
        SIPEvents().invitation_handler = self.handle_event

    @in_engine
    def stop(self) -> None:
        """End every session and take no more calls; returns at once."""
        Runtime.spawn(self.stop_sessions())

    async def stop_sessions(self) -> None:
        """End every session, waiting a short time for the peers; take no more calls. Engine thread only."""
        if self.state != "started":
            return
        self.state = "stopping"
        for session in self.sessions:
            session.end()
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                await self.idle()
        except TimeoutError:
            log.warning("%d sessions did not end in time", len(self._sessions))
        for name in _OBSERVED:
            NotificationCenter().discard_observer(self, name=name)
        InvitationEvents().on_received = SIPEvents().invitation_handler = None
        self._sessions.clear()
        self.state = "stopped"

    async def idle(self) -> None:
        """Wait until no session lives. Engine thread only."""
        while self._sessions:
            self._changed = asyncio.Event()
            await self._changed.wait()

    def handle_event(self, event: object) -> None:
        """Take an event of an invitation from the SIP endpoint. Engine thread only."""
        InvitationEvents().dispatch(event)

    def admit(self, request: Request, flow: Flow) -> AnyAccount | int:
        """The account that a request which begins something is for, or the code to refuse it with. Engine thread only.

        480 while we do not receive; 404 when no account has this address; 403 when the sender is none of the account's servers.
        """
        if self.state != "started":
            return 480
        account = self._account_for(request)
        if account is None:
            return 404
        return account if self._may_ring(account, flow) else 403

    # the list --------------------------------------------------------------------------------------------------------------------------

    def _NH_SIPSessionNewIncoming(self, notification: Notification) -> None:
        self._sessions.append(notification.sender)

    _NH_SIPSessionNewOutgoing = _NH_SIPSessionNewIncoming

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        if notification.sender in self._sessions:
            self._sessions.remove(notification.sender)
            self._session_gone()

    @in_engine
    def _session_gone(self) -> None:
        self._changed.set()

    _NH_SIPSessionDidEnd = _NH_SIPSessionDidFail

    # incoming calls --------------------------------------------------------------------------------------------------------------------

    def _received(self, event: InvitationReceived) -> None:
        invitation, request = event.invitation, event.request
        account = 480 if invitation.flow is None else self.admit(request, invitation.flow)
        if isinstance(account, int):
            log.info("refused a call to %s with %d", request.uri, account)
            self._refuse(invitation, account)
            return
        self._offer_session(account, invitation, request, event.sdp, event.replacement)

    def _account_for(self, request: Request) -> AnyAccount | None:
        try:
            uri = SIPURI.from_uri(request.uri)
        except ValueError:
            return None
        manager = AccountManager()
        account = manager.find_account(uri)
        if account is None and SIPSimpleSettings().sip.accept_direct_calls:
            # Without a registration there is no name that others could know us by: whoever finds our address may use any.
            default = manager.default_account
            open_to_all = isinstance(default, Account) and default.enabled and not default.registration.enabled
            account = default if open_to_all else None
        return account

    def _may_ring(self, account: AnyAccount, flow: Flow) -> bool:
        if isinstance(account, BonjourAccount):
            return account.active and is_on_link(flow.remote_address, Runtime.current().network.local_interfaces())
        if SIPSimpleSettings().sip.accept_direct_calls:
            return True
        # Source addresses of datagrams can be forged. Who is registered over TLS is called over TLS.
        registrar = account.registrar
        secure = registrar is not None and registrar.route is not None and registrar.route.transport == "tls"
        return account.is_server(flow.remote_address) and (flow.transport == "tls" or not secure)

    def _offer_session(
        self, account: AnyAccount, invitation: Invitation, request: Request, sdp: bytes | None, replacement: Replacement | None
    ) -> None:
        offer = None
        if sdp is not None:
            try:
                offer = SessionDescription.parse(sdp)
            except SDPError as error:
                self._refuse(invitation, 400, str(error))
                return
        session = Session(account)
        lines, problems = _streams_for(session, offer)
        if not any(line is not None for line in lines):
            self._refuse(invitation, 488, "; ".join(problems) or "no usable stream is offered")
            return
        try:
            remote = FrozenFromHeader.from_name_addr(request.from_)
            local = FrozenToHeader.from_name_addr(request.to)
        except ValueError as error:  # an address of another scheme than sip: we could not even show who calls
            self._refuse(invitation, 416, str(error))
            return
        assert invitation.flow is not None
        session.remote_identity, session.local_identity = remote, local
        session.transport = invitation.flow.transport
        session.remote_user_agent = request.user_agent
        session.remote_focus = says_focus(request)
        session.local_address = _local_address(invitation.flow)
        session.proposed_streams = [line for line in lines if line is not None]
        if replacement is not None and (code := note_replacement(session, replacement)):
            self._refuse(invitation, code, replacement.reason)
            return
        if isinstance(account, Account):  # a neighbour has nothing to challenge us for
            invitation.credentials = account.credentials.to_digest()
        call = IncomingCall(session, invitation, offer, lines)
        session.receive(call)
        session.claim_invitation(invitation)
        call.announce(dict(request.headers.items()))

    def _refuse(self, invitation: Invitation, code: int, warning: str | None = None) -> None:
        headers = () if warning is None else (warning_header(warning),)
        try:
            Runtime.current().sip.call(invitation.reject, code, headers=headers)
        except IllegalStateError as error:  # cancelled before we looked at it
            log.debug("%s", error)


def _streams_for(session: Session, offer: SessionDescription | None) -> tuple[list[Any], list[str]]:
    """The stream for each m= line (None: not usable), and why those are not. Without an offer: what we would offer."""
    if offer is None:
        return [MediaStreamRegistry.get("audio")(session.account)], []
    lines, problems = streams_for(session, offer, range(len(offer.media)))
    return [lines.get(index) for index in range(len(offer.media))], problems


def _local_address(flow: Flow) -> str:
    if flow.local_address not in ("", "0.0.0.0", "::"):
        return flow.local_address
    try:
        return Runtime.current().network.local_address_for(flow.remote_address)
    except NetworkError:
        return flow.local_address
