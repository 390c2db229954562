"""Encryption of calls by the account's policy: who offers keys, who accepts them, who refuses to speak without."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.media.control import StartStream, UpdateStream
from blinkq.sdp.crypto import CryptoAttribute, parse_all
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationFailed, InvitationReceived, ReinviteAnswered, ReinviteReceived

THEIRS = CryptoAttribute(1, "AES_CM_128_HMAC_SHA1_80", bytes(range(30)))
SHORT = CryptoAttribute(2, "AES_CM_128_HMAC_SHA1_32", bytes(range(1, 31)))


def crypto(line: CryptoAttribute) -> str:
    return f"crypto:{line}"


def answers_with_keys(bob: Peer, line: CryptoAttribute = THEIRS, transport: str = "RTP/SAVP") -> None:
    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            bob.do(event.invitation.accept, bob.sdp(crypto(line), transport=transport))
        elif isinstance(event, ReinviteReceived):
            bob.do(event.invitation.accept_reinvite, bob.sdp(crypto(line), transport=transport))

    bob.on_event = act


@flow
async def test_mandatory_offers_savp_with_keys() -> None:
    async with call_scene(rtp__srtp_encryption="mandatory") as s:
        bob = await s.peer()
        answers_with_keys(bob, SHORT)
        session = s.call(bob)
        await s.until("SIPSessionDidStart")
        media = bob.offer().media[0]
        offered = parse_all(media.get_all("crypto"))
        assert media.transport == "RTP/SAVP"
        assert [(line.tag, line.suite) for line in offered] == [(1, "AES_CM_128_HMAC_SHA1_80"), (2, "AES_CM_128_HMAC_SHA1_32")]
        assert len({line.key for line in offered}) == 2
        start = s.media.last(StartStream)
        assert start.local_key is not None
        assert start.remote_key is not None
        assert (start.local_key.suite, start.local_key.key) == (SHORT.suite, offered[1].key)
        assert (start.remote_key.suite, start.remote_key.key) == (SHORT.suite, SHORT.key)
        assert session.streams[0].srtp_active
        # hold keeps the keys, and only the chosen line
        session.hold()
        await s.until("SIPSessionDidChangeHoldState")
        assert parse_all(bob.offer().media[0].get_all("crypto")) == (offered[1],)
        assert s.media.last(UpdateStream).local_key == start.local_key
        assert s.media.last(UpdateStream).remote_key == start.remote_key


@flow
async def test_mandatory_refuses_a_peer_that_answers_without() -> None:
    async with call_scene(rtp__srtp_encryption="mandatory") as s:
        bob = await s.peer(answering=True)
        s.call(bob)
        data = await s.until("SIPSessionDidFail")
        assert "SRTP" in data.failure_reason
        assert not s.media.all(StartStream)


@flow
async def test_mandatory_refuses_callers_without() -> None:
    async with call_scene(rtp__srtp_encryption="mandatory") as s:
        bob = await s.peer()
        await bob.invite(bob.sdp())
        failed = await bob.until(InvitationFailed)
        assert failed.code == 488
        assert "mandatory" in failed.response.headers.get("Warning")
        assert s.session_names == []


async def _answer_to(s: CallScene, *lines: str, transport: str = "RTP/AVP") -> SessionDescription:
    bob = await s.peer()
    session, _ = await s.incoming(bob.sdp(*lines, transport=transport), bob)
    session.accept(session.proposed_streams or [])
    await s.until("SIPSessionDidStart")
    return SessionDescription.parse(bob.all(InvitationAnswered)[0].sdp)


@pytest.mark.parametrize("policy", ["optional", "mandatory"])
@pytest.mark.parametrize("transport", ["RTP/AVP", "RTP/SAVP"])
@flow
async def test_keys_of_a_caller_are_taken(policy: str, transport: str) -> None:
    async with call_scene(rtp__srtp_encryption=policy) as s:
        unusable = "crypto:9 F8_128_HMAC_SHA1_80 inline:AAAA"
        answer = await _answer_to(s, unusable, crypto(SHORT), crypto(THEIRS), transport=transport)
        (line,) = parse_all(answer.media[0].get_all("crypto"))
        assert (line.tag, line.suite) == (SHORT.tag, SHORT.suite)
        assert line.key != SHORT.key
        assert answer.media[0].transport == transport
        start = s.media.last(StartStream)
        assert start.local_key is not None
        assert start.remote_key is not None
        assert (start.local_key.key, start.remote_key.key) == (line.key, SHORT.key)


@flow
async def test_disabled_answers_plainly_and_refuses_savp() -> None:
    async with call_scene(rtp__srtp_encryption="disabled") as s:
        answer = await _answer_to(s, crypto(THEIRS))
        assert answer.media[0].get("crypto") is None
        assert s.media.last(StartStream).local_key is None
        carol = await s.peer("192.0.2.3")
        await carol.invite(carol.sdp(crypto(THEIRS), transport="RTP/SAVP"))
        assert (await carol.until(InvitationFailed)).code == 488


@pytest.mark.parametrize(("without_tls", "offered"), [(False, 0), (True, 2)])
@flow
async def test_optional_keys_are_not_sent_in_the_clear_unless_wanted(without_tls: bool, offered: int) -> None:
    async with call_scene(rtp__srtp_encryption="optional", rtp__use_srtp_without_tls=without_tls) as s:
        _session, bob = await s.connected()
        media = bob.offer().media[0]
        assert media.transport == "RTP/AVP"
        assert len(media.get_all("crypto")) == offered
        assert s.media.last(StartStream).local_key is None  # the peer answered without


@flow
async def test_optional_keys_are_used_when_the_peer_answers_with_one() -> None:
    async with call_scene(rtp__srtp_encryption="optional", rtp__use_srtp_without_tls=True) as s:
        bob = await s.peer()
        answers_with_keys(bob, transport="RTP/AVP")
        session = s.call(bob)
        await s.until("SIPSessionDidStart")
        assert session.streams[0].srtp_active


@flow
async def test_an_answer_with_a_key_that_was_not_offered_fails() -> None:
    async with call_scene(rtp__srtp_encryption="mandatory") as s:
        bob = await s.peer()
        answers_with_keys(bob, CryptoAttribute(7, "AES_CM_128_HMAC_SHA1_80", bytes(30)))
        s.call(bob)
        assert "keys" in (await s.until("SIPSessionDidFail")).failure_reason


@flow
async def test_the_peer_changes_its_key() -> None:
    async with call_scene(rtp__srtp_encryption="mandatory") as s:
        bob = await s.peer()
        answers_with_keys(bob)
        s.call(bob)
        await s.until("SIPSessionDidStart")
        before = s.media.last(StartStream)
        fresh = CryptoAttribute(5, THEIRS.suite, bytes(30))
        bob.do(bob.invitation.reinvite, bob.sdp(crypto(fresh), transport="RTP/SAVP", version=2))
        await s.until("AudioStreamDidChangeRTPParameters")
        update = s.media.last(UpdateStream)
        assert update.remote_key is not None
        assert update.remote_key.key == fresh.key
        assert update.local_key == before.local_key
        (line,) = parse_all(SessionDescription.parse((await bob.until(ReinviteAnswered)).sdp).media[0].get_all("crypto"))
        assert line.tag == 5


@flow
async def test_the_peer_cannot_talk_us_out_of_encryption() -> None:
    async with call_scene(rtp__srtp_encryption="mandatory") as s:
        bob = await s.peer()
        answers_with_keys(bob)
        session = s.call(bob)
        await s.until("SIPSessionDidStart")
        bob.do(bob.invitation.reinvite, bob.sdp(version=2))
        assert (await bob.until(ReinviteAnswered)).code == 488
        await s.settle()
        assert session.streams[0].srtp_active
        assert not s.media.all(UpdateStream)
