"""Carrying one MESSAGE of an account to somebody: the routes in turn, until one leads to an answer (RFC 3428, RFC 3263)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError, ResolveError, TLSError
from blinkq.sip.address import NameAddr
from blinkq.sip.events import RequestAnswered, RequestFailed
from blinkq.sip.hop import Hop
from blinkq.sip.usages.request import RequestParameters
from blinkq.sipsimple.account import Account, AnyAccount
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.destination import credentials_for, target_of
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import BaseSIPURI

__all__ = ["MAX_DATAGRAM", "Outcome", "carry", "ways"]

#: Bytes of a whole request that may go over UDP (RFC 3428 §8); the headers take up to HEADERS of them.
MAX_DATAGRAM = 1300
HEADERS = 600
#: Seconds for one route while there are others.
ROUTE_TIMEOUT = 8.0

log = get_logger("sipsimple.messaging")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a MESSAGE: the answer of the other side (202: it is stored for later), or 408 and 503 of our own; and the way."""

    code: int
    reason: str
    route: Route | None

    @property
    def success(self) -> bool:
        return 200 <= self.code < 300


async def carry(
    account: AnyAccount, uri: BaseSIPURI, body: bytes, content_type: str, routes: Sequence[Route] | None = None
) -> Outcome:
    """Send ``body`` to ``uri`` in the name of ``account``; never raises for what the network does. Engine thread only.

    :param routes: to be tried in this order; None to look them up
    """
    try:
        found = await _look_up(account, uri) if routes is None else list(routes)
    except ResolveError as error:
        return Outcome(503, str(error), None)
    secure = uri.secure or (isinstance(account, Account) and account.sip.transport == "tls")
    outcome = Outcome(503, "There is no route to the destination.", None)
    call_id = Runtime.current().entropy.token(16)  # the same on every route: who gets it twice can tell
    candidates = ways(found, len(body), list(SIPSimpleSettings().sip.transport_list))
    for index, route in enumerate(candidates):
        if secure and route.transport != "tls":
            continue
        try:
            hop = await Runtime.current().sip.hop(route.address, route.port, route.transport, route.tls_name)
        except NetworkError as error:
            # a server that cannot prove who it is may be somebody in between, who would like nothing better than no TLS
            secure = secure or isinstance(error, TLSError)
            outcome = Outcome(503, str(error), route)
            continue
        last = index + 1 == len(candidates)
        outcome = await _send(account, uri, hop, route, _parameters(account, uri, hop, body, content_type, call_id, last))
        if outcome.code not in (408, 503):
            break
        log.info("route %s: %d %s", route, outcome.code, outcome.reason)
    return outcome


def ways(routes: Sequence[Route], size: int, transports: Sequence[str]) -> list[Route]:
    """The routes for a body of ``size`` bytes: what does not fit into a datagram goes by connections, over UDP only as a last resort."""
    if size + HEADERS <= MAX_DATAGRAM:
        return list(routes)
    streams = [route for route in routes if route.transport != "udp"]
    datagrams = [route for route in routes if route.transport == "udp"]
    known = {(route.address, route.transport) for route in streams}
    if "tcp" in transports:
        # RFC 3261 §18.1.1: who listens on UDP listens on TCP
        streams += [Route(route.address, route.port, "tcp") for route in datagrams if (route.address, "tcp") not in known]
    return [*streams, *datagrams]


async def _look_up(account: AnyAccount, uri: BaseSIPURI) -> list[Route]:
    found = await Runtime.current().resolver.locate(target_of(account, uri), list(SIPSimpleSettings().sip.transport_list))
    name = account.sip.tls_name if isinstance(account, Account) else None
    return [Route(route.address, route.port, route.transport, name or route.tls_name) for route in found]


def _parameters(
    account: AnyAccount, uri: BaseSIPURI, hop: Hop, body: bytes, content_type: str, call_id: str, last: bool
) -> RequestParameters:
    to = NameAddr(uri.to_uri())
    return RequestParameters(
        "MESSAGE", to.uri, from_=NameAddr(account.uri.to_uri(), account.display_name or ""), to=to, hop=hop,
        credentials=credentials_for(account, uri, hop), body=body, content_type=content_type, call_id=call_id, cseq=1,
        timeout=None if last else ROUTE_TIMEOUT,
    )  # fmt: skip


async def _send(account: AnyAccount, uri: BaseSIPURI, hop: Hop, route: Route, parameters: RequestParameters) -> Outcome:
    answer: asyncio.Future[RequestAnswered | RequestFailed] = asyncio.get_running_loop().create_future()
    usage = Runtime.current().sip.call("request", parameters)
    SIPEvents().claim(usage, lambda event: None if answer.done() else answer.set_result(event))
    try:
        event = await answer
    finally:
        SIPEvents().release(usage)
    return Outcome(event.code, event.reason, route)
