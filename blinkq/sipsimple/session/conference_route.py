"""Where the focus of a conference is reached outside the dialog of its session, and as whom we speak there. Engine thread only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError
from blinkq.sip.address import NameAddr
from blinkq.sip.hop import Hop
from blinkq.sipsimple.bonjour_account import BonjourAccount
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.destination import target_of
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = ["FocusAddress", "FocusRoutes", "focuses_of"]

log = get_logger("sipsimple.conference")


@dataclass(frozen=True, slots=True)
class FocusAddress:
    """The focus.

    :param uri: the conference
    :param local: our own address in the From of requests to it
    """

    uri: SIPURI
    local: NameAddr


def focuses_of(session: Session) -> list[FocusAddress]:
    """Under which addresses the focus of ``session`` may be reached, the best one first; none when the session has none (any more).

    Through a server the focus has the name under which it was called; where that server answers in its place, or without a server, there
    is its Contact, which is the conference's URI (RFC 4579 §4.3).
    """
    if session.remote_identity is None or session.local_identity is None:
        return []
    account, contact = session.account, session.remote_contact
    if isinstance(account, BonjourAccount) or (account.sip.outbound_proxy is None and not account.registration.enabled):
        local = session.local_identity.to_name_addr().without_parameter("tag")
        return [FocusAddress(contact, local)] if contact is not None else []
    local = NameAddr(account.uri.to_uri(), account.display_name or "")
    uris = [SIPURI.new(session.remote_identity.uri), *([contact] if contact is not None else [])]
    return [FocusAddress(uri, local) for uri in uris]


class FocusRoutes:
    """The ways to a focus, to be tried one after another."""

    def __init__(self, session: Session, focuses: Sequence[FocusAddress]) -> None:
        self._session = session
        self._focuses = list(focuses)
        self._hops: AsyncIterator[Hop] | None = None

    async def next(self, *, other_address: bool = False) -> tuple[FocusAddress, Hop] | None:
        """The next way, with ``other_address`` one to the next address; None when there is no more. Raises DNSLookupError."""
        if other_address and self._hops is not None:
            self._hops = None
            self._focuses.pop(0)
        while self._focuses:
            self._hops = self._hops or _hops_to(self._session, self._focuses[0])
            hop = await anext(self._hops, None)
            if hop is not None:
                return self._focuses[0], hop
            self._hops = None
            self._focuses.pop(0)
        return None


async def _hops_to(session: Session, focus: FocusAddress) -> AsyncIterator[Hop]:
    settings = SIPSimpleSettings()
    target = target_of(session.account, focus.uri)
    routes = await DNSLookup().lookup_sip_proxy(target, list(settings.sip.transport_list), tls_name=session.account.sip.tls_name)
    for route in routes:
        if session.transport == "tls" and route.transport != "tls":
            continue  # what was said in confidence is not repeated in the open
        try:
            yield await Runtime.current().sip.hop(route.address, route.port, route.transport, route.tls_name)
        except NetworkError as error:
            log.info("route %s: %s", route, error)
