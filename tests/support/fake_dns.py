"""A DNS zone in memory, asked directly (``FakeDNS`` is a DNSQuery) or through a UDP socket on loopback (``serve``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset

__all__ = ["FakeDNS", "serve"]


class FakeDNS:
    """Answers from ``records``, a text of lines "name type value"; other names of its zones do not exist.

    ``silent`` holds (name, type) pairs that are never answered, ``broken`` those that get SERVFAIL; ``asked`` is what was asked.
    """

    nameservers = ("192.0.2.53:53",)

    def __init__(self, records: str) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        for line in records.strip().splitlines():
            name, kind, value = line.split(None, 2)
            self.records.setdefault((name.lower(), kind), []).append(value)
        self.silent: set[tuple[str, str]] = set()
        self.broken: set[tuple[str, str]] = set()
        self.lose = 0  # so many datagrams are lost first (``serve``)
        self.asked: list[tuple[str, str]] = []

    async def query(self, name: str, kind: str, *, timeout: float, lifetime: float) -> dns.resolver.Answer:
        """See DNSQuery."""
        self.asked.append((name, kind))
        request = dns.message.make_query(name, kind)
        if (name, kind) in self.silent:
            await asyncio.sleep(lifetime)
            raise dns.resolver.LifetimeTimeout(timeout=lifetime, errors=[])
        await asyncio.sleep(0.005)
        response = dns.message.from_wire(self.respond(request).to_wire())
        if response.rcode() == dns.rcode.SERVFAIL:
            raise dns.resolver.NoNameservers(request=request, errors=[])
        if response.rcode() == dns.rcode.NXDOMAIN:
            raise dns.resolver.NXDOMAIN(qnames=[request.question[0].name], responses={})
        question = request.question[0]
        answer = dns.resolver.Answer(question.name, question.rdtype, question.rdclass, response)
        if answer.rrset is None:
            raise dns.resolver.NoAnswer(response=response)
        return answer

    def respond(self, request: dns.message.Message) -> dns.message.Message:
        """The answer to a query, as a message."""
        question = request.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        response = dns.message.make_response(request)
        response.flags |= dns.flags.RA
        owner = name
        if (name, "CNAME") in self.records:
            owner = self.records[name, "CNAME"][0].rstrip(".")
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "CNAME", owner + "."))
        values = self.records.get((owner, kind))
        if (name, kind) in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif values:
            response.answer.append(dns.rrset.from_text(dns.name.from_text(owner), 60, "IN", kind, *values))
        elif not any(known == owner or known.endswith("." + owner) for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, zone: FakeDNS) -> None:
        self._zone = zone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = dns.message.from_wire(data)
        question = request.question[0]
        key = (question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype))
        self._zone.asked.append(key)
        if self._zone.lose:
            self._zone.lose -= 1
        elif key not in self._zone.silent:
            self._transport.sendto(self._zone.respond(request).to_wire(), addr)


@asynccontextmanager
async def serve(zone: FakeDNS) -> AsyncIterator[str]:
    """Serve a zone on loopback; gives "127.0.0.1:PORT"."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Responder(zone), local_addr=("127.0.0.1", 0))
    try:
        yield "127.0.0.1:{}".format(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()
        await asyncio.sleep(0)
