"""A transfer that the peer asks us for: we are to call somebody else in its place, if the user agrees (RFC 5589)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError, IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.engine.loop import in_engine
from blinkq.sip.dialog_events import ReferReported
from blinkq.sip.status import reason_phrase
from blinkq.sip.usages.incoming_referral import IncomingReferral
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.headers import ToHeader
from blinkq.sipsimple.lookup import DNSLookup, DNSLookupError
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.destination import target_of
from blinkq.sipsimple.session.transfer_handler import TransferInfo, TransferInput
from blinkq.sipsimple.sip_uri import SIPURI
from blinkq.sipsimple.streams import MediaStreamRegistry

if TYPE_CHECKING:
    from blinkq.sipsimple.session.call import Call
    from blinkq.sipsimple.session.session import Session

__all__ = ["IncomingTransfer"]

log = get_logger("sipsimple.session")

# Seconds until a transfer that no application decides about is refused: peers that hear nothing for 90 s give up (as we do).
PATIENCE = 80.0
# Seconds in which the peer may end the old call, once it knows that the new one stands.
GRACE = 2.0

_CREDENTIALS = frozenset({"authorization", "proxy-authorization"})


class IncomingTransfer(NotificationHandler):
    """One REFER of the peer. Engine thread only."""

    def __init__(self, call: Call, referral: IncomingReferral) -> None:
        self._call = call
        self._session: Session = call.session
        self._handler = call.session.transfer_handler
        self._referral = referral
        self._timer: asyncio.TimerHandle | None = None
        self._accepted = False

    def announce(self, headers: dict[str, str]) -> None:
        """Tell the peer that we try, and ask the application."""
        self._call.command(self._referral.accept)
        self._timer = self._call.engine.loop.loop.call_later(PATIENCE, self._nobody_decides)
        uri = self._referral.refer_to.uri
        shown = {name: value for name, value in headers.items() if name.lower() not in _CREDENTIALS}
        destination = SIPURI.from_uri(uri.replace(parameters={}, headers={}))
        post("SIPSessionTransferNewIncoming", self._session, transfer_destination=destination, headers=shown)

    def accept(self) -> None:
        """The application agrees; the handler is in state started."""
        self._stop_timer()
        self._accepted = True
        post("SIPSessionTransferDidStart", self._session)
        Runtime.spawn(self._connect())

    def reject(self, code: int, reason: str | None) -> None:
        """It does not; the handler is in state failed."""
        self._stop_timer()
        phrase = reason or reason_phrase(code)
        post("SIPSessionTransferDidFail", self._session, code=code, reason=phrase)
        self._notify(code, phrase)

    def handle(self, event: object) -> None:
        """The peer knows how it went. After a success nobody needs the old call; the peer, who asked for it, may end it (RFC 5589 §6.1)."""
        if isinstance(event, ReferReported) and self._handler.state == "ended" and self._timer is None:
            self._timer = self._call.engine.loop.loop.call_later(GRACE, self._session.end)

    def close(self) -> None:
        """The session is over. A new one that is being made goes on: the peer has handed us over and left."""
        self._stop_timer()
        if self._accepted and self._handler.take(TransferInput.SUCCEED):
            post("SIPSessionTransferDidEnd", self._session)
        elif self._handler.take(TransferInput.FAIL):
            post("SIPSessionTransferDidFail", self._session, code=0, reason="invite dialog ended")

    # the new session -------------------------------------------------------------------------------------------------------------------

    async def _connect(self) -> None:
        account, address, referral = self._session.account, self._referral.refer_to, self._referral
        uri = SIPURI.from_uri(address.uri)
        try:
            routes = await DNSLookup().lookup_sip_proxy(target_of(account, uri), list(SIPSimpleSettings().sip.transport_list))
        except DNSLookupError as error:
            self._fail(0, f"DNS lookup failed: {error}", 480)
            return
        replaced = referral.replaces.dialog if referral.replaces is not None else None
        self._handler.new_session = session = type(self._session)(account)
        NotificationCenter().add_observer(self, sender=session)
        try:
            stream = MediaStreamRegistry.get("audio")(account)
            session.connect(
                ToHeader(uri, address.display_name), routes, [stream], transfer_info=TransferInfo(referral.referred_by, replaced)
            )
        except BlinkQError as error:  # the application is stopping
            NotificationCenter().discard_observer(self, sender=session)
            self._fail(500, str(error), 500)

    def _NH_SIPSessionGotProvisionalResponse(self, notification: Notification) -> None:
        self._progressed(notification.data.code, notification.data.reason)

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        self._succeeded()

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        data = notification.data
        self._failed(data.code if data.code >= 300 else 500, data.reason or data.failure_reason)

    @in_engine
    def _progressed(self, code: int, reason: str) -> None:
        self._notify(code, reason)

    @in_engine
    def _succeeded(self) -> None:
        self._leave()
        if self._handler.take(TransferInput.SUCCEED):
            post("SIPSessionTransferDidEnd", self._session)
            self._notify(200, "OK")

    @in_engine
    def _failed(self, code: int, reason: str) -> None:
        self._leave()
        self._fail(code, reason, code)

    def _leave(self) -> None:
        if self._handler.new_session is not None:
            NotificationCenter().discard_observer(self, sender=self._handler.new_session)

    # the outcome -----------------------------------------------------------------------------------------------------------------------

    def _fail(self, code: int, reason: str, notified: int) -> None:
        if self._handler.take(TransferInput.FAIL):
            post("SIPSessionTransferDidFail", self._session, code=code, reason=reason)
            self._notify(notified, reason if code == notified else None)

    def _notify(self, code: int, reason: str | None) -> None:
        try:
            self._call.command(self._referral.notify, code, reason)
        except IllegalStateError as error:
            log.debug("transfer: %s", error)

    def _nobody_decides(self) -> None:
        if self._handler.take(TransferInput.FAIL):
            log.warning("nobody decided about the transfer that %s asked for", self._session.remote_identity)
            self.reject(408, None)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
