"""WAV files: every common kind reads as the same sound, bad files give a sentence, and a cut-off recording stays readable."""

from __future__ import annotations

import io
import os
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from support.tones import goertzel, sine, snr

from blinkq.media import wav
from blinkq.media.codecs.g711 import G711Encoder
from blinkq.media.wav import WavError, WavReader, WavWriter, open_reader, open_writer

TONE = sine(440, 1.0, 16000)


def make(tag: int, bits: int, data: bytes, *, rate: int = 16000, channels: int = 1, extra: bytes = b"") -> io.BytesIO:
    """A WAV file with a junk chunk before the samples and one after."""
    size = channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * size, size, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"LIST" + struct.pack("<I", 3) + b"odd\0"
    chunks += b"data" + struct.pack("<I", len(data)) + data + b"fact" + struct.pack("<I", 4) + b"junk"
    return io.BytesIO(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks)


def read_all(reader: WavReader, piece: int = 320) -> np.ndarray:
    pieces = []
    while len(got := reader.read(piece)):
        pieces.append(got)
    return np.concatenate(pieces)


EXTENSIBLE = struct.pack("<HHI", 22, 16, 4) + struct.pack("<H", 1) + bytes(14)

KINDS = {
    "8 bit": (make(1, 8, ((TONE >> 8) + 128).astype(np.uint8).tobytes()), 30),
    "16 bit": (make(1, 16, TONE.tobytes()), 90),
    "24 bit": (make(1, 24, (TONE.astype("<i4") << 8).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()), 90),
    "32 bit": (make(1, 32, (TONE.astype("<i4") << 16).tobytes()), 90),
    "float 32": (make(3, 32, (TONE / 32767).astype("<f4").tobytes()), 80),
    "float 64": (make(3, 64, (TONE / 32767).astype("<f8").tobytes()), 80),
    "mu-law": (make(7, 8, G711Encoder("PCMU").encode(TONE)), 30),
    "A-law": (make(6, 8, G711Encoder("PCMA").encode(TONE)), 30),
    "stereo": (make(1, 16, np.repeat(TONE, 2).tobytes(), channels=2), 90),
    "extensible": (make(0xFFFE, 16, TONE.tobytes(), extra=EXTENSIBLE), 90),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_as_the_same_sound(kind: str) -> None:
    file, least = KINDS[kind]
    reader = WavReader(file, 16000)
    assert reader.duration == 1.0
    sound = read_all(reader)
    assert len(sound) == 16000
    assert snr(sound, TONE) > least
    reader.rewind()
    assert np.array_equal(read_all(reader, 1000), sound)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 32000, 44100, 48000])
def test_other_rates_are_converted_without_delay_and_with_the_right_length(rate: int) -> None:
    said = sine(440, 1.0, rate)
    sound = read_all(WavReader(make(1, 16, said.tobytes(), rate=rate), 48000))
    assert abs(len(sound) - 48000) <= 1
    wanted = sine(440, 1.0, 48000)
    # Up to half a sample of delay is left where the delay is no whole number of samples: 37 dB at 440 Hz.
    assert snr(sound[1000:40000], wanted[1000:40000]) > 36


def test_both_channels_are_heard() -> None:
    both = np.stack((sine(440, 0.5, 16000), sine(1000, 0.5, 16000)), axis=1)
    sound = read_all(WavReader(make(1, 16, both.tobytes(), channels=2), 16000))
    assert goertzel(sound, 440, 16000) == pytest.approx(-18, abs=0.5)
    assert goertzel(sound, 1000, 16000) == pytest.approx(-18, abs=0.5)


def test_nonsense_in_float_files_is_tamed() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 5.0], "<f4")
    assert read_all(WavReader(make(3, 32, values.tobytes()), 16000)).tolist() == [0, 32767, -32767, 32767]


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 1 << 30])
def test_a_recording_with_a_wrong_length_in_its_header_is_read_to_the_end(size: int) -> None:
    data = bytearray(wav._header(16000, 0) + TONE.tobytes())
    data[40:44] = struct.pack("<I", size)
    assert len(read_all(WavReader(io.BytesIO(data), 16000))) == 16000


BAD = {
    "is empty": b"",
    "is not a WAV file": b"<html>not a sound</html>",
    "is not a WAV file.": b"RIFF",
    "description of its format is cut": b"RIFF\4\0\0\0WAVEfmt \x02\0\0\0\1\0",
    "no description of its format": b"RIFF\4\0\0\0WAVEdata\x02\0\0\0\1\0",
    "it has no samples": make(1, 16, b"").getvalue()[:36],
    "holds no sound": make(1, 16, b"").getvalue()[:56],
    "compressed (IMA ADPCM)": make(0x11, 4, b"1234").getvalue(),
    "compressed (format 4660)": make(0x1234, 4, b"1234").getvalue(),
    "samples of 12 bits": make(1, 12, b"1234").getvalue(),
    "0 channels": make(1, 16, b"1234", channels=0).getvalue(),
    "at 7 Hz": make(1, 16, b"1234", rate=7).getvalue(),
}


