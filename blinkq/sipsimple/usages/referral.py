"""Referral: asking somebody, outside calls, to contact somebody else (RFC 3515), and hearing how it goes."""

from __future__ import annotations

from collections.abc import Iterable

from blinkq.sip.usages.subscription import SubscribeParameters
from blinkq.sipsimple.headers import (
    BaseIdentityHeader,
    ContactHeader,
    FromHeader,
    FrozenContactHeader,
    FrozenFromHeader,
    FrozenToHeader,
    ToHeader,
)
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import BaseSIPURI, FrozenSIPURI
from blinkq.sipsimple.usages.engine_object import check, digest_credentials, header_lines
from blinkq.sipsimple.usages.subscriber import Subscriber
from blinkq.sipsimple.values.credentials import Credentials
from blinkq.sipsimple.values.header import BaseHeader
from blinkq.sipsimple.values.parameter_headers import BaseReferToHeader

__all__ = ["Referral"]


class Referral(Subscriber):
    """One REFER, and the subscription that it makes.

    Posts SIPReferralWillStart, SIPReferralDidStart, SIPReferralChangedState, SIPReferralGotNotify, SIPReferralWillEnd, and at last
    SIPReferralDidEnd or SIPReferralDidFail.
    """

    _kind = "SIPReferral"
    _accepted = ("message/sipfrag",)

    def __init__(
        self, request_uri: BaseSIPURI, from_header: FromHeader | FrozenFromHeader, to_header: ToHeader | FrozenToHeader,
        refer_to_header: BaseReferToHeader, contact_header: ContactHeader | FrozenContactHeader, route_header: BaseIdentityHeader,
        credentials: Credentials | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        check(
            request_uri=(request_uri, BaseSIPURI), from_header=(from_header, (FromHeader, FrozenFromHeader)),
            to_header=(to_header, (ToHeader, FrozenToHeader)), refer_to_header=(refer_to_header, BaseReferToHeader),
            contact_header=(contact_header, (ContactHeader, FrozenContactHeader)), route_header=(route_header, BaseIdentityHeader),
            credentials=(credentials, (Credentials, type(None))),
        )  # fmt: skip
        self.request_uri = FrozenSIPURI.new(request_uri)
        self.from_header = FrozenFromHeader.new(from_header)
        self.to_header = FrozenToHeader.new(to_header)
        self.refer_to_header = refer_to_header
        self.local_contact_header = FrozenContactHeader.new(contact_header)
        self.route_header = route_header
        self.credentials = credentials

    def send_refer(
        self, create_subscription: int | bool = 1, extra_headers: Iterable[BaseHeader] = (), timeout: float | None = None
    ) -> None:
        """Send the REFER, once. With ``create_subscription`` false nothing is told of how it goes (RFC 4488).

        Raises IllegalStateError when it was sent.
        """
        lines = (("Refer-To", self.refer_to_header.body), *header_lines(extra_headers))
        if not create_subscription:
            lines = (*lines, ("Refer-Sub", "false"), ("Supported", "norefersub"))
        with self._guard:
            self._require("send_refer", not self._requested)
            self._command(self._refer, lines, timeout)
            self._requested = True

    def refresh(
        self, contact_header: ContactHeader | FrozenContactHeader | None = None, extra_headers: Iterable[BaseHeader] = (),
        timeout: float | None = None,
    ) -> None:  # fmt: skip
        """Prolong the subscription. Raises IllegalStateError before ``send_refer`` and at the end."""
        check(contact_header=(contact_header, (ContactHeader, FrozenContactHeader, type(None))))
        lines = header_lines(extra_headers)
        with self._guard:
            self._require("refresh", self._requested)
            if contact_header is not None:
                self.local_contact_header = FrozenContactHeader.new(contact_header)
            self._command(self._again, lines, timeout)

    async def _refer(self, lines: tuple[tuple[str, str], ...], timeout: float | None) -> None:
        hop = await self._hop(self.route_header, self.from_header.uri.host)
        self._start(
            SubscribeParameters(
                self.request_uri.to_uri(), self.from_header.to_name_addr().without_parameter("tag"), self.to_header.to_name_addr(),
                self.local_contact_header.to_name_addr(), hop, credentials=digest_credentials(self.credentials), event="refer",
                expires=180, headers=lines, timeout=timeout, method="REFER",
            )
        )  # fmt: skip

    async def _again(self, lines: tuple[tuple[str, str], ...], timeout: float | None) -> None:
        if self._usage is not None and self.state != "TERMINATED" and not self._ending:
            contact = self.local_contact_header.to_name_addr()
            Runtime.current().sip.call(self._usage.refresh, contact=contact, headers=lines, timeout=timeout)
