"""DNSLookup: where a SIP address, an MSRP relay or a STUN server is found.

Both ways to use it: observe the notifications of the DNSLookup, or take the returned object and ``wait()`` for it (any thread but the
engine's) or ``await`` it (any loop).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import blinkq.sipsimple.notifications  # noqa: F401 - declares what is posted here
from blinkq.base import catalogue
from blinkq.base.errors import BlinkQError, IllegalStateError
from blinkq.engine.engine import Engine
from blinkq.engine.errors import ResolveError
from blinkq.engine.loop import EngineLoop
from blinkq.sipsimple.configuration.datatypes import SIPTransport
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.sip_uri import BaseSIPURI

if TYPE_CHECKING:  # see Engine.resolver: they are imported when the engine starts
    from blinkq.engine.dns_query import QueryTraced
    from blinkq.engine.resolver import Resolver, RouteInfo

__all__ = ["DNSLookup", "DNSLookupError", "Lookup"]

SERVICES = ("msrprelay", "stun")

T = TypeVar("T")


class DNSLookupError(BlinkQError):
    """A lookup found nothing; the message is a sentence for people."""


class Lookup(Generic[T]):
    """A lookup under way: ``wait()`` for its result, ``await`` it, or drop it and observe the notifications."""

    def __init__(self, future: concurrent.futures.Future[T]) -> None:
        self._future = future

    def wait(self, timeout: float | None = None) -> T:
        """The result; raises DNSLookupError. Blocks the calling thread, so on the engine thread it raises IllegalStateError at once.

        :param timeout: seconds; TimeoutError after them (the lookup has a lifetime of its own)
        """
        if EngineLoop.current is not None and EngineLoop.current.is_current():
            raise IllegalStateError("the engine thread cannot wait for a lookup: await it or observe its notifications")
        return self._future.result(timeout)

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self._future).__await__()


class DNSLookup:
    """Looks up servers; posts DNSLookupDidSucceed or DNSLookupDidFail, and DNSLookupTrace for each query, with itself as sender.

    The methods return at once, from any thread, and raise IllegalStateError when the application is not running.
    """

    def lookup_sip_proxy(
        self,
        uri: BaseSIPURI,
        supported_transports: Sequence[str],
        timeout: float = 3.0,
        lifetime: float = 15.0,
        tls_name: str | None = None,
    ) -> Lookup[list[Route]]:
        """Where to send requests for ``uri`` (RFC 3263): Routes in the order of ``supported_transports``.

        :param supported_transports: of "udp", "tcp", "tls" (ValueError for another one)
        :param timeout: seconds for one name server
        :param lifetime: seconds for the whole lookup
        :param tls_name: the name that the server's certificate must have, where it is not the host of ``uri``
        """
        _check("lookup_sip_proxy", uri, timeout, lifetime)
        if isinstance(supported_transports, str):
            raise TypeError(f"lookup_sip_proxy: supported_transports are a list, not {supported_transports!r}")
        transports = [str(SIPTransport(transport)) for transport in supported_transports]

        async def find(resolver: Resolver, trace: Callable[[QueryTraced], None]) -> list[Route]:
            routes = await resolver.locate(uri, transports, timeout=timeout, lifetime=lifetime, trace=trace)
            return [_route(info, tls_name) for info in routes]

        return self._start(find, {"context": "lookup_sip_proxy", "uri": uri})

    def lookup_service(
        self, uri: BaseSIPURI, service: str, timeout: float = 3.0, lifetime: float = 15.0
    ) -> Lookup[list[tuple[str, int]]]:
        """(address, port) of the servers of "msrprelay" or "stun" at ``uri.host``; ValueError for another service."""
        _check("lookup_service", uri, timeout, lifetime)
        if service not in SERVICES:
            raise ValueError(f"a service is one of {', '.join(SERVICES)}, not {service!r}")

        async def find(resolver: Resolver, trace: Callable[[QueryTraced], None]) -> list[tuple[str, int]]:
            return await resolver.lookup_service(uri.host, service, timeout=timeout, lifetime=lifetime, trace=trace)

        return self._start(find, {"context": "lookup_service", "uri": uri, "service": service})

    def _start(
        self, find: Callable[[Resolver, Callable[[QueryTraced], None]], Coroutine[Any, Any, T]], context: dict[str, object]
    ) -> Lookup[T]:
        engine = Engine.current
        if engine is None or not engine.loop.running:
            raise IllegalStateError("the application is not running")
        return Lookup(engine.loop.run(self._run(find, engine.resolver, context)))

    async def _run(
        self,
        find: Callable[[Resolver, Callable[[QueryTraced], None]], Coroutine[Any, Any, T]],
        resolver: Resolver,
        context: dict[str, object],
    ) -> T:
        def trace(query: QueryTraced) -> None:
            catalogue.post(
                "DNSLookupTrace",
                self,
                query_type=query.query_type,
                query_name=query.query_name,
                answer=query.answer,
                error=query.error,
                nameservers=list(query.nameservers),
                **context,
            )

        try:
            result = await find(resolver, trace)
        except ResolveError as error:
            catalogue.post("DNSLookupDidFail", self, error=str(error), originator="local" if error.local else "remote")
            raise DNSLookupError(str(error)) from error
        catalogue.post("DNSLookupDidSucceed", self, result=result)
        return result


def _route(info: RouteInfo, tls_name: str | None) -> Route:
    return Route(info.address, port=info.port, transport=info.transport, tls_name=tls_name or info.tls_name)


def _check(method: str, uri: Any, *seconds: Any) -> None:
    if not isinstance(uri, BaseSIPURI):
        raise TypeError(f"{method}: uri is a SIPURI, not {uri!r}")
    for number in seconds:
        if not isinstance(number, int | float) or isinstance(number, bool):
            raise TypeError(f"{method}: timeout and lifetime are seconds, not {number!r}")
