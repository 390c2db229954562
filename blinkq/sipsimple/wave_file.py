"""Wave files before they are used: whether one can be played at all."""

from __future__ import annotations

import os

from blinkq.media.wav import WavError, open_reader
from blinkq.sipsimple.sip_uri import SIPCoreError

__all__ = ["check_wave_file"]

_ANY_RATE = 48000  # Hz; only the header is looked at


def check_wave_file(path: str | os.PathLike[str]) -> None:
    """Raise SIPCoreError, with a sentence for people, when ``path`` cannot be played."""
    try:
        open_reader(path, _ANY_RATE).close()
    except WavError as error:
        raise SIPCoreError(str(error)) from error
