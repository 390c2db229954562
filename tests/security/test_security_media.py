"""Sound that is sent to us by others than the peer, and packets made to hurt. Two real streams over loopback, a clock set by hand."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from support.voice import EVENTS, PCMU, TICK, HandClock, Party, key, run

from blinkq.media.control import DTMFReceived, RemoteAddressChanged
from blinkq.media.rtcp import build_compound, parse_compound
from blinkq.media.rtp import RTPError, RTPPacket
from blinkq.voice.latching import PROBATION, SILENCE, Latch
from blinkq.voice.transport import Transport

SIGNALLED, STRANGER = ("192.0.2.1", 4000), ("198.51.100.7", 5000)


class Trio:
    """Alice and Bob talk, Mallory knows Alice's port."""

    def __init__(self) -> None:
        clock = HandClock()
        self.alice, self.bob = Party(1, clock), Party(2, clock)
        self.mallory = Party(3, clock)

    def start(self, secure: bool) -> None:
        one, two = (key(1), key(2)) if secure else (None, None)
        self.alice.start(self.bob, local_key=one, remote_key=two)
        self.bob.start(self.alice, local_key=two, remote_key=one)

    def attack(self, data: bytes, *, rtcp: bool = False) -> None:
        port = self.alice.transport.rtcp_port if rtcp else self.alice.transport.rtp_port
        self.mallory.transport.send_rtp(data, ("127.0.0.1", port))


@pytest.fixture
def trio() -> Iterator[Trio]:
    made = Trio()
    yield made
    for party in (made.alice, made.bob, made.mallory):
        party.close()


def packet(sequence: int, payload: bytes = bytes(160), payload_type: int = 0, timestamp: int | None = None) -> bytes:
    time = sequence * 160 & 0xFFFFFFFF if timestamp is None else timestamp
    return RTPPacket(payload_type, sequence & 0xFFFF, time, 666, payload).to_bytes()


def test_the_signalled_source_takes_the_sound_back_from_a_stranger_at_once() -> None:
    """Mallory speaks first, before the peer's first packet, and goes on: the peer must not be locked out."""
    latch = Latch(SIGNALLED, authenticated=False)
    for index in range(PROBATION):
        latch.accept(STRANGER, 1, index, index * TICK)
    assert latch.current == STRANGER
    assert latch.accept(SIGNALLED, 2, 100, 0.1)
    assert latch.current == SIGNALLED
    for index in range(100):
        now = 0.12 + index * TICK
        assert not latch.accept(STRANGER, 1, 50 + index, now)
        assert latch.accept(SIGNALLED, 2, 101 + index, now)


def test_scattered_packets_never_prove_a_stranger() -> None:
    """Sprayed packets with random numbers (the 'RTP bleed' scan) do not make us send sound to whoever sprays."""
    chance = random.Random(1)
    latch = Latch(SIGNALLED, authenticated=False)
    for index in range(500):
        latch.accept(STRANGER, chance.randrange(1 << 32), chance.randrange(1 << 16), index * (SILENCE + 0.1))
    assert latch.current == SIGNALLED


@pytest.mark.parametrize("kind", ["plain", "another key"])
def test_unauthenticated_packets_never_move_an_encrypted_call(trio: Trio, kind: str) -> None:
    trio.start(secure=True)
    intruder = None if kind == "plain" else trio.mallory.start(trio.alice, local_key=key(9), remote_key=key(9))
    for index in range(100):  # the peer is silent: nothing but the keys stands against it
        if intruder is None:
            trio.attack(packet(index))
        else:
            trio.mallory.tick(None)
        trio.alice.tick(None)
        trio.alice.clock.now += TICK
    assert trio.alice.of(RemoteAddressChanged) == []
    assert trio.alice.stream is not None
    assert trio.alice.stream._latch.current == trio.bob.address
    assert not np.any(np.concatenate(trio.alice.heard))


def test_a_recorded_packet_played_again_from_elsewhere_moves_nothing(trio: Trio) -> None:
    """Replayed SRTP is authentic but old: the replay window drops it before the address counts."""
    trio.start(secure=True)
    recorder = Transport.open("127.0.0.1", (20000, 40000), 0, trio.mallory.entropy)
    assert trio.bob.stream is not None
    sent: list[bytes] = []
    original = trio.bob.transport.send_rtp
    trio.bob.transport.send_rtp = lambda data, address: (sent.append(data), original(data, address))[1]  # type: ignore[method-assign]
    run(trio.alice, trio.bob, 50)
    trio.alice.clock.now += SILENCE * 2
    for data in sent:
        recorder.send_rtp(data, trio.alice.address)
        trio.alice.tick(None)
    recorder.close()
    assert sent
    assert trio.alice.of(RemoteAddressChanged) == []


def test_digits_of_a_stranger_are_not_heard(trio: Trio) -> None:
    trio.start(secure=False)
    for index in range(50):
        trio.attack(packet(index, struct.pack("!BBH", 5, 0x80, 800), EVENTS.payload_type, timestamp=1))
        trio.bob.tick(None)
        trio.alice.tick(None)
        trio.alice.clock.now += TICK
    assert trio.alice.of(DTMFReceived) == []


@pytest.mark.parametrize("secure", [False, True])
def test_torn_and_mad_packets_do_no_harm(trio: Trio, secure: bool) -> None:
    """Every prefix of real packets, random bits, timestamps and sequence numbers that jump by half their range."""
    chance = random.Random(2)
    trio.start(secure)
    report = bytes.fromhex("81c90007 0000029a 0000029b 00000000 00000000 00000000 00000000 00000000")
    whole = [packet(1), report, report + bytes.fromhex("81ca0003 0000029a 0104 61626364 0000"), bytes.fromhex("81cb0001 0000029a")]
    for index in range(300):
        base = chance.choice(whole)
        data = bytearray(base[: chance.randrange(len(base) + 1)])
        for _ in range(chance.randrange(4)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        trio.attack(bytes(data), rtcp=bool(index & 1))
        trio.attack(packet(chance.choice((0, 32767, 32768, 65535)), timestamp=chance.choice((0, 1 << 31, (1 << 32) - 1))))
        trio.bob.tick(None)
        trio.alice.tick(None)
        trio.alice.clock.now += TICK
    assert trio.alice.of(RemoteAddressChanged) == []
    assert all(len(block) == len(trio.alice.heard[0]) for block in trio.alice.heard)


@pytest.mark.parametrize("size", range(0, 33, 4))
def test_a_report_that_ends_early_is_refused_or_read_and_never_believed_beyond_its_end(size: int) -> None:
    report = bytes.fromhex("82c90007 0000029a 0000029b 00000000 00000000 00000000 00000000 00000000")[:size]
    try:
        parsed = parse_compound(report)
    except RTPError:
        return
    assert len(build_compound(parsed)) <= max(size, 8)


def test_the_format_of_the_signalled_call_is_the_only_one_heard(trio: Trio) -> None:
    """A payload type that was not agreed decodes nothing, whoever sends it."""
    trio.start(secure=False)
    assert PCMU.payload_type == 0
    for index in range(30):
        data = packet(index, bytes([0x55]) * 160, payload_type=8)
        trio.bob.transport.send_rtp(data, trio.alice.address)
        trio.alice.tick(None)
        trio.alice.clock.now += TICK
    assert not np.any(np.concatenate(trio.alice.heard))
