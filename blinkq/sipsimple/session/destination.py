"""What must be looked up for a call of an account, and whom the account proves itself to."""

from __future__ import annotations

import ipaddress

from blinkq.sip.digest import Credentials
from blinkq.sip.hop import Hop
from blinkq.sipsimple.account import Account, AnyAccount
from blinkq.sipsimple.bonjour_account import BonjourAccount
from blinkq.sipsimple.sip_uri import SIPURI, BaseSIPURI

__all__ = ["credentials_for", "target_of"]


def target_of(account: AnyAccount, uri: BaseSIPURI) -> BaseSIPURI:
    """Where a call from ``account`` to ``uri`` is sent: to the account's outbound proxy, its own domain, or the callee.

    To its own domain where ``sip.always_use_my_proxy`` says so and ``uri`` names a domain, not a computer (RFC 3263 §4.2).
    """
    if not isinstance(account, Account):
        return uri
    proxy = account.sip.outbound_proxy
    if proxy is not None:
        return SIPURI(host=proxy.host, port=proxy.port, parameters={"transport": proxy.transport})
    if account.sip.always_use_my_proxy and uri.port is None and not _names_computer(uri.host):
        return SIPURI(account.id.domain, secure=uri.secure)
    return uri


def _names_computer(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.lower() == "localhost"
    return True


def credentials_for(account: AnyAccount, uri: BaseSIPURI, hop: Hop, looked_up: str | None = None) -> Credentials | None:
    """The account's, for its own servers only: that of a stranger whom we call would collect a digest to crack, or to pass on.

    looked_up: the domain in whose name the route to ``hop`` was found, where that is known (``Route.tls_name``)
    """
    if isinstance(account, BonjourAccount):
        return None
    domain = account.id.domain.lower()
    own = account.sip.outbound_proxy is not None or account.is_server(hop.address)
    own = own or domain in (uri.host.lower(), (looked_up or "").lower())
    return account.credentials.to_digest() if own else None
