"""WAV files: read any common PCM kind as mono at a wanted rate, write 16-bit mono that stays readable whatever happens.

Reader and writer work on binary files given to them and hold only a block in memory, so hours of sound cost nothing;
``open_reader`` and ``open_writer`` open a path and turn what can go wrong into sentences. What this is not: players
and recorders (``voice/``).
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from blinkq.base.errors import BlinkQError
from blinkq.media.codecs.codec import Samples
from blinkq.media.codecs.g711 import alaw_table, mulaw_table
from blinkq.media.resample import Resampler

__all__ = ["WavError", "WavFormat", "WavReader", "WavWriter", "open_reader", "open_writer"]

#: Sample rates taken from a header: below is no speech, above is no sound card.
MIN_RATE, MAX_RATE = 4000, 192000
#: More channels than any recording has: a broken header.
MAX_CHANNELS = 32
#: The sizes in a header have 32 bits; a recording of 48 kHz reaches this after 12 hours.
MAX_DATA = 0xFFFFFFFF - 1024

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE
_NAMES = {0x02: "Microsoft ADPCM", 0x11: "IMA ADPCM", 0x31: "GSM 6.10", 0x50: "MPEG", 0x55: "MP3", 0xFF: "AAC"}
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
#: Frames read from the file at once.
_BLOCK = 4096


class WavError(BlinkQError):
    """A WAV file that cannot be read or written; the message is a sentence for people."""


class WavFormat(NamedTuple):
    """How samples lie in a file: format tag, channels, rate in Hz, bits per sample, first byte and number of bytes."""

    tag: int
    channels: int
    sample_rate: int
    bits: int
    offset: int
    size: int

    @property
    def frame_size(self) -> int:
        return self.channels * (self.bits // 8)


class WavReader:
    """Reads a WAV file as mono 16-bit PCM at ``sample_rate`` Hz, a piece at a time."""

    _pending: Samples

    def __init__(self, file: BinaryIO, sample_rate: int, *, name: str = "The sound file") -> None:
        """``file`` is seekable and stays the caller's until ``close``; ``name`` begins the sentences of errors.

        Raises WavError when it is no WAV file that can be played, or holds no sound.
        """
        self.name = name
        self.format = read_format(file, name)
        self._file = file
        self._resampler = Resampler(self.format.sample_rate, sample_rate)
        self._sample_rate = sample_rate
        self.rewind()

    @property
    def duration(self) -> float:
        """Length of the sound in seconds."""
        return self.format.size // self.format.frame_size / self.format.sample_rate

    def read(self, count: int) -> Samples:
        """Return the next ``count`` samples; fewer at the end, then none. Raises WavError when the disk fails."""
        while len(self._pending) < count and not self._ended:
            self._fill()
        result, self._pending = self._pending[:count], self._pending[count:]
        return result

    def rewind(self) -> None:
        """Go back to the beginning."""
        self._resampler.reset()
        self._file.seek(self.format.offset)
        self._left = self.format.size
        self._ended = False
        self._pending = np.zeros(0, np.int16)
        # The resampler's delay at the beginning is cut off, so that files loop without a gap.
        self._skip = round(self._resampler.delay * self._sample_rate)

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._file.close()

    def _fill(self) -> None:
        wanted = min(_BLOCK * self.format.frame_size, self._left)
        try:
            data = self._file.read(wanted) if wanted else b""
        except OSError as error:
            raise WavError(f"{self.name} cannot be read: {error.strerror or error}.") from error
        data = data[: len(data) - len(data) % self.format.frame_size]
        self._left -= len(data)
        if data:
            samples = self._resampler.process(_to_mono(data, self.format))
        else:
            self._ended = True
            samples = self._resampler.process(
                np.zeros(int(np.ceil(self._resampler.delay * self.format.sample_rate)), np.int16)
            )
        skipped = min(self._skip, len(samples))
        self._skip -= skipped
        self._pending = np.concatenate((self._pending, samples[skipped:]))


class WavWriter:
    """Writes 16-bit mono PCM. After each ``flush`` the header tells the true length, so a crash or a full disk loses
    little."""

    def __init__(self, file: BinaryIO, sample_rate: int, *, name: str = "The recording", size: int = 0) -> None:
        """``file`` is seekable and is the writer's from now on; ``size`` bytes of samples are in it already (append).

        Raises WavError when the header cannot be written.
        """
        self.name = name
        self.sample_rate = sample_rate
        self._file = file
        self._size = size
        self._closed = False
        if size:
            self._file.seek(_HEADER.size + size)
        else:
            self.flush()

    @property
    def duration(self) -> float:
        """Seconds written."""
        return self._size / 2 / self.sample_rate

    def write(self, samples: Samples) -> None:
        """Add samples. Raises WavError when the disk is full or the file has reached what a WAV file can hold."""
        data = samples.astype("<i2", copy=False).tobytes()
        if self._size + len(data) > MAX_DATA:
            raise WavError(f"{self.name} has reached the largest size of a WAV file.")
        try:
            self._file.write(data)
        except OSError as error:
            raise self._error(error) from error
        self._size += len(data)

    def flush(self) -> None:
        """Bring what was written and its length to the file. Raises WavError when the disk is full."""
        try:
            self._file.flush()
            self._file.seek(0)
            self._file.write(_header(self.sample_rate, self._size))
            self._file.flush()
            self._file.seek(_HEADER.size + self._size)
        except OSError as error:
            raise self._error(error) from error

    def close(self) -> None:
        """Write the final length and close the file. Idempotent. Raises WavError when that fails; the file is closed
        all the same."""
        if self._closed:
            return
        self._closed = True
        try:
            self.flush()
        finally:
            try:
                self._file.close()
            except OSError:
                # Closing tries to write what did not fit; that was reported by the flush.
                pass

    def _error(self, error: OSError) -> WavError:
        return WavError(f"{self.name} cannot be written: {error.strerror or error}.")


def open_reader(path: str | os.PathLike[str], sample_rate: int) -> WavReader:
    """Open a WAV file for reading at ``sample_rate`` Hz. Raises WavError with a sentence that names the file."""
    name = f"The sound file {os.fspath(path)}"
    try:
        if os.path.isdir(path):  # opening one fails for another reason on each system
            raise WavError(f"{name} is a folder, not a WAV file.")
        if os.path.exists(path) and not os.path.isfile(path):
            # Opening a pipe would wait for whoever writes into it.
            raise WavError(f"{name} is not a plain file.")
        file = open(path, "rb")  # noqa: SIM115 - the reader closes it
    except FileNotFoundError as error:
        raise WavError(f"{name} does not exist.") from error
    except PermissionError as error:
        raise WavError(f"{name} cannot be opened: no permission to read it.") from error
    except (OSError, ValueError) as error:
        raise WavError(f"{name} cannot be opened: {error}.") from error
    try:
        return WavReader(file, sample_rate, name=name)
    except WavError:
        file.close()
        raise


def open_writer(path: str | os.PathLike[str], sample_rate: int, *, append: bool = False) -> WavWriter:
    """Open a WAV file for writing at ``sample_rate`` Hz; folders must exist. Raises WavError with a sentence.

    With ``append`` an existing file made by this writer at the same rate is continued; a missing or empty one is begun.
    """
    name = f"The recording {os.fspath(path)}"
    try:
        if os.path.isdir(path):
            raise WavError(f"{name} cannot be made: a folder has that name.")
        if append and os.path.exists(path) and os.path.getsize(path):
            return _open_append(path, sample_rate, name)
        file = open(path, "w+b", buffering=1 << 16)  # noqa: SIM115  # the writer keeps it
        try:
            return WavWriter(file, sample_rate, name=name)
        except WavError:
            # Closing tries once more to write what did not fit; the file is closed all the same.
            with contextlib.suppress(OSError):
                file.close()
            raise
    except FileNotFoundError as error:
        raise WavError(f"{name} cannot be made: its folder does not exist.") from error
    except PermissionError as error:
        raise WavError(f"{name} cannot be made: no permission to write there.") from error
    except (OSError, ValueError) as error:
        raise WavError(f"{name} cannot be made: {getattr(error, 'strerror', None) or error}.") from error


def read_format(file: BinaryIO, name: str) -> WavFormat:
    """Find format and samples in a WAV file. Raises WavError with a sentence that begins with ``name``."""
    try:
        file.seek(0)
        head = file.read(12)
        if not head:
            raise WavError(f"{name} is empty.")
        if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
            raise WavError(f"{name} is not a WAV file.")
        return _read_chunks(file, name)
    except OSError as error:
        raise WavError(f"{name} cannot be read: {error.strerror or error}.") from error


def _read_chunks(file: BinaryIO, name: str) -> WavFormat:
    fields: tuple[int, int, int, int] | None = None
    end = file.seek(0, io.SEEK_END)
    position = 12
    while position + _CHUNK.size <= end:
        file.seek(position)
        kind, size = _CHUNK.unpack(file.read(_CHUNK.size))
        position += _CHUNK.size
        if kind == b"fmt ":
            fields = _read_fields(file.read(min(size, 40)), name)
        elif kind == b"data":
            if fields is None:
                break
            # A recorder that was killed leaves 0 or the greatest size: what is there counts. RF64 says it always.
            left = end - position
            length = left if size in (0, 0xFFFFFFFF) else min(size, left)
            found = WavFormat(*fields, position, 0)
            length -= length % found.frame_size
            if not length:
                raise WavError(f"{name} holds no sound.")
            return found._replace(size=length)
        position += size + size % 2
    raise WavError(f"{name} is damaged: it has no {'samples' if fields else 'description of its format'}.")


def _read_fields(data: bytes, name: str) -> tuple[int, int, int, int]:
    if len(data) < _FORMAT.size:
        raise WavError(f"{name} is damaged: the description of its format is cut off.")
    tag, channels, rate, _, _, bits = _FORMAT.unpack_from(data)
    if tag == _EXTENSIBLE and len(data) >= 26:
        (tag,) = struct.unpack_from("<H", data, 24)
    if tag not in (_PCM, _FLOAT, _ALAW, _MULAW):
        kind = _NAMES.get(tag, f"format {tag}")
        raise WavError(f"{name} is compressed ({kind}); only uncompressed WAV files can be played.")
    if bits not in {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}.get(tag, (8,)):
        raise WavError(f"{name} has samples of {bits} bits, which cannot be played.")
    if not (0 < channels <= MAX_CHANNELS and MIN_RATE <= rate <= MAX_RATE):
        raise WavError(f"{name} is damaged: {channels} channels at {rate} Hz.")
    return tag, channels, rate, bits


def _to_mono(data: bytes, format: WavFormat) -> Samples:
    """Decode whole frames to 16 bits and average the channels."""
    samples = _decode(data, format.tag, format.bits)
    if format.channels > 1:
        samples = samples.reshape(-1, format.channels).mean(axis=1)
    if samples.dtype != np.int16:
        samples = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return samples


def _decode(data: bytes, tag: int, bits: int) -> NDArray[Any]:
    """Samples on the 16-bit scale, as int16 or float."""
    if tag in (_ALAW, _MULAW):
        table = alaw_table() if tag == _ALAW else mulaw_table()
        return table[np.frombuffer(data, np.uint8)]
    if tag == _FLOAT:
        values = np.frombuffer(data, "<f4" if bits == 32 else "<f8").astype(np.float64)
        return np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0) * 32767.0
    if bits == 8:
        return (np.frombuffer(data, np.uint8).astype(np.int16) - 128) << 8
    if bits == 24:
        # The upper two bytes of each sample.
        upper = np.frombuffer(data, np.uint8).reshape(-1, 3)[:, 1:]
        return np.ascontiguousarray(upper).view("<i2").reshape(-1).astype(np.int16)
    if bits == 32:
        return (np.frombuffer(data, "<i4") >> 16).astype(np.int16)
    return np.frombuffer(data, "<i2").astype(np.int16, copy=False)


def _header(sample_rate: int, size: int) -> bytes:
    fields = (b"fmt ", 16, _PCM, 1, sample_rate, sample_rate * 2, 2, 16)
    return _HEADER.pack(b"RIFF", _HEADER.size - 8 + size, b"WAVE", *fields, b"data", size)


def _open_append(path: str | os.PathLike[str], sample_rate: int, name: str) -> WavWriter:
    file = open(path, "r+b", buffering=1 << 16)  # noqa: SIM115 - the writer closes it
    try:
        try:
            found = read_format(file, name)
        except WavError:
            # A recording that was begun and never got a sample may go on; anything else is not ours to overwrite.
            file.seek(0)
            if file.read() != _header(sample_rate, 0):
                raise
            return WavWriter(file, sample_rate, name=name)
        if found[:4] != (_PCM, 1, sample_rate, 16) or found.offset != _HEADER.size:
            raise WavError(f"{name} cannot be continued: it is not a 16-bit mono recording at {sample_rate} Hz.")
        return WavWriter(file, sample_rate, name=name, size=found.size)
    except BaseException:
        file.close()
        raise