@pytest.mark.parametrize("sentence", BAD)
def test_bad_files_give_a_sentence_that_names_the_file(sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(BAD[sentence])
    with pytest.raises(WavError) as caught:
        open_reader(path, 16000)
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(".")


def test_paths_that_cannot_be_opened_give_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WavError, match="does not exist"):
        open_reader(tmp_path / "none.wav", 16000)
    with pytest.raises(WavError, match="is a folder"):
        open_reader(tmp_path, 16000)
    with pytest.raises(WavError, match="cannot be opened"):
        open_reader("a\0b.wav", 16000)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WavError, match="not a plain file"):
        open_reader(tmp_path / "pipe", 16000)
    with pytest.raises(WavError, match="its folder does not exist"):
        open_writer(tmp_path / "none" / "x.wav", 16000)
    with pytest.raises(WavError, match="a folder has that name"):
        open_writer(tmp_path, 16000)
    with pytest.raises(WavError, match="cannot be made"):
        open_writer("a\0b.wav", 16000)


def test_no_permission_gives_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    # The tests may run as root, who is never refused.
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(WavError, match="no permission to read"):
        open_reader(tmp_path / "x.wav", 16000)
    with pytest.raises(WavError, match="no permission to write"):
        open_writer(tmp_path / "x.wav", 16000)


class FailingFile(io.BytesIO):
    """A disk that fails when told to."""

    failing = False

    def write(self, data: object) -> int:
        if self.failing:
            raise OSError(28, "No space left on device")
        return super().write(data)  # type: ignore[arg-type]  # passed through

    def read(self, size: int | None = -1) -> bytes:
        if self.failing:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_a_failing_disk_gives_a_sentence() -> None:
    file = FailingFile(make(1, 16, TONE.tobytes()).getvalue())
    reader = WavReader(file, 16000)
    file.failing = True
    with pytest.raises(WavError, match="Input/output error"):
        reader.read(1)
    with pytest.raises(WavError, match="Input/output error"):
        WavReader(file, 16000)


def test_a_full_disk_keeps_what_was_written() -> None:
    file = FailingFile()
    writer = WavWriter(file, 16000)
    writer.write(TONE)
    writer.flush()
    file.failing = True
    with pytest.raises(WavError, match="No space left"):
        writer.write(TONE)
    with pytest.raises(WavError, match="No space left"):
        writer.flush()
    saved = file.getvalue()
    with pytest.raises(WavError, match="No space left"):
        writer.close()
    writer.close()
    assert file.closed
    assert np.array_equal(read_all(WavReader(io.BytesIO(saved), 16000)), TONE)


def test_closing_hides_only_what_the_flush_has_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn(io.BytesIO):
        def close(self) -> None:
            super().close()
            raise OSError(28, "No space left on device")

    WavWriter(Stubborn(), 8000).close()


def test_a_file_too_large_for_its_header_is_refused() -> None:
    writer = WavWriter(io.BytesIO(), 16000, size=wav.MAX_DATA - 10)
    with pytest.raises(WavError, match="largest size"):
        writer.write(TONE)


def test_every_flush_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    writer = open_writer(path, 16000)
    for _ in range(3):
        writer.write(TONE)
        writer.flush()
        with wave.open(str(path)) as other:
            assert (other.getnchannels(), other.getsampwidth(), other.getframerate()) == (1, 2, 16000)
            assert other.getnframes() == round(writer.duration * 16000)
    writer.close()


def test_append_goes_on_and_begins_where_there_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    for _ in range(2):
        writer = open_writer(path, 16000, append=True)
        writer.write(TONE)
        writer.close()
    reader = open_reader(path, 16000)
    assert np.array_equal(read_all(reader), np.concatenate((TONE, TONE)))
    reader.close()
    empty = tmp_path / "e.wav"
    open_writer(empty, 16000).close()
    writer = open_writer(empty, 16000, append=True)
    writer.write(TONE)
    writer.close()
    assert empty.stat().st_size == 44 + 32000


def test_append_leaves_other_files_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    for content, sentence in ((make(1, 16, TONE.tobytes()).getvalue(), "cannot be continued"), (b"my diary", "not a WAV")):
        path.write_bytes(content)
        with pytest.raises(WavError, match=sentence):
            open_writer(path, 16000, append=True)
        assert path.read_bytes() == content


def test_a_long_file_is_not_loaded_whole() -> None:
    class Counting(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.most = max(self.most, len(data))
            return data

    file = Counting(make(1, 16, bytes(10_000_000)).getvalue())
    reader = WavReader(file, 48000)
    for _ in range(100):
        assert len(reader.read(960)) == 960
    assert file.most < 100_000
