"""WireTap: hears PCMU on its way to a peer on loopback, by looking at the packets themselves (needs to be root on Linux)."""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
from support.lab import until

from blinkq.media.codecs.registry import create_decoder
from blinkq.media.control import CodecFormat
from blinkq.media.rtp import RTPError, RTPPacket
from blinkq.media.wav import open_writer

ETH_P_ALL = 0x0003
PACKET_OUTGOING = 4  # loopback shows each packet twice: going out and coming in
SO_TIMESTAMPNS = 35  # the kernel's time of each packet (linux/socket.h)
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
# What the kernel lets through: IP packets whose protocol (octet 9) is UDP. A file that goes over loopback would fill the tap's buffer.
ONLY_UDP = b"".join(struct.pack("HBBI", *step) for step in ((0x30, 0, 0, 9), (0x15, 0, 1, 17), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)))
PCMU = CodecFormat(0, "PCMU", 8000)


class WireTap:
    """Collects the RTP packets that go to UDP ports ``first`` to ``last`` on loopback; a context manager.

    ``times`` has the second at which each of ``packets`` was sent, by the kernel's clock, and ``targets`` the port that it went to.
    """

    def __init__(self, first: int, last: int) -> None:
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        except (AttributeError, PermissionError):
            pytest.skip("packets can only be looked at as root on Linux")
        steps = ctypes.create_string_buffer(ONLY_UDP)
        program = struct.pack("HP", len(ONLY_UDP) // 8, ctypes.addressof(steps))  # "P" is aligned as C aligns it
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)  # or packets are lost while nobody has the time to read
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.2)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._ports = range(first, last + 1)
        self._over = threading.Event()
        self.packets: list[RTPPacket] = []
        self.times: list[float] = []
        self.targets: list[int] = []
        self._thread = threading.Thread(target=self._collect, name="wire tap")

    def __enter__(self) -> WireTap:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def wait_for(self, more: int) -> None:
        """Wait until so many more packets have gone by."""
        count = len(self.packets) + more
        until(lambda: len(self.packets) >= count, f"{more} packets")

    def save(self, path: Path, *, last: float) -> Path:
        """Write what was said in the last ``last`` seconds of packets to a WAV file."""
        decoder = create_decoder(PCMU)
        voice = [packet for packet in self.packets if packet.payload_type == PCMU.payload_type][-round(last * 50) :]
        writer = open_writer(path, PCMU.clock_rate)
        writer.write(np.concatenate([decoder.decode(packet.payload) for packet in voice]))
        writer.close()
        return path

    def _collect(self) -> None:
        while not self._over.is_set():
            try:
                data, notes, _, (_, _, kind, *_rest) = self._socket.recvmsg(65535, 64)
            except TimeoutError:
                continue
            if kind == PACKET_OUTGOING or len(data) < 28 or data[0] >> 4 != 4 or data[9] != socket.IPPROTO_UDP:
                continue
            header = (data[0] & 15) * 4
            (port,) = struct.unpack_from("!H", data, header + 2)
            if port in self._ports:
                try:
                    packet = RTPPacket.parse(data[header + 8 :])
                except RTPError:
                    continue  # RTCP shares the range
                seconds, nanoseconds = struct.unpack("qq", notes[0][2])
                self.targets.append(port)
                self.times.append(seconds + nanoseconds / 1e9)
                self.packets.append(packet)
