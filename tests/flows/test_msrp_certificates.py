"""The certificates of two parties, announced by their fingerprints in SDP and shown on the connection, both ways (RFC 8122)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from support.call_scene import CallScene, call_scene, flow
from support.fake_network import certificate_of
from support.msrp_peer import MSRPPeer

from blinkq.engine.own_certificate import own_certificate
from blinkq.engine.tls import TLSConfig, check_fingerprint
from blinkq.msrp.events import MessageReceived
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationReceived
from blinkq.sipsimple.streams import ChatStream


async def call(s: CallScene, *, shown: Callable[[MSRPPeer], TLSConfig | None], announced: bool = True, extra: str = "") -> Any:
    """Alice writes to Bob, who answers that he connects, and does so with the certificate that ``shown`` says."""
    bob = MSRPPeer(await s.peer())
    await bob.listen()

    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            offer = SessionDescription.parse(event.sdp or b"")
            answer = bob.sdp(setup="active")
            if not announced or extra:
                lines = [line for line in answer.split(b"\r\n") if announced or b"fingerprint" not in line]
                at = next((place for place, line in enumerate(lines) if b"fingerprint" in line), len(lines) - 1)
                answer = b"\r\n".join([*lines[:at], *([extra.encode()] if extra else []), *lines[at:]])
            bob.tls = shown(bob)
            s.engine.loop.loop.create_task(bob.connect(offer))
            bob.peer.do(event.invitation.accept, answer)

    bob.peer.on_event = act
    stream = ChatStream(s.account)
    s.call(bob.peer, streams=[stream])
    return stream, bob


@pytest.mark.parametrize("case", ["announced and shown", "one of several hashes", "neither"])
def test_the_right_certificate_and_none_where_none_is_announced(case: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream, bob = await call(
                s, shown=lambda bob: bob.tls if case != "neither" else None, announced=case != "neither",
                extra="a=fingerprint:sha-1 " + ":".join(["AB"] * 20) if "several" in case else "",
            )  # fmt: skip
            await s.until("SIPSessionDidStart")
            bob.send("text/plain", b"hello Alice")
            assert (await s.until("ChatStreamGotMessage")).message.content == "hello Alice"
            stream.send_message("hello Bob")
            await s.until("ChatStreamDidDeliverMessage")
            bob.stop()

    scene()


@pytest.mark.parametrize("case", ["none", "another", "a hash that can be forged"])
def test_who_does_not_show_what_was_announced_is_not_heard(case: str) -> None:
    @flow
    async def scene() -> None:
        other = own_certificate(time.time())
        async with call_scene() as s:
            shown = {"none": None, "another": other}
            forged = case not in shown
            _stream, bob = await call(
                s, shown=lambda bob: bob.tls if forged else shown[case], announced=not forged,
                extra="a=fingerprint:sha-1 " + ":".join(["AB"] * 20) if forged else "",
            )  # fmt: skip
            while bob.session is None or bob.session.connection is None:
                await s.settle(0.001)
            bob.send("text/plain", b"a forged message")
            reason = (await s.until("MediaStreamDidFail")).reason
            assert "not trusted" in reason if forged else "somebody may be in between" in reason
            await s.until("SIPSessionDidFail")
            assert "ChatStreamGotMessage" not in s.recorder.names
            bob.stop()

    scene()


@flow
async def test_we_show_ours_where_we_connect() -> None:
    async with call_scene() as s:
        bob = MSRPPeer(await s.peer())
        await bob.listen()
        session, _ = await s.incoming(bob.sdp(setup="passive"), bob.peer)
        (stream,) = session.proposed_streams or []
        answers: list[SessionDescription] = []

        def act(event: Any) -> None:
            if isinstance(event, InvitationAnswered):
                answers.append(SessionDescription.parse(event.sdp or b""))
                bob.expect(answers[0])

        bob.peer.on_event = act
        session.accept([stream])
        await s.until("SIPSessionDidStart")
        stream.send_message("hello")
        await s.until("ChatStreamDidDeliverMessage")
        assert bob.of(MessageReceived)
        assert bob.session is not None
        shown = bob.endpoint.peer_certificate(bob.session)
        assert shown == certificate_of(s.engine.msrp.certificate())
        check_fingerprint(shown, answers[0].media[0].get("fingerprint") or "")
        bob.stop()
