"""Pairs of UDP ports: even and next, within the range, asked for by number, and clear sentences when there are none."""

from __future__ import annotations

import errno
import select
import socket
from typing import Any

import pytest

from blinkq.base.clock import SeededEntropy
from blinkq.voice.transport import MAX_DATAGRAM, Transport, TransportError

RANGE = (20000, 40000)


def test_the_pair_is_even_and_next() -> None:
    transport = Transport.open("127.0.0.1", RANGE, 0, SeededEntropy(5))
    assert transport.rtp_port % 2 == 0
    assert transport.rtcp_port == transport.rtp_port + 1
    assert RANGE[0] <= transport.rtp_port < RANGE[1]
    transport.close()
    transport.close()


def test_the_same_port_can_be_asked_for_again() -> None:
    first = Transport.open("127.0.0.1", RANGE, 0, SeededEntropy(6))
    port = first.rtp_port
    with pytest.raises(TransportError, match=f"UDP ports {port} and {port + 1} on 127.0.0.1 cannot be used") as caught:
        Transport.open("127.0.0.1", RANGE, port, SeededEntropy())
    assert caught.value.errno
    first.close()
    again = Transport.open("127.0.0.1", RANGE, port, SeededEntropy())
    assert again.rtp_port == port
    again.close()


def test_a_full_range_is_told() -> None:
    first = Transport.open("127.0.0.1", RANGE, 0, SeededEntropy(7))
    port = first.rtp_port
    with pytest.raises(TransportError, match=f"all UDP ports from {port} to {port + 1} on 127.0.0.1 are in use"):
        Transport.open("127.0.0.1", (port, port + 1), 0, SeededEntropy())
    first.close()


@pytest.mark.parametrize("ports", [(0, 0), (5, 5), (6000, 5000), (70000, 80000), (-4, 9)])
def test_a_range_without_room_is_told(ports: tuple[int, int]) -> None:
    with pytest.raises(TransportError, match="has no room"):
        Transport.open("127.0.0.1", ports, 0, SeededEntropy())


def test_addresses_must_be_ours_and_numeric() -> None:
    with pytest.raises(TransportError, match=r"no UDP port can be opened on 192\.0\.2\.1"):
        Transport.open("192.0.2.1", RANGE, 0, SeededEntropy())
    with pytest.raises(TransportError, match="'localhost' is not an IP address"):
        Transport.open("localhost", RANGE, 0, SeededEntropy())
    with pytest.raises(TransportError, match="65535"):
        Transport.open("127.0.0.1", RANGE, 65535, SeededEntropy())


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_datagrams_come_with_source_and_time(address: str) -> None:
    try:
        transport = Transport.open(address, RANGE, 0, SeededEntropy(8))
    except TransportError:
        pytest.skip("no IPv6 here")
    peer = Transport.open(address, RANGE, 0, SeededEntropy(9))
    assert peer.send_rtp(b"rtp", (address, transport.rtp_port))
    assert peer.send_rtcp(b"rtcp", (address, transport.rtcp_port))
    select.select([transport._rtp], [], [], 5)
    select.select([transport._rtcp], [], [], 5)
    (rtp,) = transport.receive_rtp(100.0)
    (rtcp,) = transport.receive_rtcp(100.0)
    assert (rtp.data, rtp.address) == (b"rtp", (address, peer.rtp_port))
    assert (rtcp.data, rtcp.address) == (b"rtcp", (address, peer.rtcp_port))
    assert rtp.arrival == 100.0, "a time far from the caller's is not believed"
    transport.close()
    peer.close()


def test_kernel_time_is_finer_than_the_tick() -> None:
    import time

    transport = Transport.open("127.0.0.1", RANGE, 0, SeededEntropy(10))
    before = time.monotonic()
    transport.send_rtp(b"x", ("127.0.0.1", transport.rtp_port))
    after = time.monotonic()
    select.select([transport._rtp], [], [], 5)
    (datagram,) = transport.receive_rtp(after + 0.5)
    if not transport.dated:
        pytest.skip("this kernel dates no datagrams")
    assert before - 0.01 <= datagram.arrival <= after + 0.01
    transport.close()


def test_giants_are_dropped_and_flushing_empties() -> None:
    transport = Transport.open("127.0.0.1", RANGE, 0, SeededEntropy(11))
    target = ("127.0.0.1", transport.rtp_port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"x" * (MAX_DATAGRAM + 1), target)
        peer.sendto(b"y" * MAX_DATAGRAM, target)
        select.select([transport._rtp], [], [], 5)
        assert [len(datagram.data) for datagram in transport.receive_rtp(0.0)] == [MAX_DATAGRAM]
        for _ in range(200):
            peer.sendto(b"z", target)
    assert len(transport.receive_rtp(0.0)) == 64, "a flood waits for the next tick"
    transport.flush()
    assert transport.receive_rtp(0.0) == []
    transport.close()


def test_what_cannot_be_sent_is_told_not_raised() -> None:
    transport = Transport.open("127.0.0.1", RANGE, 0, SeededEntropy(12))
    assert not transport.send_rtp(b"x", ("::1", 5000))
    transport.close()
    assert not transport.send_rtp(b"x", ("127.0.0.1", 5000))
    assert transport.receive_rtp(0.0) == []


class WindowsSocket(socket.socket):
    """Reports refusals and giants where it is read, as Windows does."""

    errors = [ConnectionResetError(10054, "refused"), OSError(errno.EMSGSIZE, "too long"), ConnectionResetError(10054, "refused")]

    def recvfrom(self, *args: Any) -> Any:
        if self.errors:
            raise self.errors.pop()
        return super().recvfrom(*args)


def test_errors_of_earlier_datagrams_hide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blinkq.voice.transport._SO_TIMESTAMPNS", None)
    rtp, rtcp = WindowsSocket(socket.AF_INET, socket.SOCK_DGRAM), WindowsSocket(socket.AF_INET, socket.SOCK_DGRAM)
    rtp.bind(("127.0.0.1", 0))
    rtcp.bind(("127.0.0.1", 0))
    transport = Transport(rtp, rtcp)
    assert not transport.dated
    transport.send_rtp(b"x", ("127.0.0.1", transport.rtp_port))
    select.select([rtp], [], [], 5)
    assert [(datagram.data, datagram.arrival) for datagram in transport.receive_rtp(7.0)] == [(b"x", 7.0)]
    transport.close()
