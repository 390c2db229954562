"""RFC 3263 against a real name server (dnsmasq): each zone of the lab, and the registrar's certificate over the route that was found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
from support.lab import Lab
from support.sockets import all_closed

from blinkq.base.clock import SeededEntropy, SystemClock, SystemEntropy
from blinkq.engine.asyncio_network import AsyncioNetwork
from blinkq.engine.errors import NetworkError, ResolveError
from blinkq.engine.resolver import Resolver, RouteInfo
from blinkq.engine.sip_endpoint import SIPEndpoint, SIPEndpointConfig
from blinkq.engine.tls import TLSConfig
from blinkq.sip.uri import URI

pytestmark = pytest.mark.lab

T = TypeVar("T")


def ask(lab: Lab, question: Callable[[Resolver], Coroutine[Any, Any, T]]) -> T:
    return asyncio.run(question(Resolver([lab.nameserver], entropy=SeededEntropy(1))))


def locate(lab: Lab, uri: str, *transports: str, timeout: float = 60.0) -> list[tuple[str, str, int]]:
    async def question(resolver: Resolver) -> list[RouteInfo]:
        return await resolver.locate(URI.parse(uri), transports or ("tls", "tcp", "udp"), timeout=timeout)

    return [(route.transport, route.address, route.port) for route in ask(lab, question)]


@pytest.mark.parametrize("domain", ["lab.test", "nonaptr.test"])
def test_all_transports_in_our_order(lab: Lab, domain: str) -> None:
    four, sip, sips = "127.0.0.1", lab.port(60), lab.port(61)
    routes = [route for route in locate(lab, f"sip:{domain}", "udp", "tls", "tcp") if route[1] == four]
    assert routes == [("udp", four, sip), ("tls", four, sips), ("tcp", four, sip)]
    assert {transport for transport, *_ in locate(lab, f"sips:{domain}")} == {"tls"}


def test_failover_keeps_the_servers_order(lab: Lab) -> None:
    routes = locate(lab, "sip:failover.test", "udp")
    assert routes[:2] == [("udp", "127.0.0.66", lab.port(66)), ("udp", "127.0.0.1", lab.port(60))]


@pytest.mark.parametrize(
    ("domain", "address"), [("bare.test", "127.0.0.1"), ("nosrv.test", "127.0.0.1"), ("six.test", "::1"), ("cname.test", "127.0.0.1")]
)
def test_fall_backs(lab: Lab, domain: str, address: str) -> None:
    assert locate(lab, f"sip:{domain}", "udp")[0][:2] == ("udp", address)


def test_an_answer_too_long_for_udp_is_fetched_over_tcp(lab: Lab) -> None:
    assert len(locate(lab, "sip:many.test", "udp")) == 40


def test_a_slow_answer_is_waited_for(lab: Lab) -> None:
    assert locate(lab, "sip:host.slow.test:5060", "udp") == [("udp", "127.0.0.1", 5060)]


@pytest.mark.parametrize(
    ("domain", "words", "timeout"),
    [("gone.test", "does not exist", 60.0), ("dot.test", "no SIP service", 60.0), ("black.test", "No name server answered", 1.0)],
)
def test_failures(lab: Lab, domain: str, words: str, timeout: float) -> None:
    with pytest.raises(ResolveError, match=words):
        locate(lab, f"sip:{domain}", timeout=timeout)


def test_services(lab: Lab) -> None:
    assert ("127.0.0.1", lab.port(85)) in ask(lab, lambda resolver: resolver.lookup_service("lab.test", "msrprelay"))
    with pytest.raises(ResolveError, match="no stun server"):
        ask(lab, lambda resolver: resolver.lookup_service("bare.test", "stun", announced=True))


def test_the_found_server_proves_its_name(lab: Lab) -> None:
    async def body() -> None:
        endpoint = SIPEndpoint(
            SIPEndpointConfig(local_address="127.0.0.1", tls=TLSConfig(ca_file=str(lab.ca))),
            asyncio.get_running_loop(),
            SystemClock(),
            SystemEntropy(),
            AsyncioNetwork(),
        )
        await endpoint.start()
        try:
            resolver = Resolver([lab.nameserver], entropy=SystemEntropy())
            route = (await resolver.locate(URI.parse("sips:lab.test"), ("tls",)))[0]
            hop = await endpoint.hop(route.address, route.port, route.transport, route.tls_name)
            assert hop.tls_name == "lab.test"
            with pytest.raises(NetworkError, match=r"not for other\.test"):
                await endpoint.hop(route.address, route.port, "tls", "other.test")
        finally:
            await endpoint.stop()
            await all_closed()

    asyncio.run(body())
