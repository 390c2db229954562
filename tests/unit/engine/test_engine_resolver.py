"""RFC 3263: which next hops a URI leads to, whatever the name servers do."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

import dns.resolver
import pytest
from support.fake_dns import FakeDNS, serve
from support.virtual_loop import run

from blinkq.base.clock import SeededEntropy
from blinkq.engine.dns_query import QueryTraced, SystemDNS
from blinkq.engine.errors import ResolveError
from blinkq.engine.resolver import Resolver, RouteInfo
from blinkq.engine.srv_order import srv_order
from blinkq.sip.uri import URI

ALL = ("tls", "tcp", "udp")
ZONE = """
full.test               NAPTR  20 50 "s" "SIP+D2T" "" _sip._tcp.full.test.
full.test               NAPTR  10 50 "s" "SIPS+D2T" "" _sips._tcp.full.test.
full.test               NAPTR  30 50 "s" "SIP+D2U" "" _sip._udp.full.test.
full.test               NAPTR  5 50 "s" "E2U+sip" "" _sip._udp.wrong.test.
_sips._tcp.full.test    SRV    10 60 15061 sip.full.test.
_sip._tcp.full.test     SRV    10 60 15060 sip.full.test.
_sip._udp.full.test     SRV    10 60 15060 sip.full.test.
sip.full.test           A      192.0.2.1
sip.full.test           AAAA   2001:db8::1
full.test               A      192.0.2.9
srv.test                A      192.0.2.9
_sip._udp.srv.test      SRV    20 0 5070 b.srv.test.
_sip._udp.srv.test      SRV    10 0 5060 a.srv.test.
_sip._udp.srv.test      SRV    15 0 5060 missing.srv.test.
_sip._tcp.srv.test      SRV    10 0 5062 a.srv.test.
a.srv.test              A      192.0.2.11
b.srv.test              CNAME  a.srv.test.
bare.test               A      192.0.2.21
bare.test               A      192.0.2.22
six.test                AAAA   2001:db8::6
dot.test                A      192.0.2.31
_sip._udp.dot.test      SRV    0 0 0 .
nosrv.test              NAPTR  10 50 "s" "SIP+D2U" "" _sip._udp.nosrv.test.
nosrv.test              A      192.0.2.41
_msrps._tcp.full.test   SRV    10 60 2855 relay.full.test.
relay.full.test         A      192.0.2.51
_stun._udp.full.test    SRV    10 60 3478 relay.full.test.
"""


def locate(
    uri: str, transports: tuple[str, ...] = ALL, zone: FakeDNS | None = None, **options: float
) -> tuple[list[tuple[str, int, str]], list[QueryTraced]]:
    traces: list[QueryTraced] = []

    async def body() -> list[RouteInfo]:
        resolver = Resolver(None, entropy=SeededEntropy(1), dns=zone or FakeDNS(ZONE))
        return await resolver.locate(URI.parse(uri), transports, trace=traces.append, **options)  # type: ignore[arg-type]  # floats both

    routes = run(body())
    assert all(route.tls_name == URI.parse(uri).host.strip("[]") for route in routes)
    return [(route.address, route.port, route.transport) for route in routes], traces


@pytest.mark.parametrize(
    ("uri", "transports", "expected"),
    [
        ("sip:192.0.2.7", ALL, ("192.0.2.7", 5060, "udp")),
        ("sip:192.0.2.7:5070", ALL, ("192.0.2.7", 5070, "udp")),
        ("sip:192.0.2.7;transport=tcp", ALL, ("192.0.2.7", 5060, "tcp")),
        ("sip:192.0.2.7;transport=TLS", ALL, ("192.0.2.7", 5061, "tls")),
        ("sips:192.0.2.7", ALL, ("192.0.2.7", 5061, "tls")),
        ("sips:192.0.2.7:5070;transport=tcp", ALL, ("192.0.2.7", 5070, "tls")),
        ("sip:[2001:db8::7]", ALL, ("2001:db8::7", 5060, "udp")),
        ("sip:192.0.2.7", ("tcp", "tls"), ("192.0.2.7", 5060, "tcp")),
        ("sip:192.0.2.7", ("tls",), ("192.0.2.7", 5061, "tls")),
        ("sip:echo@localhost:5070", ("tls", "tcp", "udp"), ("127.0.0.1", 5070, "udp")),
        ("sip:localhost;transport=tcp", ("tcp",), ("127.0.0.1", 5060, "tcp")),
    ],
)
def test_an_address_needs_no_query(uri: str, transports: tuple[str, ...], expected: tuple[str, int, str]) -> None:
    routes, traces = locate(uri, transports)
    assert routes == [expected]
    assert traces == []


def test_a_port_means_a_host_and_only_addresses_are_asked_for() -> None:
    routes, traces = locate("sip:full.test:5080")
    assert routes == [("192.0.2.9", 5080, "udp")]
    assert {trace.query_type for trace in traces} == {"A", "AAAA"}


def test_naptr_leads_to_srv_leads_to_addresses_in_the_order_of_our_transports() -> None:
    routes, traces = locate("sip:full.test")
    four, six = "192.0.2.1", "2001:db8::1"
    assert routes == [
        (four, 15061, "tls"), (six, 15061, "tls"), (four, 15060, "tcp"), (six, 15060, "tcp"), (four, 15060, "udp"), (six, 15060, "udp"),
    ]  # fmt: skip
    assert traces[0].query_type == "NAPTR"
    assert traces[0].query_name == "full.test"
    assert traces[0].answer is not None
    assert traces[0].nameservers == ("192.0.2.53:53",)
    assert [transport for *_, transport in locate("sip:full.test", ("udp", "tcp"))[0]] == ["udp", "udp", "tcp", "tcp"]


def test_sips_takes_only_tls() -> None:
    assert {transport for *_, transport in locate("sips:full.test")[0]} == {"tls"}


def test_a_transport_parameter_skips_naptr() -> None:
    routes, traces = locate("sip:full.test;transport=tcp")
    assert {(port, transport) for _, port, transport in routes} == {(15060, "tcp")}
    assert "NAPTR" not in {trace.query_type for trace in traces}


def test_without_naptr_srv_by_priority_and_hosts_without_address_are_skipped() -> None:
    routes, traces = locate("sip:srv.test", ("udp", "tcp"))
    assert routes == [("192.0.2.11", 5060, "udp"), ("192.0.2.11", 5070, "udp"), ("192.0.2.11", 5062, "tcp")]
    errors = [trace for trace in traces if trace.error is not None]
    assert isinstance(errors[0].error, dns.resolver.NoAnswer)
    assert all(trace.answer is None for trace in errors)


def test_without_srv_the_addresses_of_the_domain() -> None:
    assert sorted(locate("sip:bare.test")[0]) == [("192.0.2.21", 5060, "udp"), ("192.0.2.22", 5060, "udp")]
    assert sorted(locate("sips:bare.test")[0]) == [("192.0.2.21", 5061, "tls"), ("192.0.2.22", 5061, "tls")]
    assert locate("sip:six.test")[0] == [("2001:db8::6", 5060, "udp")]


def test_naptr_that_leads_nowhere_falls_back() -> None:
    assert locate("sip:nosrv.test")[0] == [("192.0.2.41", 5060, "udp")]


def test_the_target_dot_says_there_is_no_such_service() -> None:
    with pytest.raises(ResolveError, match="no SIP service"):
        locate("sip:dot.test")


def test_a_router_that_swallows_naptr_and_srv_costs_time_and_nothing_else() -> None:
    zone = FakeDNS(ZONE)
    zone.silent = {("bare.test", "NAPTR"), *((f"{name}.bare.test", "SRV") for name in ("_sips._tcp", "_sip._tcp", "_sip._udp"))}
    assert len(locate("sip:bare.test", zone=zone)[0]) == 2
    zone.broken, zone.silent = zone.silent, set()
    assert len(locate("sip:bare.test", zone=zone)[0]) == 2


def test_a_server_that_never_answers_for_ipv6_hardly_delays() -> None:
    zone = FakeDNS(ZONE)
    zone.silent = {("bare.test", "AAAA")}

    async def body() -> float:
        start = asyncio.get_running_loop().time()
        await Resolver(None, entropy=SeededEntropy(1), dns=zone).locate(URI.parse("sip:bare.test:5060"), ALL)
        return asyncio.get_running_loop().time() - start

    assert run(body()) < 0.5


def test_the_lifetime_bounds_the_whole_lookup() -> None:
    zone = FakeDNS(ZONE)
    zone.silent = {("bare.test", kind) for kind in ("NAPTR", "A", "AAAA")}

    async def body() -> float:
        start = asyncio.get_running_loop().time()
        with pytest.raises(ResolveError, match="No name server answered") as caught:
            await Resolver(None, entropy=SeededEntropy(1), dns=zone).locate(URI.parse("sip:bare.test"), ALL, timeout=3.0, lifetime=5.0)
        assert caught.value.local
        return asyncio.get_running_loop().time() - start

    assert run(body()) <= 5.1


@pytest.mark.parametrize(
    ("uri", "transports", "words"),
    [
        ("sip:gone.example", ALL, "gone.example does not exist"),
        ("sips:full.test", ("udp", "tcp"), "demands TLS"),
        ("sips:full.test;transport=udp", ALL, "demands TLS"),
        ("sip:full.test;transport=tcp", ("udp",), "demands the transport TCP"),
        ("sip:full.test;transport=sctp", ALL, "demands the transport SCTP"),
        ("sip:192.0.2.7", (), "No transport"),
        ("sip:relay.full.test;transport=tcp", ("tcp",), None),
    ],
)
def test_failures_are_sentences(uri: str, transports: tuple[str, ...], words: str | None) -> None:
    if words is None:
        assert locate(uri, transports)[0]
        return
    with pytest.raises(ResolveError, match=words):
        locate(uri, transports)


def test_services() -> None:
    async def body(host: str, service: str, announced: bool = False) -> list[tuple[str, int]]:
        return await Resolver(None, entropy=SeededEntropy(1), dns=FakeDNS(ZONE)).lookup_service(host, service, announced=announced)

    assert run(body("full.test", "msrprelay")) == [("192.0.2.51", 2855)]
    assert run(body("full.test", "stun")) == [("192.0.2.51", 3478)]
    assert run(body("192.0.2.3", "stun")) == [("192.0.2.3", 3478)]
    assert sorted(run(body("bare.test", "msrprelay"))) == [("192.0.2.21", 2855), ("192.0.2.22", 2855)]
    assert sorted(run(body("bare.test", "stun"))) == [("192.0.2.21", 3478), ("192.0.2.22", 3478)]
    with pytest.raises(ResolveError, match="no stun server"):
        run(body("bare.test", "stun", announced=True))
    with pytest.raises(ValueError, match="msrprelay"):
        run(body("bare.test", "fax"))


@dataclass(frozen=True)
class Record:
    priority: int
    weight: int
    name: str


def test_srv_order_follows_priority_and_weight() -> None:
    records = [Record(20, 0, "last"), Record(10, 90, "often"), Record(10, 10, "rarely"), Record(10, 0, "never nearly")]
    first: Counter[str] = Counter()
    for seed in range(1000):
        order = srv_order(records, SeededEntropy(seed))
        assert sorted(record.name for record in order) == sorted(record.name for record in records)
        assert order[-1].name == "last"
        first[order[0].name] += 1
    assert 850 < first["often"] < 930
    assert 60 < first["rarely"] < 140
    assert first["never nearly"] < 30


def test_over_a_real_socket() -> None:
    async def body() -> list[RouteInfo]:
        async with serve(FakeDNS(ZONE)) as server:
            resolver = Resolver([server], entropy=SeededEntropy(1))
            assert resolver.nameservers == (server,)
            with pytest.raises(ResolveError, match="does not exist"):
                await resolver.locate(URI.parse("sip:gone.example"), ALL)
            return await resolver.locate(URI.parse("sip:full.test"), ("tcp",))

    routes = asyncio.run(body())
    assert [(route.address, route.port, route.transport) for route in routes] == [
        ("192.0.2.1", 15060, "tcp"),
        ("2001:db8::1", 15060, "tcp"),
    ]


def test_a_lost_query_is_repeated_before_its_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> tuple[str, float]:
        zone = FakeDNS(ZONE)
        zone.lose = 1
        async with serve(zone) as server:
            start = asyncio.get_running_loop().time()
            answer = await SystemDNS([server]).query("bare.test", "A", timeout=60.0, lifetime=60.0)
            zone.silent = {("nosrv.test", "A")}
            with pytest.raises(dns.resolver.LifetimeTimeout):
                await SystemDNS([server]).query("nosrv.test", "A", timeout=0.2, lifetime=0.2)
            return answer[0].address, asyncio.get_running_loop().time() - start

    monkeypatch.setattr("blinkq.engine.dns_query.REPEAT_AFTER", 0.05)
    address, seconds = asyncio.run(body())
    assert address in ("192.0.2.21", "192.0.2.22")
    assert seconds < 50.0


def test_name_servers_are_addresses() -> None:
    assert SystemDNS(["192.0.2.1", "192.0.2.2:5353", "[2001:db8::1]:53", "2001:db8::2"]).nameservers == (
        "192.0.2.1:53",
        "192.0.2.2:5353",
        "[2001:db8::1]:53",
        "[2001:db8::2]:53",
    )
    for wrong in ("dns.example", "192.0.2.1:port", "192.0.2.1:70000"):
        with pytest.raises(ValueError):
            SystemDNS([wrong])
