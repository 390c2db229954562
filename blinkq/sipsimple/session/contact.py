"""The Contact of a session: where the peer's requests reach us, and whether we are the focus of a conference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from blinkq.sip.address import NameAddr
from blinkq.sip.errors import SIPParseError
from blinkq.sip.hop import Hop
from blinkq.sip.message import Request, Response
from blinkq.sipsimple.runtime import Runtime

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = ["ISFOCUS", "contact_for", "contact_outside", "says_focus"]

#: RFC 3840 §9: the Contact is that of a conference's focus
ISFOCUS = "isfocus"


def contact_for(session: Session, hop: Hop) -> NameAddr:
    """The Contact under which the peer behind ``hop`` reaches us: our public address where a server has told us one (RFC 3581)."""
    sip = Runtime.current().sip
    # a connection that the peer's server opened or we did ends some day: where we listen we can be reached even then
    port = sip.ports.get(hop.transport, hop.local_port)
    uri = session.account.contact.for_hop(replace(hop, local_address=session.local_address, local_port=port))
    public = sip.public_address(hop)
    if public is not None:
        uri.host, uri.port = public
    called = session.remote_identity if session.direction == "outgoing" else session.local_identity
    if called is not None and called.uri.secure and hop.transport == "tls":
        uri.secure, uri.parameters = True, {}  # who was called by a sips address is reached by one (RFC 3261 §8.1.1.8, §12.1.1)
    return NameAddr(uri.to_uri(), "", {ISFOCUS: None} if session.local_focus else {})


def contact_outside(session: Session, hop: Hop) -> NameAddr:
    """The Contact for requests outside the dialog of ``session``: where we are now, which may not be where its call began."""
    sip = Runtime.current().sip
    uri = session.account.contact.for_hop(replace(hop, local_port=sip.ports.get(hop.transport, hop.local_port)))
    public = sip.public_address(hop)
    if public is not None:
        uri.host, uri.port = public
    return NameAddr(uri.to_uri())


def says_focus(message: Request | Response) -> bool:
    """Whether the sender of ``message`` says that it is the focus of a conference."""
    try:
        contacts: Sequence[NameAddr] = message.contacts
    except SIPParseError:
        return False
    return bool(contacts) and ISFOCUS in contacts[0].parameters
