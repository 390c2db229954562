"""Dialogs: what they take from the messages that make them, sequence numbers, route sets, and where requests go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blinkq.sip.address import NameAddr
from blinkq.sip.derived_requests import cancellation
from blinkq.sip.dialog import Dialog, DialogID, hop_of
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.replies import reply
from blinkq.sip.request_builder import build_request
from blinkq.sip.uri import URI

UDP_FLOW = Flow("udp", "10.0.0.1", 5060, "10.0.0.2", 5060)
TCP_FLOW = Flow("tcp", "10.0.0.1", 5060, "10.0.0.2", 33333, 4)
HOP = Hop("udp", "192.0.2.1", 5080, "10.0.0.1", 5060)


def invite(*routes: str, contact: str | None = "<sip:alice@10.0.0.1>", from_tag: str = ";tag=a") -> Request:
    headers = [("Contact", contact)] if contact else []
    request = build_request(
        "INVITE",
        URI.parse("sip:bob@b.test"),
        route_set=(),
        from_=NameAddr.parse(f"<sip:alice@a.test>{from_tag}"),
        to=NameAddr.parse("<sip:bob@b.test>"),
        call_id="call",
        cseq=7,
        headers=[*headers, *(("Record-Route", route) for route in routes)],
    )
    request.headers.prepend("Via", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1")
    return request


def answer(*routes: str, contact: str | None = "<sip:bob@10.0.0.2:5062>", code: int = 200) -> Response:
    headers = [("Contact", contact)] if contact else []
    return reply(invite(), code, tag="b", headers=[*headers, *(("Record-Route", route) for route in routes)])


def test_the_callers_dialog() -> None:
    dialog = Dialog.uac(invite(), answer("<sip:p2;lr>, <sip:p1;lr>"), HOP, UDP_FLOW)
    assert dialog.id == DialogID("call", "a", "b")
    assert [str(route.uri) for route in dialog.route_set] == ["sip:p1;lr", "sip:p2;lr"]
    assert str(dialog.remote_target) == "sip:bob@10.0.0.2:5062"
    assert dialog.next_cseq() == 8
    assert Dialog.uac(invite(), answer(contact=None), HOP, None).remote_target == URI.parse("sip:bob@b.test")


def test_the_calleds_dialog() -> None:
    dialog = Dialog.uas(invite("<sip:p1;lr>", "<sip:p2;lr>"), "b", UDP_FLOW)
    assert dialog.id == DialogID("call", "b", "a")
    assert [str(route.uri) for route in dialog.route_set] == ["sip:p1;lr", "sip:p2;lr"]
    assert dialog.local.tag == "b"
    assert dialog.next_cseq() == 1
    assert dialog.next_cseq() == 2
    assert Dialog.uas(invite(contact=None), "b", UDP_FLOW).remote_target == URI.parse("sip:alice@a.test")
    assert Dialog.uas(invite(from_tag=""), "b", UDP_FLOW).id.remote_tag == ""


def test_the_2xx_brings_the_final_route_set_and_target() -> None:
    dialog = Dialog.uac(invite(), answer("<sip:early;lr>", code=180), HOP, None)
    dialog.confirm(answer("<sip:final;lr>", contact="<sip:bob@10.0.0.3>"))
    assert [str(route.uri) for route in dialog.route_set] == ["sip:final;lr"]
    assert str(dialog.remote_target) == "sip:bob@10.0.0.3"
    dialog.refresh_target(answer(contact=None))
    assert str(dialog.remote_target) == "sip:bob@10.0.0.3"


def test_sequence_numbers_only_grow() -> None:
    dialog = Dialog.uas(invite(), "b", UDP_FLOW)
    request = invite()
    assert not dialog.admits(request)
    request.headers.set("CSeq", "9 BYE")
    assert dialog.admits(request)
    assert not dialog.admits(request)
    caller = Dialog.uac(invite(), answer(), HOP, None)
    assert caller.admits(request)


def test_a_request_in_the_dialog() -> None:
    dialog = Dialog.uac(invite(), answer("<sip:p1;lr>"), HOP, None)
    request = dialog.make_request("INFO", 8, headers=[("X-A", "1")], body=b"hi", content_type="text/plain")
    assert str(request.uri) == "sip:bob@10.0.0.2:5062"
    assert (request.from_.tag, request.to.tag, request.call_id) == ("a", "b", "call")
    assert str(request.cseq) == "8 INFO"
    assert request.max_forwards == 70
    assert (request.content_type, request.body, request.headers.get("X-A")) == ("text/plain", b"hi", "1")


def test_a_strict_router_gets_a_clean_request_uri() -> None:
    dialog = Dialog.uac(invite(), answer("<sip:p1;method=INVITE;x=1?h=v>"), HOP, None)
    request = dialog.make_request("BYE", 8)
    assert str(request.uri) == "sip:p1;x=1"
    assert [str(route) for route in request.routes] == ["<sip:bob@10.0.0.2:5062>"]


def test_other_schemes_stay_as_they_are() -> None:
    dialog = Dialog.uac(invite(), answer(contact="<tel:+3120>"), HOP, None)
    assert str(dialog.make_request("BYE", 8).uri) == "tel:+3120"
    assert dialog.path() == (HOP, None)


@pytest.mark.parametrize(
    ("contact", "routes", "target"),
    [
        ("<sip:bob@10.0.0.2:5062>", (), ("10.0.0.2", 5062)),
        ("<sip:bob@10.0.0.2>", (), ("10.0.0.2", 5060)),
        ("<sip:bob@10.0.0.2>", ("<sip:192.0.2.9:5090;lr>",), ("192.0.2.9", 5090)),
        ("<sip:bob@10.0.0.2>", ("<sip:proxy.example;lr>",), ("192.0.2.1", 5080)),
        ("<sip:bob@phone.example>", (), ("192.0.2.1", 5080)),
        ("<sip:bob@10.0.0.2;transport=tcp>", (), ("192.0.2.1", 5080)),
        ("<sip:bob@[2001:db8::1]>", (), ("192.0.2.1", 5080)),
        ("<sips:bob@10.0.0.2>", (), ("192.0.2.1", 5080)),
    ],
)
def test_where_requests_go_on_udp(contact: str, routes: tuple[str, ...], target: tuple[str, int]) -> None:
    hop, flow = Dialog.uac(invite(), answer(*routes, contact=contact), HOP, UDP_FLOW).path()
    assert (hop.address, hop.port) == target
    assert (hop.local_address, hop.local_port) == ("10.0.0.1", 5060)
    assert flow is None


def test_on_a_stream_requests_keep_the_connection_and_know_another_way() -> None:
    tcp = Dialog.uas(invite("<sip:192.0.2.9;lr;transport=tcp>"), "b", TCP_FLOW)
    assert tcp.path() == (Hop("tcp", "192.0.2.9", 5060, "10.0.0.1", 5060), TCP_FLOW)
    tcp = Dialog.uas(invite("<sip:proxy.example;lr;transport=tcp>"), "b", TCP_FLOW)
    assert tcp.path() == (replace(hop_of(TCP_FLOW), port=5060), TCP_FLOW), "nobody listens on the port it connected from"
    request = invite("<sip:proxy.example;lr;transport=tcp>")
    request.headers.set("Via", "SIP/2.0/TCP proxy.example:5070;branch=z9hG4bK1")
    assert Dialog.uas(request, "b", TCP_FLOW).path()[0].port == 5070
    flow = Flow("tls", "10.0.0.1", 5061, "10.0.0.2", 33333, 4)
    tls = Dialog.uas(invite("<sip:192.0.2.9;lr;transport=tls>"), "b", flow)
    assert tls.path() == (Hop("tls", "192.0.2.9", 5061, "10.0.0.1", 5061, "192.0.2.9"), flow)
    tls = Dialog.uas(invite("<sip:proxy.example;lr;transport=tls>"), "b", flow)
    assert tls.path() == (Hop("tls", "10.0.0.2", 5061, "10.0.0.1", 5061, "proxy.example"), flow)


def test_the_cancel_of_an_invite() -> None:
    request = invite()
    request.headers.add("Route", "<sip:p1;lr>")
    cancel = cancellation(request, [("Reason", "SIP;cause=200")])
    assert cancel.uri == request.uri
    assert str(cancel.cseq) == "7 CANCEL"
    assert cancel.headers.get("Reason") == "SIP;cause=200"
    assert len(cancel.routes) == 1
    assert "User-Agent" not in cancel.headers
    request.headers.add("User-Agent", "Test")
    assert cancellation(request).user_agent == "Test"
