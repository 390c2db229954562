"""The Engine of sipsimple.core without SIPApplication, as command-line scripts use it: real thread, real sockets on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.middleware import start_configuration

from blinkq.base.notification import Notification, NotificationCenter
from blinkq.sip.message import Request as SIPRequest
from blinkq.sip.message import Response
from blinkq.sip.parser import parse_message
from blinkq.sip.replies import reply
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Engine, FromHeader, Message, RouteHeader, SIPCoreError, ToHeader

ME, YOU = FromHeader(SIPURI("example.com", user="alice")), ToHeader(SIPURI("example.com", user="bob"))
PATIENCE = 60.0


class Heard:
    """Notifications, and a way to wait for one from the test's thread."""

    def __init__(self) -> None:
        self.seen: list[Notification] = []
        self._more = threading.Condition()
        NotificationCenter().add_observer(self)

    def handle_notification(self, notification: Notification) -> None:
        with self._more:
            self.seen.append(notification)
            self._more.notify_all()

    def until(self, name: str) -> Any:
        with self._more:
            assert self._more.wait_for(lambda: any(n.name == name for n in self.seen), PATIENCE), [n.name for n in self.seen]
            return next(n for n in self.seen if n.name == name)


@pytest.fixture
def heard() -> Iterator[Heard]:
    made = Heard()
    yield made
    if Engine().is_running:
        Engine().stop()
        made.until("SIPEngineDidEnd")


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(PATIENCE)
        yield made


def start(**options: Any) -> None:
    Engine().start(ip_address="127.0.0.1", auto_sound=False, log_level=0, **options)


def test_an_engine_of_its_own_starts_sends_and_stops(heard: Heard, peer: socket.socket) -> None:
    assert (Engine().is_running, Engine().udp_port, Engine().user_agent, Engine().ip_address) == (False, None, None, None)
    start(user_agent="Script/1", trace_sip=True, events={"x-weather": ["text/plain"]}, incoming_requests=["X-PING"])
    assert heard.until("SIPEngineDidStart").sender is Engine()
    assert (Engine().is_running, Engine().user_agent, Engine().ip_address, Engine().tcp_port) == (True, "Script/1", "127.0.0.1", None)
    assert (Engine().udp_port or 0) > 0
    assert Engine().events["x-weather"] == ["text/plain"]
    assert "X-PING" in Engine().incoming_requests
    with pytest.raises(SIPCoreError, match="running"):
        Engine().start()
    message = Message(ME, YOU, RouteHeader(SIPURI("127.0.0.1", port=peer.getsockname()[1])), "text/plain", "hello")
    message.send()
    data, source = peer.recvfrom(65535)
    request = parse_message(data)
    assert isinstance(request, SIPRequest)
    assert (request.body, request.user_agent) == (b"hello", "Script/1")
    peer.sendto(reply(request, 200, tag="x").to_bytes(), source)
    assert heard.until("SIPMessageDidSucceed").data.code == 200
    assert heard.until("SIPEngineSIPTrace").data.data
    assert Engine().trace_sip
    Engine().stop()
    Engine().stop()
    heard.until("SIPEngineDidEnd")
    assert not Engine().is_running
    assert [n.name for n in heard.seen if n.sender is Engine() and n.name != "SIPEngineSIPTrace"] == [
        "SIPEngineWillStart", "SIPEngineDidStart", "SIPEngineWillEnd", "SIPEngineDidEnd",
    ]  # fmt: skip


@pytest.mark.parametrize(("body", "code"), [(b"hello", 200), (b"", 400)])
def test_a_message_of_a_peer_is_told(heard: Heard, peer: socket.socket, body: bytes, code: int) -> None:
    start()
    Engine().set_nameservers(["127.0.0.1", "127.0.0.1:5353"])
    port = Engine().udp_port
    lines = [
        f"MESSAGE sip:alice@127.0.0.1:{port} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{peer.getsockname()[1]};branch=z9hG4bK1;rport",
        "From: <sip:bob@example.com>;tag=1", "To: <sip:alice@example.com>", "Call-ID: c", "CSeq: 1 MESSAGE", "Content-Type: text/plain",
        f"Content-Length: {len(body)}", "", "",
    ]  # fmt: skip
    peer.sendto("\r\n".join(lines).encode() + body, ("127.0.0.1", port or 0))
    answer = parse_message(peer.recv(65535))
    assert getattr(answer, "code", None) == code
    if code == 200:
        data = heard.until("SIPEngineGotMessage").data
        assert (data.body, data.content_type, str(data.from_header.uri)) == (b"hello", "text/plain", "sip:bob@example.com")


