"""Opus (RFC 6716, RTP format RFC 7587) through ctypes on libopus, mono at 48 kHz, with in-band FEC and concealment.

PyAV has libopus inside its wheel but reaches neither FEC decoding nor concealment, so the library is called directly.
It is found without importing PyAV; where there is no wheel's library the system's is used.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from blinkq.media.codecs.codec import CodecError, Samples

__all__ = ["SAMPLE_RATE", "OpusDecoder", "OpusEncoder", "is_available", "library_version"]

SAMPLE_RATE = 48000

#: Bits per second for speech in full band: transparent for a voice, and the FEC copy still fits.
DEFAULT_BITRATE = 28000
#: Half the time of the default 9 for a difference nobody hears in speech at this rate.
DEFAULT_COMPLEXITY = 5
#: Loss assumed until the peer reports one, so that FEC is there when the first packet is lost.
DEFAULT_PACKET_LOSS = 5
#: A payload is at most 1275 bytes a frame (RFC 6716 §3.2.1); we send one frame.
_MAX_PAYLOAD = 1500
#: A packet holds up to 120 ms (RFC 6716 §3.1).
_MAX_SAMPLES = SAMPLE_RATE * 120 // 1000
#: Frames an encoder takes: 2.5, 5, 10, 20, 40 and 60 ms.
_FRAME_SIZES = frozenset(SAMPLE_RATE * tenths // 10000 for tenths in (25, 50, 100, 200, 400, 600))
#: Concealment comes in pieces of 2.5 ms.
_CONCEAL_STEP = SAMPLE_RATE * 25 // 10000

_APPLICATION_VOIP = 2048
_SET_BITRATE, _SET_MAX_BANDWIDTH, _SET_VBR, _SET_COMPLEXITY = 4002, 4004, 4006, 4010
_SET_INBAND_FEC, _SET_PACKET_LOSS, _SET_DTX = 4012, 4014, 4016
#: Highest bandwidth for a peer's playback rate in Hz (RFC 7587 §6.1 maxplaybackrate).
_BANDWIDTHS = ((8000, 1101), (12000, 1102), (16000, 1103), (24000, 1104), (SAMPLE_RATE, 1105))


def is_available() -> bool:
    """Whether libopus can be loaded here."""
    try:
        _load()
    except CodecError:
        return False
    return True


def library_version() -> str:
    """Return what libopus calls itself. Raises CodecError when there is none."""
    version: bytes = _load().opus_get_version_string()
    return version.decode()


class OpusEncoder:
    """Speech to Opus. Bit rate and expected loss may be changed at run time."""

    sample_rate = SAMPLE_RATE

    def __init__(
        self,
        *,
        bitrate: int = DEFAULT_BITRATE,
        complexity: int = DEFAULT_COMPLEXITY,
        fec: bool = True,
        dtx: bool = False,
        cbr: bool = False,
        playback_rate: int = SAMPLE_RATE,
    ) -> None:
        """``bitrate`` in bits per second; ``playback_rate`` is what the peer can play, in Hz. Raises CodecError
        without libopus."""
        self._library = _load()
        error = ctypes.c_int()
        self._state = self._library.opus_encoder_create(SAMPLE_RATE, 1, _APPLICATION_VOIP, ctypes.byref(error))
        _check(error.value)
        self._buffer = ctypes.create_string_buffer(_MAX_PAYLOAD)
        self._fec = fec
        self.set_bitrate(bitrate)
        self._set(_SET_COMPLEXITY, complexity)
        self._set(_SET_INBAND_FEC, int(fec))
        self._set(_SET_DTX, int(dtx))
        self._set(_SET_VBR, int(not cbr))
        self._set(_SET_MAX_BANDWIDTH, next((b for rate, b in _BANDWIDTHS if playback_rate <= rate), _BANDWIDTHS[-1][1]))
        self.set_packet_loss(DEFAULT_PACKET_LOSS)

    def __del__(self) -> None:
        # Construction may have failed before there was a state.
        if getattr(self, "_state", None):
            self._library.opus_encoder_destroy(self._state)
            self._state = None

    def encode(self, samples: Samples) -> bytes:
        if len(samples) not in _FRAME_SIZES:
            raise CodecError(f"Opus has no frame of {len(samples)} samples.")
        samples = np.ascontiguousarray(samples)
        size = self._library.opus_encode(
            self._state, samples.ctypes.data, len(samples), self._buffer, len(self._buffer)
        )
        _check(size)
        return self._buffer.raw[:size]

    def set_bitrate(self, bitrate: int) -> None:
        """Change the bit rate (bits per second; bounded to what libopus takes)."""
        self._set(_SET_BITRATE, max(6000, min(510000, bitrate)))

    def set_packet_loss(self, percent: int) -> None:
        """Tell how many percent of packets the peer loses: the more, the more of each goes into the next (FEC)."""
        self._set(_SET_PACKET_LOSS, max(0, min(100, percent)))

    def _set(self, request: int, value: int) -> None:
        # The third argument is variadic: it must be passed as a C int by name.
        _check(self._library.opus_encoder_ctl(self._state, ctypes.c_int(request), ctypes.c_int(value)))


class OpusDecoder:
    """Opus of any kind (stereo is mixed down by libopus) to mono at 48 kHz."""

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        """Raises CodecError without libopus."""
        self._library = _load()
        error = ctypes.c_int()
        self._state = self._library.opus_decoder_create(SAMPLE_RATE, 1, ctypes.byref(error))
        _check(error.value)
        self._output = np.zeros(_MAX_SAMPLES, np.int16)

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._library.opus_decoder_destroy(self._state)
            self._state = None

    def decode(self, payload: bytes) -> Samples:
        return self._decode(payload, len(payload), _MAX_SAMPLES, 0)

    def conceal(self, count: int, following: bytes | None = None) -> Samples:
        """Return ``count`` samples: from the FEC copy inside ``following`` when it has one, else invented by libopus.

        The copy tells only the last frame before ``following``; a longer gap is to be concealed in several steps.
        """
        wanted = min(_MAX_SAMPLES, -(-count // _CONCEAL_STEP) * _CONCEAL_STEP)
        if following:
            try:
                return self._decode(following, len(following), wanted, 1)[:count]
            except CodecError:
                # The packet after the gap is broken: the gap is concealed all the same.
                pass
        return self._decode(None, 0, wanted, 0)[:count]

    def _decode(self, payload: bytes | None, size: int, limit: int, fec: int) -> Samples:
        count = self._library.opus_decode(self._state, payload, size, self._output.ctypes.data, limit, fec)
        _check(count)
        return self._output[:count].copy()


def _check(code: int) -> None:
    if code < 0:
        text: bytes = _load().opus_strerror(code)
        raise CodecError(f"Opus: {text.decode()}.")


@cache
def _load() -> ctypes.CDLL:
    """Load libopus once. Raises CodecError when no file can be loaded."""
    problems = []
    for name in _candidates():
        try:
            library = ctypes.CDLL(name)
            _declare(library)
        except (OSError, AttributeError) as error:
            problems.append(f"{Path(name).name}: {error}")
            continue
        return library
    detail = "; ".join(problems) or "no file found"
    raise CodecError(f"Opus is not available: libopus cannot be loaded ({detail}). Install the package av or libopus.")


def _candidates() -> Iterator[str]:
    """Files that may be libopus: beside the av package (Linux, Windows), inside it (macOS), the system's."""
    spec = importlib.util.find_spec("av")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        package = Path(location)
        for folder in (package.parent / "av.libs", package / ".dylibs"):
            yield from (str(path) for path in sorted(folder.glob("*opus*")))
    system = ctypes.util.find_library("opus")
    if system:
        yield system


def _declare(library: ctypes.CDLL) -> None:
    """Say what the functions take and give: on 64-bit systems a pointer taken for an int is cut in half."""
    pointer, number = ctypes.c_void_p, ctypes.c_int
    error = ctypes.POINTER(ctypes.c_int)
    signatures: dict[str, tuple[object, list[object]]] = {
        "opus_encoder_create": (pointer, [ctypes.c_int32, number, number, error]),
        "opus_encode": (ctypes.c_int32, [pointer, pointer, number, ctypes.c_char_p, ctypes.c_int32]),
        "opus_encoder_destroy": (None, [pointer]),
        "opus_decoder_create": (pointer, [ctypes.c_int32, number, error]),
        "opus_decode": (number, [pointer, ctypes.c_char_p, ctypes.c_int32, pointer, number, number]),
        "opus_decoder_destroy": (None, [pointer]),
        "opus_get_version_string": (ctypes.c_char_p, []),
        "opus_strerror": (ctypes.c_char_p, [number]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    # Variadic: only the first argument can be declared (the rest would break the calling convention on arm64 macOS).
    library.opus_encoder_ctl.restype, library.opus_encoder_ctl.argtypes = number, [pointer]
