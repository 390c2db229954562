"""Registration: a series of REGISTERs for one address, each sent when the application says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.sip.events import RegistrationEnded, RegistrationFailed, RegistrationRefreshing, RegistrationSucceeded
from blinkq.sip.usages.registration import RegisterParameters
from blinkq.sip.usages.registration import Registration as Usage
from blinkq.sipsimple.headers import BaseIdentityHeader, ContactHeader, FromHeader, FrozenContactHeader, FrozenFromHeader
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import SIPURI, FrozenSIPURI
from blinkq.sipsimple.usages.engine_object import EngineObject, check, digest_credentials, header_lines
from blinkq.sipsimple.usages.lifetime import Lifetime
from blinkq.sipsimple.values.credentials import Credentials
from blinkq.sipsimple.values.header import BaseHeader

__all__ = ["Registration"]


class Registration(EngineObject):
    """Registers ``from_header`` at its domain. It does not refresh by itself: ``register`` again at SIPRegistrationWillExpire.

    :param duration: seconds asked for

    Posts SIPRegistrationDidSucceed or SIPRegistrationDidFail for each ``register``, SIPRegistrationWillExpire, SIPRegistrationWillEnd, and
    SIPRegistrationDidEnd or SIPRegistrationDidNotEnd.
    """

    def __init__(
        self, from_header: FromHeader | FrozenFromHeader, credentials: Credentials | None = None, duration: int = 300,
        extra_headers: Iterable[BaseHeader] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        check(
            from_header=(from_header, (FromHeader, FrozenFromHeader)), credentials=(credentials, (Credentials, type(None))),
            duration=(duration, int),
        )  # fmt: skip
        self.from_header = FrozenFromHeader.new(from_header)
        self.credentials = credentials
        self.duration = duration
        self.contact_uri: FrozenSIPURI | None = None
        self.is_registered = False
        self._lines = header_lines(extra_headers)
        self._usage: Usage | None = None
        self._route: BaseIdentityHeader | None = None
        self._lifetime = Lifetime(self._expired)
        self._ending = False

    @property
    def expires_in(self) -> int:
        """Seconds that the binding still lasts."""
        return self._lifetime.remaining

    def register(
        self, contact_header: ContactHeader | FrozenContactHeader, route_header: BaseIdentityHeader, timeout: float | None = None
    ) -> None:
        """Register, or register again. ``timeout``: seconds to wait for the answer. Raises IllegalStateError while it is ending."""
        check(contact_header=(contact_header, (ContactHeader, FrozenContactHeader)), route_header=(route_header, BaseIdentityHeader))
        if self._ending:
            raise IllegalStateError("Registration.register while it is ending")
        self._command(self._register, contact_header, route_header, timeout)

    def end(self, timeout: float | None = None) -> None:
        """Take the binding back. ``timeout``: seconds to wait for the answer. Does nothing when there is none."""
        with self._guard:
            if self._ending or not self.is_registered:
                return
            self._ending = True
        self._command(self._end, timeout)

    # -- on the engine thread

    async def _register(self, contact: ContactHeader, route: BaseIdentityHeader, timeout: float | None) -> None:
        self._route = route
        hop = await self._hop(route, self.from_header.uri.host)
        sip, address = Runtime.current().sip, contact.to_name_addr()
        self.contact_uri = FrozenSIPURI.new(contact.uri)
        if self._usage is not None:
            sip.call(self._usage.refresh, contact=address, hop=hop, timeout=timeout)
            return
        self._usage = sip.call(
            "register",
            RegisterParameters(
                registrar=SIPURI(self.from_header.uri.host).to_uri(), aor=self.from_header.to_name_addr().without_parameter("tag"),
                contact=address, hop=hop, expires=self.duration, credentials=digest_credentials(self.credentials), headers=self._lines,
                timeout=timeout, automatic=False,
            ),
        )  # fmt: skip
        SIPEvents().claim(self._usage, self._event)

    async def _end(self, timeout: float | None) -> None:
        assert self._usage is not None  # it is registered
        post("SIPRegistrationWillEnd", self)
        Runtime.current().sip.call(self._usage.end, timeout=timeout)

    def _event(self, event: Any) -> None:
        match event:
            case RegistrationSucceeded():
                self.is_registered = True
                self._lifetime.grant(event.expires)
                contacts = [FrozenContactHeader.from_name_addr(each) for each in event.contacts if each.uri.scheme in ("sip", "sips")]
                post(
                    "SIPRegistrationDidSucceed", self, code=event.code, reason=event.reason,
                    contact_header=FrozenContactHeader.from_name_addr(event.contact), contact_header_list=contacts,
                    expires_in=event.expires, route_header=self._route,
                )  # fmt: skip
            case RegistrationFailed():
                more = {} if event.min_expires is None else {"min_expires": event.min_expires}
                self._failed(event.code, event.reason, **more)
            case RegistrationRefreshing():
                post("SIPRegistrationWillExpire", self, expires=self.expires_in)
            case RegistrationEnded():
                self._ended(event)

    def _no_way(self, error: str) -> None:
        self._failed(503, error)

    def _failed(self, code: int, reason: str, **more: int) -> None:
        post("SIPRegistrationDidFail", self, code=code, reason=reason, route_header=self._route, **more)

    def _ended(self, event: RegistrationEnded) -> None:
        usage, self._usage = self._usage, None
        SIPEvents().release(usage)
        self._ending = False
        if event.code is not None and event.code >= 300:
            post("SIPRegistrationDidNotEnd", self, code=event.code, reason=event.reason)
            return
        self._over(expired=False)

    def _expired(self) -> None:
        usage, self._usage = self._usage, None
        if usage is not None:
            SIPEvents().release(usage)
            Runtime.current().sip.call(usage.abandon)
        self._ending = False
        self._over(expired=True)

    def _over(self, *, expired: bool) -> None:
        self.is_registered = False
        self._lifetime.stop()
        post("SIPRegistrationDidEnd", self, expired=expired)
