"""What scripts read of streams beyond the specification, in a standing call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.call_scene import call_scene, flow

from blinkq.compat.adaptations import adapt
from blinkq.sipsimple.configuration.datatypes import Path as PathSetting
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings

CRYPTO = "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"


@flow
async def test_a_plain_stream(tmp_path: Path) -> None:
    undo = adapt()
    try:
        async with call_scene() as s:
            session, _bob = await s.connected()
            stream: Any = session.streams[0]
            assert (stream.encryption.active, stream.encryption.type, stream.encryption.cipher) == (False, None, None)
            assert not stream.encryption.zrtp.sas
            assert stream.recorder is None
            SIPSimpleSettings().audio.directory = PathSetting(str(tmp_path))
            stream.start_recording("call.wav")
            assert stream.recorder.filename == stream.recording_filename
            stream.stop_recording()
            assert stream.recorder is None
    finally:
        undo()


@flow
async def test_an_encrypted_stream() -> None:
    undo = adapt()
    try:
        async with call_scene(rtp__use_srtp_without_tls=True) as s:
            session, bob = await s.incoming((await s.peer()).sdp(CRYPTO, transport="RTP/SAVP"), s.peers[0])
            session.accept(session.proposed_streams or [])
            await s.until("SIPSessionDidStart")
            stream: Any = session.streams[0]
            assert stream.srtp_active
            assert (stream.encryption.active, stream.encryption.type) == (True, "SRTP/SDES")
            assert stream.encryption.cipher == "AES_CM_128_HMAC_SHA1_80"
            assert bob is s.peers[0]
    finally:
        undo()
