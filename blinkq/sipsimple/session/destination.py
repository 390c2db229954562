"""What must be looked up for a call of an account."""

from __future__ import annotations

from blinkq.sipsimple.account import Account, AnyAccount
from blinkq.sipsimple.sip_uri import SIPURI, BaseSIPURI

__all__ = ["target_of"]


def target_of(account: AnyAccount, uri: BaseSIPURI) -> BaseSIPURI:
    """Where a call from ``account`` to ``uri`` is sent: to the account's outbound proxy, else to the callee's domain."""
    proxy = account.sip.outbound_proxy if isinstance(account, Account) else None
    if proxy is not None:
        return SIPURI(host=proxy.host, port=proxy.port, parameters={"transport": proxy.transport})
    return uri
