"""MESSAGE and INFO inside a call, and status lines as bodies."""

from __future__ import annotations

from support.sip_pair import ANSWER, SIPPair

from blinkq.sip.dialog_events import DialogRequestReceived
from blinkq.sip.events import InvitationFailed, RequestAnswered
from blinkq.sip.sipfrag import fragment, status_of


def test_messages_and_infos_are_answered_and_handed_up() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    for method, kind in (("MESSAGE", "text/plain"), ("INFO", "application/dtmf-relay")):
        pair.alice.do(outgoing.send_request, method, (), b"Signal=5", kind)
        pair.run(0.1)
        assert pair.alice.last(RequestAnswered).code == 200
        event = pair.bob.last(DialogRequestReceived)
        assert event.invitation is incoming
        assert (event.request.method, event.request.body, event.request.content_type) == (method, b"Signal=5", kind)


def test_an_info_package_that_nobody_asked_for_is_refused() -> None:
    pair = SIPPair()
    outgoing, _ = pair.connect()
    pair.alice.do(outgoing.send_request, "INFO", [("Info-Package", "x")])
    pair.run(0.1)
    assert pair.alice.last(RequestAnswered).code == 469
    assert not pair.bob.of(DialogRequestReceived)


def test_status_lines_are_read_and_written() -> None:
    assert status_of(b"SIP/2.0 180 Ringing\r\nTo: x\r\n") == (180, "Ringing")
    assert status_of(b"\r\nsip/2.0 486") == (486, "Busy Here")
    assert status_of(b"SIP/2.0 200 \x01\xff\r\n") == (200, "\N{REPLACEMENT CHARACTER}")
    for nonsense in (b"", b"INVITE sip:x SIP/2.0", b"SIP/2.0 99 x", b"SIP/2.0 700 x", b"\xff\xfe"):
        assert status_of(nonsense) is None
    assert fragment(603, "No\r\nway") == b"SIP/2.0 603 No  way\r\n"
    assert fragment(200) == b"SIP/2.0 200 OK\r\n"


def test_a_message_after_the_end_is_answered_and_not_told() -> None:
    """Our 2xx is still being repeated, as its ACK is missing: the dialog is there, the call is over."""
    pair = SIPPair()
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK")
    outgoing, incoming = pair.ring()
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.run(0.1)
    pair.bob.do(incoming.end)
    pair.run(2)
    assert pair.bob.of(InvitationFailed)
    pair.alice.do(outgoing.send_request, "MESSAGE", (), b"hello", "text/plain")
    pair.run(0.1)
    assert pair.alice.last(RequestAnswered).code == 200
    assert not pair.bob.of(DialogRequestReceived)
