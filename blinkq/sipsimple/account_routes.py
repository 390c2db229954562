"""By which way the requests of an account go to its servers: the outbound proxy, or what DNS says of its domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.sip_account import Account

__all__ = ["find_routes"]


async def find_routes(account: Account) -> list[Route]:
    """The routes to the servers of ``account``, to be tried in this order. Raises ResolveError."""
    transports = list(SIPSimpleSettings().sip.transport_list)
    if account.sip.transport is not None:
        transports = [transport for transport in transports if transport == account.sip.transport]
    proxy = account.sip.outbound_proxy
    if proxy is None:
        target = SIPURI(account.id.domain)
    else:
        target = SIPURI(proxy.host, port=proxy.port, parameters={"transport": proxy.transport})
    found = await Runtime.current().resolver.locate(target, transports)
    name = account.sip.tls_name
    return [Route(route.address, route.port, route.transport, name or route.tls_name) for route in found]
