"""The media process: start and revival, memory, processor time of calls, evenness of the RTP it sends while another process keeps busy.

`run()` is for the runner; alone: `python benchmarks/bench_media.py`. Each figure is one run of some seconds of real calls over loopback.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from blinkq.base.clock import SystemClock
from blinkq.engine.media_link import MediaLink
from blinkq.media.control import (
    CodecFormat,
    Connect,
    CryptoKey,
    OpenMixer,
    OpenTransport,
    StartPlayer,
    StartStream,
    StreamDirection,
    TransportOpened,
)
from blinkq.media.wav import open_writer

Figure = tuple[str, float, str]

PCMU = CodecFormat(0, "PCMU", 8000)
OPUS = CodecFormat(96, "opus", 48000, 2, "useinbandfec=1")
PORTS = (42000, 49998)
RATE = 48000

#: Seconds that calls run before and while processor time is taken.
SETTLE, MEASURE = 1.5, 8.0
#: Packets looked at for their spacing.
SPACING_PACKETS = 500

_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")


def run() -> list[Figure]:
    """(name, value, unit) of each figure."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        speech = _write_speech(Path(folder) / "speech.wav")
        figures = await _measure_start()
        figures += await _measure_calls("pcmu", PCMU, 1, speech)
        figures += await _measure_calls("pcmu", PCMU, 10, speech)
        figures += await _measure_calls("opus", OPUS, 1, speech)
        figures += await _measure_calls("opus", OPUS, 10, speech)
        figures += await _measure_calls("pcmu_srtp", PCMU, 1, speech, encrypted=True)
        figures += await _measure_spacing(speech)
        figures += await _measure_revival(speech)
    return figures


async def _measure_start() -> list[Figure]:
    times, idle = [], 0.0
    for _ in range(5):
        link = _link()
        begin = time.perf_counter()
        await link.start()
        times.append(time.perf_counter() - begin)
        idle = _memory(link.pid)
        await link.stop()
    return [("media_start", sorted(times)[2] * 1000, "ms"), ("media_memory_idle", idle, "MiB")]


async def _measure_calls(
    name: str, codec: CodecFormat, count: int, speech: Path, *, encrypted: bool = False
) -> list[Figure]:
    """Two media processes with ``count`` calls between them, speech both ways; processor time of one of them."""
    here, there = _link(), _link()
    await asyncio.gather(here.start(), there.start())
    key = CryptoKey("AES_CM_128_HMAC_SHA1_80", bytes(range(30))) if encrypted else None
    try:
        for link in (here, there):
            await link.request(OpenMixer(1, None, None))
            await link.request(StartPlayer(1, 1, 900, str(speech), loop_count=0))
        for number in range(1, count + 1):
            ends = [await link.request(OpenTransport(number, "127.0.0.1", PORTS)) for link in (here, there)]
            for link, other in ((here, ends[1]), (there, ends[0])):
                assert isinstance(other, TransportOpened)
                await link.request(_stream(number, other.rtp_port, codec, key))
                await link.request(Connect(1, 900, number))
                await link.request(Connect(1, number, 0))
        await asyncio.sleep(SETTLE)
        before, begin = _processor(here.pid), time.perf_counter()
        await asyncio.sleep(MEASURE)
        used = (_processor(here.pid) - before) / (time.perf_counter() - begin) * 100
        memory = _memory(here.pid)
    finally:
        await asyncio.gather(here.stop(), there.stop())
    figures = [(f"media_cpu_{name}_{count}", used / count, "% per call")]
    if count == 1:
        figures.append((f"media_memory_{name}", memory, "MiB"))
    return figures


async def _measure_spacing(speech: Path) -> list[Figure]:
    """Distance of the packets of one call from their 20 ms grid while another process computes without pause."""
    link = _link()
    await link.start()
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with _receiver() as peer:
            await _call_towards(link, peer, speech)
            times = await asyncio.to_thread(_arrivals, peer, SPACING_PACKETS)
    finally:
        busy.kill()
        busy.wait()
        await link.stop()
    errors = np.abs(np.diff(times) - 0.020) * 1000
    return [
        ("rtp_spacing_error_p50", float(np.percentile(errors, 50)), "ms"),
        ("rtp_spacing_error_p99", float(np.percentile(errors, 99)), "ms"),
    ]


async def _measure_revival(speech: Path) -> list[Figure]:
    """From kill -9 to the next RTP packet at the peer."""
    link = _link()
    await link.start()
    gaps = []
    try:
        with _receiver() as peer:
            await _call_towards(link, peer, speech)
            for _ in range(3):
                await asyncio.to_thread(_arrivals, peer, 20)
                link.kill()
                begin = time.perf_counter()
                _drain(peer)
                await asyncio.to_thread(_arrivals, peer, 1)
                gaps.append(time.perf_counter() - begin)
                await asyncio.sleep(4.0)  # more deaths within ten seconds would be given up
    finally:
        await link.stop()
    return [("media_revival", sorted(gaps)[1] * 1000, "ms")]


async def _call_towards(link: MediaLink, peer: socket.socket, speech: Path) -> None:
    await link.request(OpenMixer(1, None, None))
    await link.request(StartPlayer(1, 1, 900, str(speech), loop_count=0))
    await link.request(OpenTransport(1, "127.0.0.1", PORTS))
    await link.request(_stream(1, peer.getsockname()[1], PCMU, None))
    await link.request(Connect(1, 900, 1))


def _link() -> MediaLink:
    return MediaLink(None, SystemClock(), lambda event: None)


def _stream(number: int, port: int, codec: CodecFormat, key: CryptoKey | None) -> StartStream:
    return StartStream(
        number, 1, number, "127.0.0.1", port, port + 1, StreamDirection.SENDRECV, codec, (codec,), local_key=key, remote_key=key
    )


def _receiver() -> socket.socket:
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("127.0.0.1", 0))
    peer.setblocking(False)
    peer.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return peer


def _arrivals(peer: socket.socket, count: int) -> list[float]:
    """When the kernel got the next ``count`` packets: over loopback that is when they were sent."""
    times: list[float] = []
    while len(times) < count:
        if not select.select([peer], [], [], 10.0)[0]:
            raise TimeoutError("no RTP came")
        _, ancillary, _, _ = peer.recvmsg(2000, 64)
        seconds, nanoseconds = _TIMESPEC.unpack_from(ancillary[0][2])
        times.append(seconds + nanoseconds * 1e-9)
    return times


def _drain(peer: socket.socket) -> None:
    while select.select([peer], [], [], 0)[0]:
        peer.recv(2000)


def _processor(pid: int | None) -> float:
    """Seconds of processor time that a process has used, to the nanosecond: /proc counts in ticks, which beat with ours."""
    assert pid is not None
    return time.clock_gettime((~pid << 3) | 2)


def _memory(pid: int | None) -> float:
    """Resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _write_speech(path: Path) -> Path:
    """Some seconds that cost a codec what a voice costs: a gliding buzz in syllables."""
    moment = np.arange(6 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(120 + 25 * np.sin(4 * moment)) / RATE
    buzz = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 25))
    syllables = np.clip(np.sin(2 * np.pi * 3 * moment) + 0.5, 0, 1)
    writer = open_writer(path, RATE)
    writer.write((4000 * buzz * syllables).astype(np.int16))
    writer.close()
    return path


if __name__ == "__main__":
    for name, value, unit in run():
        print(f"{name} {value:.2f} {unit}")
