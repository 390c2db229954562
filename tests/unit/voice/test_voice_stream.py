"""Streams over loopback in hand-set time: who hears whom, encrypted or not, on hold, with digits, reports and hostile neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from support.tones import babble, level_of
from support.voice import BLOCK, EVENTS, G722, OPUS, PCMA, PCMU, RATE, HandClock, Party, key, likeness, run

from blinkq.media.codecs.codec import CodecError
from blinkq.media.control import (
    CodecFormat,
    DTMFReceived,
    RemoteAddressChanged,
    StreamDirection,
    StreamStatistics,
    StreamTimedOut,
)
from blinkq.media.rtp import RTPPacket
from blinkq.voice.setup import StreamSetup
from blinkq.voice.srtp import SUITES, SRTPError
from blinkq.voice.transport import TransportError

Pair = tuple[Party, Party]


@pytest.fixture
def pair() -> Iterator[Pair]:
    clock = HandClock()
    alice, bob = Party(1, clock), Party(2, clock)
    yield alice, bob
    alice.close()
    bob.close()


@pytest.mark.parametrize("codec", [PCMU, PCMA, G722, OPUS], ids=lambda codec: codec.name)
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "srtp"])
def test_speech_arrives(pair: Pair, codec: CodecFormat, encrypted: bool) -> None:
    alice, bob = pair
    keys = {"local_key": key(1), "remote_key": key(2)} if encrypted else {}
    alice.start(bob, codec, **keys)
    bob.start(alice, codec, **({"local_key": key(2), "remote_key": key(1)} if encrypted else {}))
    said = babble(3.0, RATE)
    run(alice, bob, 160, said)
    heard = np.concatenate(bob.heard)
    assert likeness(heard, said) > 0.9
    assert level_of(np.concatenate(alice.heard)) < -60


@pytest.mark.parametrize("suite", SUITES)
def test_all_suites_carry_a_call(pair: Pair, suite: str) -> None:
    alice, bob = pair
    first, second = key(1, suite, SUITES[suite]), key(2, suite, SUITES[suite])
    alice.start(bob, local_key=first, remote_key=second)
    bob.start(alice, local_key=second, remote_key=first)
    said = babble(2.0, RATE)
    run(alice, bob, 100, said)
    assert likeness(np.concatenate(bob.heard), said) > 0.8


@pytest.mark.parametrize("ptime", [10, 20, 30, 40, 60])
@pytest.mark.parametrize("codec", [PCMU, OPUS], ids=lambda codec: codec.name)
def test_packet_times(pair: Pair, ptime: int, codec: CodecFormat) -> None:
    alice, bob = pair
    alice.start(bob, codec, ptime=ptime)
    bob.start(alice, codec)
    said = babble(2.0, RATE)
    run(alice, bob, 120, said)
    assert likeness(np.concatenate(bob.heard), said) > 0.8


def test_the_wrong_key_is_silence_and_never_followed(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob, local_key=key(9), remote_key=key(2))
    bob.start(alice, local_key=key(2), remote_key=key(1))
    run(alice, bob, 60, babble(1.0, RATE))
    assert level_of(np.concatenate(bob.heard)) < -90
    assert not bob.of(RemoteAddressChanged)


@pytest.mark.parametrize("direction", [StreamDirection.RECVONLY, StreamDirection.INACTIVE])
def test_nothing_is_sent_on_hold_and_all_is_well_after(pair: Pair, direction: StreamDirection) -> None:
    alice, bob = pair
    alice.start(bob)
    bob.start(alice)
    said = babble(6.0, RATE)
    run(alice, bob, 50, said)
    alice.update(direction=direction)
    bob.heard.clear()
    before = alice.stream._sender.packets  # type: ignore[union-attr]  # started above
    run(alice, bob, 50, said)
    assert alice.stream._sender.packets == before  # type: ignore[union-attr]
    assert level_of(np.concatenate(bob.heard[10:])) < -60
    alice.update(direction=StreamDirection.SENDRECV)
    bob.heard.clear()
    run(alice, bob, 100, said)
    assert likeness(np.concatenate(bob.heard), said[: 100 * BLOCK]) > 0.8


def test_sendonly_speaks_but_does_not_listen(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob)
    bob.start(alice, direction=StreamDirection.SENDONLY)
    run(alice, bob, 50, babble(1.0, RATE))
    assert level_of(np.concatenate(bob.heard)) < -90
    assert bob.stream._sender.packets > 40  # type: ignore[union-attr]


@pytest.mark.parametrize(("address", "port"), [("0.0.0.0", 4000), ("127.0.0.1", 0)])
def test_an_unspecified_address_is_hold(pair: Pair, address: str, port: int) -> None:
    alice, bob = pair
    alice.start(bob, remote_address=address, remote_port=port, remote_rtcp_port=0)
    for _ in range(20):
        alice.tick(None)
    assert alice.stream._sender.packets == 0  # type: ignore[union-attr]
    alice.stream.end()  # type: ignore[union-attr]


def test_digits_arrive_once_each_and_in_order(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob)
    bob.start(alice)
    run(alice, bob, 10)
    for digit in "0123456789*#abcd":
        alice.stream.send_dtmf(digit, 100)  # type: ignore[union-attr]
    run(alice, bob, 220)
    assert "".join(event.digit for event in bob.of(DTMFReceived)) == "0123456789*#ABCD"
    assert bob.stream._listener.statistics.packets_lost == 0  # type: ignore[union-attr]


def test_digits_are_encrypted_too_and_need_an_agreed_format(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob, local_key=key(1), remote_key=key(2))
    bob.start(alice, local_key=key(2), remote_key=key(1))
    alice.stream.send_dtmf("7", 80)  # type: ignore[union-attr]
    run(alice, bob, 20)
    assert [event.digit for event in bob.of(DTMFReceived)] == ["7"]
    alice.update(dtmf_send=None)
    alice.stream.send_dtmf("8", 80)  # type: ignore[union-attr]
    run(alice, bob, 20)
    assert len(bob.of(DTMFReceived)) == 1


def test_statistics_and_round_trip(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob)
    bob.start(alice)
    run(alice, bob, 600, babble(12.0, RATE))
    last = bob.of(StreamStatistics)[-1]
    assert len(bob.of(StreamStatistics)) in (11, 12)
    assert last.packets_received > 500
    assert last.packets_lost == 0
    assert last.bytes_received == last.packets_received * 160
    assert last.round_trip is not None
    assert 0 <= last.round_trip <= 200, "in hand-set time the kernel's dates are not believed"
    assert -60 < last.received_level < -3
    assert last.sent_level == -96
    assert last.codec == "PCMU"


def test_loss_is_counted_and_concealed(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob)
    bob.start(alice)
    count = 0
    genuine = alice.transport.send_rtp

    def lossy(data: bytes, address: tuple[str, int]) -> bool:
        nonlocal count
        count += 1
        return True if count % 10 == 0 else genuine(data, address)

    alice.transport.send_rtp = lossy  # type: ignore[method-assign]  # the network loses every tenth packet
    said = babble(4.0, RATE)
    run(alice, bob, 200, said)
    assert likeness(np.concatenate(bob.heard), said) > 0.8
    assert 15 <= bob.of(StreamStatistics)[-1].packets_lost <= 20


def test_a_silent_peer_times_out_once_and_comes_back(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob, timeout=2.0)
    bob.start(alice)
    run(alice, bob, 30)
    for _ in range(300):
        alice.tick(None)
        alice.clock.now += 0.02
    assert len(alice.of(StreamTimedOut)) == 1
    run(alice, bob, 10)
    for _ in range(150):
        alice.tick(None)
        alice.clock.now += 0.02
    assert len(alice.of(StreamTimedOut)) == 2


@pytest.mark.parametrize("changes", [{"direction": StreamDirection.SENDONLY}, {"timeout": 0.0}])
def test_no_time_out_when_nothing_is_expected(pair: Pair, changes: dict[str, object]) -> None:
    alice, bob = pair
    alice.start(bob, **{"timeout": 1.0, **changes})
    for _ in range(200):
        alice.tick(None)
        alice.clock.now += 0.02
    assert not alice.of(StreamTimedOut)


def test_a_peer_behind_a_nat_is_followed(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob, remote_address="127.0.0.9", remote_port=9, remote_rtcp_port=10)
    bob.start(alice)
    said = babble(2.0, RATE)
    run(bob, alice, 100, said)
    assert alice.of(RemoteAddressChanged) == [RemoteAddressChanged(1, *bob.address)]
    assert likeness(np.concatenate(alice.heard), said) > 0.8
    assert bob.stream._listener.statistics.packets_received > 80  # type: ignore[union-attr]


def test_an_intruder_is_neither_heard_nor_followed(pair: Pair) -> None:
    alice, bob = pair
    mallory = Party(3, alice.clock)
    alice.start(bob)
    bob.start(alice)
    mallory.start(alice)
    noise = babble(2.0, RATE, seed=7, level=-6)
    for index in range(80):
        mallory.tick(noise[index * BLOCK : (index + 1) * BLOCK])
        run(alice, bob, 1)
    assert level_of(np.concatenate(alice.heard)) < -60
    assert not alice.of(RemoteAddressChanged)
    mallory.close()


def test_junk_does_no_harm(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob)
    bob.start(alice)
    chance = np.random.default_rng(3)
    said = babble(2.0, RATE)
    for index in range(100):
        for size in (0, 1, 11, 12, 13, 100, 1400):
            bob.transport.send_rtp(chance.bytes(size), alice.address)
            bob.transport.send_rtp(b"\x80" + chance.bytes(size), alice.address)
            bob.transport.send_rtp(b"\x80\xc8" + chance.bytes(size), alice.address)
            bob.transport.send_rtcp(b"\x81\xc9" + chance.bytes(size), (alice.address[0], alice.address[1] + 1))
        alice.tick(None)
        bob.tick(said[index * BLOCK : (index + 1) * BLOCK])
        alice.clock.now += 0.02
    assert len(alice.heard) == 100


def test_goodbye_is_said(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob)
    bob.start(alice)
    run(alice, bob, 5)
    bob.transport.flush()
    alice.stream.end()  # type: ignore[union-attr]
    (datagram,) = bob.transport.receive_rtcp(0.0)
    assert datagram.data[1] == 200, "a sender report first"
    assert b"\x81\xcb" in datagram.data, "and BYE"


def test_rtcp_shares_the_port_when_agreed(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob, remote_rtcp_port=bob.transport.rtp_port)
    bob.start(alice, remote_rtcp_port=alice.transport.rtp_port)
    run(alice, bob, 600)
    assert bob.of(StreamStatistics)[-1].round_trip is not None
    assert bob.transport.receive_rtcp(0.0) == []


def test_a_new_codec_and_a_new_peer_without_a_gap(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob, PCMU, receive_formats=(PCMU, OPUS))
    bob.start(alice, PCMU, receive_formats=(PCMU, OPUS))
    said = babble(4.0, RATE)
    run(alice, bob, 100, said)
    alice.update(send_format=OPUS)
    bob.heard.clear()
    run(alice, bob, 100, said)
    assert likeness(np.concatenate(bob.heard), said[: 100 * BLOCK]) > 0.8
    carol = Party(3, alice.clock)
    carol.start(alice, OPUS)
    alice.update(
        remote_address=carol.address[0], remote_port=carol.address[1], remote_rtcp_port=carol.transport.rtcp_port
    )
    run(alice, carol, 100, said)
    assert likeness(np.concatenate(carol.heard), said[: 100 * BLOCK]) > 0.8
    carol.close()


def test_new_keys_in_the_middle_of_a_call(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob, local_key=key(1), remote_key=key(2))
    bob.start(alice, local_key=key(2), remote_key=key(1))
    said = babble(4.0, RATE)
    run(alice, bob, 50, said)
    alice.update(local_key=key(3))
    bob.update(remote_key=key(3))
    bob.heard.clear()
    run(alice, bob, 100, said)
    assert likeness(np.concatenate(bob.heard), said[: 100 * BLOCK]) > 0.8


def test_slow_codecs_are_loaded_only_when_the_peer_sends_them(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob, PCMU, receive_formats=(PCMU, G722))
    bob.start(alice, PCMU)
    said = babble(3.0, RATE)
    run(bob, alice, 50, said)
    assert alice.loaded == []
    bob.update(send_format=G722)
    alice.heard.clear()
    run(bob, alice, 100, said)
    assert alice.loaded == ["G722"]
    assert likeness(np.concatenate(alice.heard), said[: 100 * BLOCK]) > 0.8


def test_the_rollover_of_srtp_is_reported(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob, local_key=key(1), remote_key=key(2))
    bob.start(alice, local_key=key(2), remote_key=key(1))
    alice.stream._sender._sequence = 65500  # type: ignore[union-attr]  # a call of twenty minutes
    run(alice, bob, 160)
    assert bob.of(StreamStatistics)[-1].srtp_rollover == 1
    bob.update(remote_key=key(5))
    assert bob.stream._listener.rollover == 0  # type: ignore[union-attr]


def test_time_left_out_shows_in_the_timestamps(pair: Pair) -> None:
    alice, bob = pair
    alice.start(bob)
    bob.transport.flush()
    alice.tick(None)
    alice.tick(None, skipped=5)
    first, second = (RTPPacket.parse(datagram.data) for datagram in bob.transport.receive_rtp(0.0))
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 6 * 160
    assert (second.sequence - first.sequence) & 0xFFFF == 1
    assert second.marker


BAD: list[tuple[Callable[[Party], object], type[Exception]]] = [
    (lambda party: replace(party.command, remote_address="peer.example"), TransportError),  # type: ignore[type-var]
    (lambda party: replace(party.command, remote_port=70000), TransportError),  # type: ignore[type-var]
    (lambda party: replace(party.command, local_key=key(1)), SRTPError),  # type: ignore[type-var]
    (lambda party: replace(party.command, local_key=key(1, "NONE"), remote_key=key(1, "NONE")), SRTPError),  # type: ignore[type-var]
    (lambda party: replace(party.command, send_format=CodecFormat(3, "GSM", 8000)), CodecError),  # type: ignore[type-var]
    (lambda party: replace(party.command, receive_formats=(CodecFormat(3, "GSM", 8000),)), CodecError),  # type: ignore[type-var]
    (lambda party: replace(party.command, receive_formats=(PCMU,) * 40), CodecError),  # type: ignore[type-var]
]


@pytest.mark.parametrize(("make", "error"), BAD)
def test_parameters_that_cannot_work_are_refused(
    pair: Pair, make: Callable[[Party], object], error: type[Exception]
) -> None:
    alice, bob = pair
    alice.start(bob, PCMU, dtmf_send=EVENTS)
    with pytest.raises(error):
        StreamSetup.prepare(make(alice))  # type: ignore[arg-type]  # a command