def test_a_port_that_cannot_be_had(heard: Heard, peer: socket.socket) -> None:
    with pytest.raises(SIPCoreError, match="cannot be started"):
        start(udp_port=peer.getsockname()[1])
    heard.until("SIPEngineDidFail")
    assert not Engine().is_running
    start()


def test_ports_and_certificates_may_change(heard: Heard, peer: socket.socket) -> None:
    with pytest.raises(SIPCoreError, match="start"):
        Engine().set_udp_port(0)
    start(incoming_requests=["X-PING"])
    first = Engine().udp_port
    Engine().set_udp_port(0)
    assert Engine().udp_port not in (None, first)
    Engine().set_tcp_port(0)
    assert (Engine().tcp_port or 0) > 0
    with pytest.raises(SIPCoreError):
        Engine().set_udp_port(peer.getsockname()[1])
    Engine().set_tls_options(port=0)
    assert Engine().tls_port is None  # without a certificate of ours nothing listens
    assert "X-PING" in Engine().incoming_requests
    assert answer_of(peer, Engine().udp_port or 0, "X-PING") == 500  # taken on the new port too, and answered by nobody here


def answer_of(peer: socket.socket, port: int, method: str) -> int:
    """Send a request that an observer answers with 500; the answer's code."""

    class Refuser:
        def handle_notification(self, notification: Notification) -> None:
            if notification.name == "SIPIncomingRequestGotRequest":
                notification.sender.answer(500)

    NotificationCenter().add_observer(refuser := Refuser())
    lines = [
        f"{method} sip:alice@127.0.0.1:{port} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{peer.getsockname()[1]};branch=z9hG4bK9;rport",
        "From: <sip:bob@example.com>;tag=1", "To: <sip:alice@example.com>", "Call-ID: d", f"CSeq: 1 {method}", "", "",
    ]  # fmt: skip
    peer.sendto("\r\n".join(lines).encode(), ("127.0.0.1", port))
    response = parse_message(peer.recv(65535))
    NotificationCenter().remove_observer(refuser)
    assert isinstance(response, Response)
    return response.code


def test_codecs_and_devices(heard: Heard) -> None:
    assert "PCMU" in Engine().available_codecs
    assert Engine().codecs == Engine().available_codecs
    start_configuration()
    SIPSimpleSettings().rtp.audio_codec_list = ["PCMA"]  # type: ignore[assignment]
    assert Engine().codecs == ["PCMA"]
    start()
    devices = (Engine().input_devices, Engine().output_devices, Engine().sound_devices, Engine().default_input_device)
    assert (*devices, Engine().default_output_device) == ([], [], [], None, None)


def test_a_call_of_a_peer_is_an_invitation(heard: Heard, peer: socket.socket) -> None:
    start()
    port, here = Engine().udp_port, peer.getsockname()[1]
    lines = [
        f"INVITE sip:alice@127.0.0.1:{port} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{here};branch=z9hG4bK7;rport",
        "From: <sip:bob@example.com>;tag=1", "To: <sip:alice@example.com>", "Call-ID: e", "CSeq: 1 INVITE",
        f"Contact: <sip:bob@127.0.0.1:{here}>", "Max-Forwards: 70", "Content-Length: 0", "", "",
    ]  # fmt: skip
    peer.sendto("\r\n".join(lines).encode(), ("127.0.0.1", port or 0))
    invitation = heard.until("SIPInvitationChangedState").sender
    assert (invitation.state, invitation.direction) == ("incoming", "incoming")
    invitation.send_response(603)
    codes = [getattr(parse_message(peer.recv(65535)), "code", 0) for _ in range(2)]
    assert codes == [100, 603]


def test_what_can_be_known_and_taken(heard: Heard) -> None:
    with pytest.raises(ValueError, match="known"):
        Engine().add_event("presence", ["text/plain"])
    with pytest.raises(ValueError, match="not an event"):
        Engine().add_event("a b", [])
    with pytest.raises(SIPCoreError, match="not known"):
        Engine().add_incoming_event("x-nothing")
    Engine().add_incoming_event("presence")
    assert Engine().incoming_events == {"presence"}
    with pytest.raises(SIPCoreError, match="not running"):
        Engine().set_nameservers([])
