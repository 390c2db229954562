"""Where the focus of a conference is reached outside the dialog of its session, and as whom we speak there. Engine thread only."""

from __future__ import annotations

from collections.abc import AsyncIterator
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

__all__ = ["FocusAddress", "focus_of", "hops_to"]

log = get_logger("sipsimple.conference")


@dataclass(frozen=True, slots=True)
class FocusAddress:
    """The focus.

    :param uri: the conference
    :param local: our own address in the From of requests to it
    """

    uri: SIPURI
    local: NameAddr


def focus_of(session: Session) -> FocusAddress | None:
    """The focus that ``session`` has; None when the session has none (any more).

    Through a server the focus has the name under which it was called. Without one there are no names, only its Contact, which is the
    conference's URI (RFC 4579 §4.3).
    """
    if session.remote_identity is None or session.local_identity is None:
        return None
    account = session.account
    if isinstance(account, BonjourAccount) or (account.sip.outbound_proxy is None and not account.registration.enabled):
        contact = session.remote_contact
        if contact is None:
            return None
        return FocusAddress(contact, session.local_identity.to_name_addr().without_parameter("tag"))
    return FocusAddress(SIPURI.new(session.remote_identity.uri), NameAddr(account.uri.to_uri(), account.display_name or ""))


async def hops_to(session: Session, focus: FocusAddress) -> AsyncIterator[Hop]:
    """The ways to ``focus``, in order; those that cannot be had are left out. Raises DNSLookupError."""
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
