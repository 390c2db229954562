"""Settings that are changed while the application runs: the next call has them."""

from __future__ import annotations

import asyncio

from support.call_scene import call_scene, flow

from blinkq.media.control import OpenTransport, StartStream
from blinkq.sdp.description import MediaDescription
from blinkq.sip.events import InvitationReceived
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings


def _codecs(media: MediaDescription) -> list[str]:
    return [each.name for each in media.rtp_formats if not each.is_dtmf]


@flow
async def test_the_next_call_has_what_was_changed() -> None:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        session = s.call(bob)
        await s.until("SIPSessionDidStart")
        settings = SIPSimpleSettings()
        settings.rtp.audio_codec_list = ["PCMA"]  # type: ignore[assignment]
        settings.rtp.port_range = "40000-40100"  # type: ignore[assignment]
        settings.rtp.timeout = 7  # type: ignore[assignment]
        settings.save()
        s.account.rtp.srtp_encryption = "mandatory"  # type: ignore[assignment]
        s.account.rtp.use_srtp_without_tls = True
        s.account.save()
        assert session.streams[0].codec == "opus", "a call that stands keeps what was agreed"
        session.end()
        await s.until("SIPSessionDidEnd")
        s.call(bob)
        await bob.until(InvitationReceived, 2)
        offer = bob.offer().media[0]
        assert _codecs(offer) == ["PCMA"]
        assert offer.transport == "RTP/SAVP"
        assert s.media.last(OpenTransport).port_range == (40000, 40100)
        s.account.rtp.audio_codec_list = ["PCMU"]  # type: ignore[assignment]
        s.account.rtp.srtp_encryption = "disabled"  # type: ignore[assignment]
        s.account.save()
        s.call(bob)
        await s.until("SIPSessionDidStart", 2)
        assert bob.offer().media[0].transport == "RTP/AVP"
        assert _codecs(bob.offer().media[0]) == ["PCMU"]
        assert s.media.last(StartStream).timeout == 7.0


@flow
async def test_how_long_a_called_party_may_ring_is_asked_at_each_call() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: bob.do(event.invitation.ring, 180) if isinstance(event, InvitationReceived) else None
        settings = SIPSimpleSettings()
        settings.sip.invite_timeout = 10  # type: ignore[assignment]
        settings.save()
        begun = asyncio.get_running_loop().time()
        s.call(bob)
        await s.until("SIPSessionDidFail")
        assert 9 <= asyncio.get_running_loop().time() - begun <= 13
