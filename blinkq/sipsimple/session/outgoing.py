"""OutgoingCall: from connect() to the moment the call stands: routes in turn, ringing, early media, the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError
from blinkq.engine.errors import NetworkError, TLSError
from blinkq.sdp.description import SessionDescription
from blinkq.sdp.errors import NegotiationError, SDPError
from blinkq.sdp.negotiation import check_answer
from blinkq.sip.errors import SIPParseError
from blinkq.sip.events import InvitationAnswered, InvitationFailed, InvitationProgressed
from blinkq.sip.hop import Hop
from blinkq.sip.message import Response
from blinkq.sip.replaces import Replaces
from blinkq.sip.usages.invitation import InviteParameters
from blinkq.sipsimple.bonjour_account import BonjourAccount
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.headers import ContactHeader, FrozenFromHeader, FrozenToHeader
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.call import Call, log
from blinkq.sipsimple.session.contact import contact_for, says_focus
from blinkq.sipsimple.session.destination import credentials_for
from blinkq.sipsimple.session.stream_calls import local_media
from blinkq.sipsimple.session.transfer_handler import TransferInfo

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = ["OutgoingCall"]


class OutgoingCall(Call):
    """A call that we place."""

    def __init__(
        self, session: Session, routes: Sequence[Route], streams: Sequence[Any], headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(session)
        self._headers = list(headers)
        self._routes = list(routes)
        self._route = 0
        self.lines = list(streams)
        self._initialized = False
        # a sips address promises it to the user, an account's setting demands it: not even the best other route will do
        # (a neighbour announces what it speaks; the setting of BonjourAccount is a preference)
        demanded = not isinstance(session.account, BonjourAccount) and session.account.sip.transport == "tls"
        self._must_be_secure = _is_sips(session.remote_identity) or demanded
        self._heard = False  # a provisional response came: this route works, no other one is tried

    def start(self) -> None:
        """Begin with the first route."""
        post("SIPSessionNewOutgoing", self.session, streams=list(self.lines))
        Runtime.spawn(self._try_route())

    # a route ---------------------------------------------------------------------------------------------------------------------------

    async def _try_route(self) -> None:
        session, failure = self.session, "no route to the destination"
        while self._route < len(self._routes):
            route = self._routes[self._route]
            session.route, session.transport = route, route.transport
            if self._must_be_secure and route.transport != "tls":
                log.info("route %s is left out: only TLS is wanted", route)
                failure = failure if self._route else "this call demands TLS, and no server was found that speaks it"
                self._route += 1
                continue
            try:
                hop = await self.engine.sip.hop(route.address, route.port, route.transport, route.tls_name)
            except NetworkError as error:
                log.info("route %s: %s", route, error)
                failure = str(error)
                # a server that cannot prove who it is may be somebody in between, who would like nothing better than no TLS
                self._must_be_secure = self._must_be_secure or isinstance(error, TLSError)
                self._route += 1
                continue
            if self.machine.live:
                self._use(hop)
            return
        if self.machine.live:
            self.fail("local", 480, "Temporarily Unavailable", failure)

    def _use(self, hop: Hop) -> None:
        self.session.local_address = hop.local_address
        if self._initialized:
            for index, stream in enumerate(self.lines):
                if hasattr(stream, "reset"):
                    stream.reset(index)  # another transport may allow other keys
            self._invite(hop)
        else:
            self.initialize_streams(self.lines, "outgoing", lambda failed: self._streams_initialized(hop, failed))

    def _streams_initialized(self, hop: Hop, failed: dict[Any, str]) -> None:
        self._initialized = True
        self.lines = [stream for stream in self.lines if stream is not None]
        self.session.proposed_streams = list(self.lines)
        if self.lines:
            self._invite(hop)
        else:
            stream, reason = next(iter(failed.items()), (None, "there are none"))
            kind = stream.type if stream is not None else "no"
            self.fail("local", 0, None, f"{kind} media stream did not initialize: {reason}")

    def _invite(self, hop: Hop) -> None:
        try:
            self.invitation = self.command("invite", self._parameters(hop))
        except (BlinkQError, KeyError, ValueError) as error:  # whatever is wrong with addresses or settings ends this call, not the engine
            log.exception("the INVITE could not be sent")
            self.fail("local", 480, "Temporarily Unavailable", str(error))
            return
        self.session.claim_invitation(self.invitation)

    def _parameters(self, hop: Hop) -> InviteParameters:
        session = self.session
        assert session.local_identity is not None
        assert session.remote_identity is not None
        looked_up = None if session.route is None else session.route.tls_name
        offer = self.describe([local_media(stream) for stream in self.lines])
        timeout = SIPSimpleSettings().sip.invite_timeout
        return InviteParameters(
            request_uri=session.remote_identity.uri.to_uri(), from_=session.local_identity.to_name_addr(),
            to=session.remote_identity.to_name_addr(), contact=contact_for(session, hop), hop=hop,
            credentials=credentials_for(session.account, session.remote_identity.uri, hop, looked_up),
            sdp=offer.to_bytes(), headers=(*self._headers, *_transfer_headers(session.transfer_info)),
            timeout=float(timeout) if timeout else None,
        )  # fmt: skip

    # events ----------------------------------------------------------------------------------------------------------------------------

    def on_event(self, event: object) -> None:
        """Progress or the answer."""
        if isinstance(event, InvitationProgressed):
            self._progressed(event)
        elif isinstance(event, InvitationAnswered):
            self._note_peer(event.response)
            self.session.remote_focus = says_focus(event.response)
            self._answer(event.sdp)

    def on_failed(self, event: InvitationFailed) -> None:
        """The INVITE got no call: try the next route where that can help (RFC 3263 §4.3)."""
        another = event.code == 503 or (event.code == 408 and event.originator == "local")
        if self._ending is None and another and not self._heard and self._route + 1 < len(self._routes):
            log.info("route %s: %s %s", self._routes[self._route], event.code, event.reason)
            self._route += 1
            self.invitation = None
            Runtime.spawn(self._try_route())
            return
        if self._ending is not None:
            super().on_failed(event)
            return
        cause = event.cause
        if event.response is None and event.code == 503:
            cause = event.reason  # the sentence that tells what became of the connection
        redirect = _contacts(event.response) if event.response is not None and 300 <= event.code < 400 else None
        reason = "timeout" if (event.originator, event.code) == ("local", 408) else event.reason
        self.fail(event.originator, event.code, reason, cause, redirect)

    def _progressed(self, event: InvitationProgressed) -> None:
        if not self.machine.live:
            return
        self._heard = True
        self._note_peer(event.response)
        if event.code == 180:
            post("SIPSessionGotRingIndication", self.session)
        post("SIPSessionGotProvisionalResponse", self.session, code=event.code, reason=event.reason)
        if event.sdp is not None and self.remote_sdp is None:
            try:
                self._take_answer(event.sdp)
            except SDPError as error:  # early media is a gift: the answer may still be good
                log.info("unusable early media: %s", error)
                return
            self.start_streams()

    def _answer(self, sdp: bytes | None) -> None:
        if not self.machine.live:
            return
        self.agreed = True
        early = self.remote_sdp
        try:
            if sdp is not None:
                self._take_answer(sdp)
            elif early is None:
                raise NegotiationError("the answer contains no session description")
        except SDPError as error:
            self.break_off(f"SDP negotiation failed: {error}", originator="remote")
            return
        if early is None:
            self.start_streams()
        else:
            if self.remote_sdp != early:
                self.update_streams()
            self.start_if_ready()

    def _take_answer(self, sdp: bytes) -> None:
        assert self.local_sdp is not None
        answer = SessionDescription.parse(sdp)
        check_answer(self.local_sdp, answer)
        if all(media.port == 0 for media in answer.media):
            raise NegotiationError("the peer refused all streams")
        self.remote_sdp = answer

    def _note_peer(self, response: Response) -> None:
        agent = response.headers.get("User-Agent") or response.headers.get("Server")
        self.session.remote_user_agent = agent or self.session.remote_user_agent


def _transfer_headers(info: TransferInfo | None) -> list[tuple[str, str]]:
    """What tells the called party that somebody asked us to call (RFC 3892, RFC 3891)."""
    headers = []
    if info is not None and info.referred_by is not None:
        headers.append(("Referred-By", info.referred_by))
    if info is not None and info.replaced_dialog_id is not None:
        dialog = info.replaced_dialog_id
        headers.append(("Replaces", str(Replaces(dialog.call_id, dialog.local_tag or "0", dialog.remote_tag or "0"))))
    return headers


def _contacts(response: Response) -> list[ContactHeader]:
    """Where a 3xx response sends us, as far as it can be read."""
    try:
        return [ContactHeader.from_name_addr(contact) for contact in response.contacts]
    except (SIPParseError, ValueError):
        return []


def _is_sips(identity: FrozenFromHeader | FrozenToHeader | None) -> bool:
    return identity is not None and bool(identity.uri.secure)
