"""DNSLookup: by notification, by wait(), by await."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import dns.resolver
import pytest
from support.fake_dns import FakeDNS

from blinkq.base.errors import IllegalStateError
from blinkq.base.notification import Notification, NotificationCenter
from blinkq.engine.engine import Engine, EngineConfig
from blinkq.engine.sip_endpoint import SIPEndpointConfig
from blinkq.sipsimple.lookup import DNSLookup, DNSLookupError
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.sip_uri import SIPURI

ZONE = """
_sip._udp.example.com   SRV  10 60 5070 sip.example.com.
_stun._udp.example.com  SRV  10 60 3478 sip.example.com.
sip.example.com         A    192.0.2.1
"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(EngineConfig(sip=SIPEndpointConfig(local_address="127.0.0.1"), media=False), dns=FakeDNS(ZONE))
    engine.open()
    yield engine
    engine.close()


class Observer:
    def __init__(self, lookup: DNSLookup) -> None:
        self.heard: list[Notification] = []
        self.threads: set[str] = set()
        self.done = threading.Event()
        NotificationCenter().add_observer(self, sender=lookup)

    def handle_notification(self, notification: Notification) -> None:
        self.heard.append(notification)
        self.threads.add(threading.current_thread().name)
        if notification.name != "DNSLookupTrace":
            self.done.set()


def test_by_notification(engine: Engine) -> None:
    lookup = DNSLookup()
    observer = Observer(lookup)
    uri = SIPURI("example.com", user="bob")
    lookup.lookup_sip_proxy(uri, ["udp", "tcp"])
    assert observer.done.wait(60)
    *traces, last = observer.heard
    assert last.name == "DNSLookupDidSucceed"
    assert last.data.result == [Route("192.0.2.1", 5070, "udp", tls_name="example.com")]
    assert last.data.timestamp.tzinfo is not None
    assert observer.threads == {"engine"}
    assert traces[0].data.query_type == "NAPTR"
    assert {trace.data.context for trace in traces} == {"lookup_sip_proxy"}
    assert all(trace.data.uri is uri for trace in traces)
    assert not any(hasattr(trace.data, "service") for trace in traces)
    answered = next(trace.data for trace in traces if trace.data.answer is not None)
    assert answered.query_name == "_sip._udp.example.com"
    assert answered.answer[0].port == 5070
    assert answered.error is None
    assert isinstance(traces[0].data.error, dns.resolver.NoAnswer)


def test_failure_by_notification_and_by_wait(engine: Engine) -> None:
    lookup = DNSLookup()
    observer = Observer(lookup)
    with pytest.raises(DNSLookupError, match=r"gone\.test does not exist"):
        lookup.lookup_sip_proxy(SIPURI("gone.test"), ["udp"]).wait(60)
    assert observer.done.wait(60)
    assert observer.heard[-1].name == "DNSLookupDidFail"
    assert observer.heard[-1].data.error == "gone.test does not exist: check the address for typing errors."
    assert observer.heard[-1].data.originator == "remote"


def test_services_by_wait(engine: Engine) -> None:
    lookup = DNSLookup()
    observer = Observer(lookup)
    assert lookup.lookup_service(SIPURI("example.com"), "stun").wait(60) == [("192.0.2.1", 3478)]
    assert observer.done.wait(60)
    assert observer.heard[0].data.service == "stun"
    assert observer.heard[0].data.context == "lookup_service"
    with pytest.raises(ValueError, match="msrprelay"):
        lookup.lookup_service(SIPURI("example.com"), "fax")


def test_an_address_and_a_given_certificate_name(engine: Engine) -> None:
    [route] = DNSLookup().lookup_sip_proxy(SIPURI("192.0.2.5", secure=True), ["tls"], tls_name="example.com").wait(60)
    assert (route.address, route.port, route.transport, route.tls_name) == ("192.0.2.5", 5061, "tls", "example.com")


def test_on_the_engine_thread_waiting_is_refused_and_awaiting_works(engine: Engine) -> None:
    async def body() -> list[Route]:
        lookup = DNSLookup().lookup_sip_proxy(SIPURI("example.com"), ["udp"])
        with pytest.raises(IllegalStateError, match="cannot wait"):
            lookup.wait()
        return await lookup

    assert len(engine.loop.run(body()).result(5)) == 1


def test_without_an_application_it_says_so() -> None:
    with pytest.raises(IllegalStateError, match="not running"):
        DNSLookup().lookup_sip_proxy(SIPURI("example.com"), ["udp"])
