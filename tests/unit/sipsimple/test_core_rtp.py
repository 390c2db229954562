"""RTPTransport and AudioTransport over a fake media process: a call that a script puts together itself."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, audio_sdp, call_scene, flow

from blinkq.base.errors import IllegalStateError
from blinkq.media.control import (
    CloseTransport,
    DTMFReceived,
    OpenTransport,
    SendDTMF,
    StartStream,
    StopStream,
    StreamDirection,
    StreamTimedOut,
    UpdateStream,
)
from blinkq.media.ice_control import EndIce, IceFailed, RestartIce, StartIce
from blinkq.sipsimple.core import AudioTransport, RTPTransport, SDPAttribute, SDPConnection, SDPSession, SIPCoreError
from blinkq.sipsimple.runtime import Runtime

BOB = "192.0.2.2"
ICE = (
    "ice-ufrag:bobs", f"ice-pwd:{'b' * 22}", f"candidate:1 1 UDP 2130706431 {BOB} 4000 typ host",
    f"candidate:1 2 UDP 2130706430 {BOB} 4001 typ host",
)  # fmt: skip


def bobs(*extra: str, **kwargs: Any) -> SDPSession:
    return SDPSession.parse(audio_sdp(BOB, extra=extra, **kwargs))


def ours(media: Any) -> SDPSession:
    return SDPSession("192.0.2.1", connection=SDPConnection("192.0.2.1"), media=[media])


async def initialised(s: CallScene, **options: Any) -> RTPTransport:
    transport = RTPTransport(**options)
    transport.set_INIT()
    assert transport.state == "WAIT_STUN"
    await s.until("RTPTransportDidInitialize")
    assert transport.state == "INIT"
    return transport


def mixer() -> Any:
    assert Runtime.voice_audio_mixer is not None
    return Runtime.voice_audio_mixer


@flow
async def test_sound_without_ice() -> None:
    async with call_scene() as s:
        transport = await initialised(s)
        assert (transport.local_rtp_address, transport.local_rtp_port) == ("192.0.2.1", 50000)
        audio = AudioTransport(mixer(), transport, codecs=["PCMU"])
        assert transport.state == "LOCAL"
        assert (audio.is_started, audio.codec, audio.statistics, audio.slot) == (False, None, None, None)
        media = audio.get_local_media()
        assert (media.port, media.direction) == (50000, "sendrecv")
        audio.start(ours(media), bobs(), 0, timeout=12)
        assert (audio.is_started, audio.codec, audio.sample_rate, audio.direction) == (True, "PCMU", 8000, "sendrecv")
        assert transport.state == "ESTABLISHED"
        await s.settle(0.1)
        started = s.media.last(StartStream)
        assert (started.remote_address, started.remote_port, started.timeout, started.slot) == (BOB, 4000, 12, audio.slot)
        assert (transport.remote_rtp_address, transport.remote_rtp_port, transport.ice_active) == (BOB, 4000, False)
        audio.update_direction("sendonly")
        assert s.media.last(UpdateStream).direction is StreamDirection.SENDONLY
        audio.update_sdp(ours(audio.get_local_media()), bobs(port=4444), 0)
        assert s.media.last(UpdateStream).remote_port == 4444
        audio.send_dtmf("5")
        assert s.media.last(SendDTMF).digit == "5"
        s.media.emit(DTMFReceived(transport.number, "7"))
        s.media.emit(StreamTimedOut(transport.number))
        assert s.recorder.last("RTPAudioStreamGotDTMF").digit == "7"
        assert s.recorder.all("RTPAudioTransportDidTimeout")
        audio.stop()
        audio.stop()
        transport.close()
        transport.close()
        assert s.media.all(StopStream) == [StopStream(transport.number)]
        assert s.media.all(CloseTransport) == [CloseTransport(transport.number)]
        assert transport.state == "INVALID"
        assert not audio.is_active


@flow
async def test_an_offer_with_ice() -> None:
    async with call_scene() as s:
        transport = await initialised(s, use_ice=True, ice_stun_address="192.0.2.9")
        gathering = s.media.last(OpenTransport).ice
        assert gathering is not None
        assert gathering.stun_server == ("192.0.2.9", 3478)
        audio = AudioTransport(mixer(), transport)
        media = audio.get_local_media()
        assert media.has_ice_attributes
        assert media.has_ice_candidates
        s.media.ice = ""
        audio.start(ours(media), bobs(*ICE), 0)
        await s.settle(0.1)
        assert not s.media.all(StartStream)
        assert (audio.is_started, audio.is_active) == (True, False)
        s.media.emit(s.media.select(s.media.last(StartIce)))
        await s.settle(0.1)
        assert s.media.last(StartStream).ice_pairs
        assert transport.ice_active
        assert transport.remote_rtp_candidate is not None
        assert transport.local_rtp_candidate is not None
        assert (transport.remote_rtp_candidate.type, transport.local_rtp_candidate.address) == ("HOST", "192.0.2.1")
        assert (transport.local_rtp_address, transport.remote_rtp_address, transport.remote_rtp_port) == ("192.0.2.1", BOB, 4000)
        states = [data.state for data in s.recorder.all("RTPTransportICENegotiationStateDidChange")]
        assert states[-1] == "ICE Negotiation Succeeded"
        assert s.recorder.last("RTPTransportICENegotiationDidSucceed").valid_pairs


@flow
async def test_an_answer_with_ice_that_finds_no_way() -> None:
    async with call_scene() as s:
        transport = await initialised(s, use_ice=True)
        offer = bobs(*ICE)
        audio = AudioTransport(mixer(), transport, offer, 0)
        assert transport.state == "REMOTE"
        assert s.media.last(RestartIce).controlling is False
        media = audio.get_local_media(direction="recvonly")
        assert media.direction == "recvonly"
        assert f"ice-ufrag:{s.media.last(RestartIce).ufrag}" in str(media)
        s.media.ice = ""
        audio.start(ours(media), offer, 0)
        s.media.emit(IceFailed(transport.number, 1, "No way."))
        await s.settle(0.1)
        assert s.media.all(EndIce)
        assert s.media.last(StartStream).ice_pairs == ()
        assert s.recorder.last("RTPTransportICENegotiationDidFail").reason == "No way."


@flow
async def test_a_description_is_filled_in() -> None:
    async with call_scene() as s:
        transport = await initialised(s, use_ice=True)
        described = ours(bobs("ice-ufrag:old", "sendonly", "rtcp:9").media[0])
        transport.update_local_sdp(described)
        media = described.media[0]
        assert media.connection is not None
        assert (media.port, media.connection.address, media.direction) == (50000, "192.0.2.1", "sendonly")
        assert [one.value for one in media.attributes if one.name == "ice-ufrag"] != ["old"]
        assert media.has_ice_candidates
        assert SDPAttribute("rtcp", "9") not in media.attributes


@flow
async def test_ports_that_cannot_be_opened() -> None:
    async with call_scene() as s:
        s.media.refuse = lambda command: "No ports." if isinstance(command, OpenTransport) else None
        transport = RTPTransport()
        transport.set_INIT()
        await s.until("RTPTransportDidFail")
        assert s.recorder.last("RTPTransportDidFail").reason == "No ports."
        assert transport.state == "INVALID"


@flow
async def test_wrong_moments_and_values() -> None:
    async with call_scene() as s:
        with pytest.raises(ValueError, match="zrtp"):
            RTPTransport("zrtp")
        with pytest.raises(ValueError, match="example"):
            RTPTransport(use_ice=True, ice_stun_address="stun.example.com")
        transport = RTPTransport("sdes_mandatory")
        with pytest.raises(SIPCoreError, match="state NULL"):
            AudioTransport(mixer(), transport)
        with pytest.raises(IllegalStateError, match="set_LOCAL"):
            transport.set_LOCAL(bobs(), 0)
        transport.set_INIT()
        with pytest.raises(IllegalStateError, match="set_INIT"):
            transport.set_INIT()
        with pytest.raises(SIPCoreError, match="not initialised"):
            transport.place(for_offer=True)
        await s.until("RTPTransportDidInitialize")
        with pytest.raises(SIPCoreError, match="mandatory"):
            AudioTransport(mixer(), transport, bobs(), 0)
        assert transport.state == "INIT"
        audio = AudioTransport(mixer(), transport)
        media = audio.get_local_media()
        assert media.transport == "RTP/SAVP"
        with pytest.raises(SIPCoreError, match="do not fit"):
            audio.start(ours(media), bobs(), 0)
        assert not audio.is_started
        with pytest.raises(ValueError, match="direction"):
            audio.update_direction("both")
        with pytest.raises(SIPCoreError, match="digit"):
            audio.send_dtmf("x")
        with pytest.raises(SIPCoreError, match="now"):
            audio.send_dtmf("1")
        with pytest.raises(IllegalStateError, match="not started"):
            audio.update_sdp(ours(media), bobs(), 0)
        transport.close()
