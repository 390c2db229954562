"""ICE in the media process, over loopback: candidates, checks, media on the selected pair, restart, loss of consent."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aioice import ice, stun
from support.ice import PATIENCE, IceParty, connect
from support.tones import babble
from support.voice import RATE, likeness, read_wav, write_wav

from blinkq.media import control
from blinkq.media.control import StreamStatistics
from blinkq.media.ice import IceCandidate, IceGathering
from blinkq.media.ice_control import EndIce, IceFailed, IceSucceeded, RestartIce, StartIce
from blinkq.voice import ice_agent
from blinkq.voice.local_addresses import MAX_ADDRESSES, local_addresses, usable_addresses


@pytest.fixture
def parties() -> Iterator[tuple[IceParty, IceParty]]:
    alice, bob = IceParty("alice", 1), IceParty("bob", 2)
    yield alice, bob
    alice.stop()
    bob.stop()


def test_media_flows_on_the_selected_pair(parties: tuple[IceParty, IceParty]) -> None:
    alice, bob = parties
    alice.open("127.0.0.1", "127.0.0.2")
    bob.open("127.0.0.3")
    ours, theirs = connect(alice, bob)
    assert [pair.local.component for pair in ours.pairs] == [1, 2]
    assert {(pair.local.type, pair.remote.type, pair.remote.address) for pair in ours.pairs} == {("host", "host", "127.0.0.3")}
    assert theirs.pairs[0].remote.port == alice.opened.rtp_port
    alice.start(bob, ours.pairs)
    bob.start(alice, theirs.pairs)
    for party in parties:
        party.wait(lambda event: isinstance(event, StreamStatistics) and event.packets_received > 20)


def test_what_was_said_is_heard(parties: tuple[IceParty, IceParty], tmp_path: Path) -> None:
    alice, bob = parties
    said = babble(3.0, RATE)
    alice.open("127.0.0.1", input_device=f"file:{write_wav(tmp_path / 'said.wav', said)}")
    bob.open("127.0.0.2", output_device=f"file:{tmp_path / 'heard.wav'}")
    ours, theirs = connect(alice, bob)
    bob.start(alice, theirs.pairs)
    alice.start(bob, ours.pairs)
    bob.wait(lambda event: isinstance(event, StreamStatistics) and event.packets_received > 150)
    bob.stop()
    assert likeness(read_wav(tmp_path / "heard.wav"), said) > 0.8


def test_unused_addresses_still_answer_and_the_others_stop_reading(parties: tuple[IceParty, IceParty]) -> None:
    """Consent is asked and given on sockets that the clock thread reads: the agents must go on hearing each other there."""
    alice, bob = parties
    alice.open("127.0.0.1", "127.0.0.2")
    bob.open("127.0.0.3", "127.0.0.4")
    ours, theirs = connect(alice, bob)
    alice.start(bob, ours.pairs)
    bob.start(alice, theirs.pairs)
    bob.wait_for(StreamStatistics, 1)
    assert isinstance(ask_for_binding(alice, bob, (bob.opened.address, bob.opened.rtp_port)), stun.Message)
    assert isinstance(ask_for_binding(alice, bob, ("127.0.0.4", bob.opened.rtp_port)), stun.Message)


def test_without_the_password_nobody_is_answered_as_a_peer(parties: tuple[IceParty, IceParty]) -> None:
    alice, bob = parties
    alice.open("127.0.0.1")
    bob.open("127.0.0.3")
    answer = ask_for_binding(alice, bob, (bob.opened.address, bob.opened.rtp_port), password="x" * 22)
    assert answer.message_class == stun.Class.ERROR
    assert answer.attributes["ERROR-CODE"][0] == 401


def test_no_way_is_told(parties: tuple[IceParty, IceParty], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stun, "RETRY_RTO", 0.01)
    alice, bob = parties
    alice.open("127.0.0.1")
    bob.open("127.0.0.3")
    alice.check(bob, password="y" * 22)
    failed = alice.wait_for(IceFailed)
    assert (failed.stream, failed.attempt, failed.lost) == (1, 1, False)
    assert failed.reason == "No way to the peer was found: every connectivity check failed."
    assert alice.ask(EndIce(1)) == control.Reply()
    assert bob.ask(EndIce(1)) == control.Reply()
    alice.start(bob)  # as without ICE, on the default addresses
    bob.start(alice)
    for party in parties:
        party.wait(lambda event: isinstance(event, StreamStatistics) and event.packets_received > 5)


def test_a_peer_that_answers_no_more_gets_nothing_more(
    parties: tuple[IceParty, IceParty], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice, "CONSENT_INTERVAL", 0.02)
    monkeypatch.setattr(stun, "RETRY_RTO", 0.05)
    alice, bob = parties
    alice.open("127.0.0.1")
    bob.open("127.0.0.3")
    ours, _ = connect(alice, bob)
    alice.start(bob, ours.pairs)
    alice.wait_for(StreamStatistics, 1)
    assert not [event for event in alice.events if isinstance(event, IceFailed)]
    bob.ask(control.CloseTransport(1))
    failed = alice.wait_for(IceFailed)
    assert (failed.lost, failed.reason) == (True, "The peer does not answer any more.")
    assert alice.process._transports[1].may_send is False
    # the peer comes back at the same place, and both begin anew: the same pairs are selected, and the sound goes on
    bob.ask(control.OpenTransport(1, "127.0.0.3", (20000, 39998), bob.opened.rtp_port, IceGathering(bob.ufrag, bob.password, False)))
    alice.name = "alice2"
    alice.ask(RestartIce(1, alice.ufrag, alice.password, True))
    bob.check(alice, attempt=2)
    alice.check(bob, attempt=2)
    again = alice.wait_for(IceSucceeded, 2)
    assert again.pairs == ours.pairs
    bob.start(alice, bob.wait_for(IceSucceeded, 2).pairs)
    bob.wait(lambda event: isinstance(event, StreamStatistics) and event.packets_received > 10)


def test_a_restart_selects_pairs_anew_and_the_media_goes_on(parties: tuple[IceParty, IceParty]) -> None:
    alice, bob = parties
    alice.open("127.0.0.1")
    bob.open("127.0.0.3")
    ours, theirs = connect(alice, bob)
    alice.start(bob, ours.pairs)
    bob.start(alice, theirs.pairs)
    for party in parties:
        party.name += "2"
        assert party.ask(RestartIce(1, party.ufrag, party.password, party.controlling)) == control.Reply()
    bob.check(alice, attempt=2)
    alice.check(bob, attempt=2)
    again = alice.wait_for(IceSucceeded, 2)
    assert again.attempt == 2
    assert [pair.remote for pair in again.pairs] == [pair.remote for pair in ours.pairs]
    alice.start(bob, again.pairs, control.UpdateStream)
    lost = [event.packets_lost for event in alice.events if isinstance(event, StreamStatistics)]
    assert not any(lost)


@pytest.mark.parametrize("role", [True, False])
def test_a_conflict_of_roles_is_settled(parties: tuple[IceParty, IceParty], role: bool) -> None:
    alice, bob = parties
    alice.controlling = bob.controlling = role
    alice.open("127.0.0.1")
    bob.open("127.0.0.3")
    bob.check(alice)
    alice.check(bob)
    assert alice.wait_for(IceSucceeded).pairs[0].remote.port == bob.opened.rtp_port
    assert bob.wait_for(IceSucceeded).pairs[0].remote.port == alice.opened.rtp_port


def test_a_new_process_goes_on_with_the_old_pairs(parties: tuple[IceParty, IceParty], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "CONSENT_INTERVAL", 0.05)
    alice, bob = parties
    alice.open("127.0.0.1")
    bob.open("127.0.0.3")
    ours, theirs = connect(alice, bob)
    bob.start(alice, theirs.pairs)
    port = alice.opened.rtp_port
    alice.stop()
    revived = IceParty("alice", 3)
    try:
        revived.ask(control.OpenMixer(1, None, None, 48000))
        gathering = IceGathering(alice.ufrag, alice.password, addresses=("127.0.0.1",))
        opened = revived.ask(control.OpenTransport(1, "127.0.0.1", (20000, 39998), port, gathering))
        assert opened == alice.opened
        revived.check(bob, pairs=ours.pairs)
        revived.start(bob, ours.pairs)
        revived.wait(lambda event: isinstance(event, StreamStatistics) and event.packets_received > 30)
        assert not [event for event in revived.events if isinstance(event, IceFailed | IceSucceeded)]
        assert not [event for event in bob.events if isinstance(event, IceFailed)]
    finally:
        revived.stop()


def test_a_stun_server_tells_where_we_are(parties: tuple[IceParty, IceParty]) -> None:
    alice, _ = parties
    with StunServer(("203.0.113.9", 4242)) as server:
        opened = alice.open("127.0.0.1", stun_server=server.address)
    reflexive = [candidate for candidate in opened.candidates if candidate.type == "srflx"]
    assert {(one.component, one.address, one.port, one.related_address) for one in reflexive} == {
        (1, "203.0.113.9", 4242, "127.0.0.1"), (2, "203.0.113.9", 4242, "127.0.0.1"),
    }  # fmt: skip
    assert len({candidate.priority for candidate in opened.candidates}) == 4
    assert all(candidate.base_address == "127.0.0.1" for candidate in opened.candidates)


@pytest.mark.parametrize("bases", [0, 1, 2, MAX_ADDRESSES])
def test_a_peer_makes_us_knock_at_so_many_doors_only(bases: int) -> None:
    doors = [IceCandidate(str(port), 1, port, "127.0.0.3", port, "host") for port in range(20000, 20200)]
    chosen = ice_agent.worth_checking(doors, bases)
    assert 0 < len(chosen) * bases <= ice_agent.MAX_PAIRS or not bases
    assert chosen[0].priority == 20199


def test_the_nat_is_reminded_until_the_checks_begin(parties: tuple[IceParty, IceParty], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice_agent, "KEEP_ALIVE", 0.02)
    alice, bob = parties
    with StunServer("source") as server:
        alice.open("127.0.0.1", stun_server=server.address)
        bob.open("127.0.0.3")
        for _ in range(6):
            assert server.reminders.acquire(timeout=PATIENCE)
        connect(alice, bob)
        server.read_all()
        while server.reminders.acquire(blocking=False):
            pass
        assert not server.reminders.acquire(timeout=0.2)


def test_a_silent_stun_server_is_not_waited_for(parties: tuple[IceParty, IceParty]) -> None:
    alice, _ = parties
    with StunServer(None) as server:
        opened = alice.open("127.0.0.1", stun_server=server.address, timeout=0.05)
    assert [candidate.type for candidate in opened.candidates] == ["host", "host"]


def test_a_stun_server_that_sees_no_nat_adds_nothing(parties: tuple[IceParty, IceParty]) -> None:
    alice, _ = parties
    with StunServer("source") as server:
        opened = alice.open("127.0.0.1", stun_server=server.address)
    assert [candidate.type for candidate in opened.candidates] == ["host", "host"]


def test_what_is_not_there_is_harmless(parties: tuple[IceParty, IceParty]) -> None:
    alice, _ = parties
    for command in (EndIce(9), RestartIce(9, "ufrag", "p" * 22), StartIce(9, 1, "ufrag", "p" * 22)):
        assert alice.ask(command) == control.Reply()
    alice.open("127.0.0.1")
    for command in (EndIce(9), RestartIce(9, "ufrag", "p" * 22), StartIce(9, 1, "ufrag", "p" * 22), EndIce(1), EndIce(1)):
        assert alice.ask(command) == control.Reply()


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\x00\x01\x00\x00", b"\x00\x01\x00\x04!\x12\xa4B" + 12 * b"x" + b"\x00\x20\x00\x00", b"\x01\x01" + 60 * b"\xff"],
)
def test_rubbish_does_not_matter(parties: tuple[IceParty, IceParty], data: bytes) -> None:
    alice, bob = parties
    alice.open("127.0.0.1")
    bob.open("127.0.0.3")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        for _ in range(3):
            stranger.sendto(data, (bob.opened.address, bob.opened.rtp_port))
    connect(alice, bob)


def test_usable_addresses() -> None:
    found = ["127.0.0.1", "10.0.0.1", "169.254.3.4", "::1", "fe80::1%eth0", "2001:db8::1", "10.0.0.1", "0.0.0.0"]
    assert usable_addresses("127.0.0.1", found) == ("127.0.0.1", "10.0.0.1", "2001:db8::1")
    assert len(usable_addresses("10.0.0.1", [f"10.0.1.{number}" for number in range(50)])) == MAX_ADDRESSES


def test_the_address_of_this_machine_is_the_first() -> None:
    assert local_addresses("127.0.0.1")[0] == "127.0.0.1"


def ask_for_binding(asker: IceParty, asked: IceParty, address: tuple[str, int], password: str | None = None) -> stun.Message:
    """Send the check that ``asker`` would send, from a socket of its own."""
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    request.attributes["USERNAME"] = f"{asked.ufrag}:{asker.ufrag}"
    request.attributes["PRIORITY"] = 1
    request.add_message_integrity((password or asked.password).encode())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(PATIENCE)
        sock.sendto(bytes(request), address)
        return stun.parse_message(sock.recv(2048))


class StunServer:
    """Answers each request with the address that it was told, with the source of the request, or not at all."""

    def __init__(self, mapped: tuple[str, int] | str | None) -> None:
        self._mapped = mapped
        self.reminders = threading.Semaphore(0)
        self._caught_up = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> StunServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", self.address)
        self._thread.join()
        self._socket.close()

    def read_all(self) -> None:
        """Wait until everything that has been sent by now has been read."""
        self._socket.sendto(b"?", self.address)
        assert self._caught_up.wait(PATIENCE)

    def _serve(self) -> None:
        while True:
            data, source = self._socket.recvfrom(2048)
            if not data:
                return
            if data == b"?":
                self._caught_up.set()
                continue
            if self._mapped is None:
                continue
            request = stun.parse_message(data)
            if request.message_class == stun.Class.INDICATION:
                self.reminders.release()
                continue
            answer = stun.Message(
                message_method=stun.Method.BINDING, message_class=stun.Class.RESPONSE, transaction_id=request.transaction_id
            )
            answer.attributes["XOR-MAPPED-ADDRESS"] = source if self._mapped == "source" else self._mapped
            self._socket.sendto(bytes(answer), source)


def test_a_media_process_without_ice_does_not_carry_the_library() -> None:
    check = "import sys, blinkq.voice.process; print(*({'aioice', 'asyncio', 'ifaddr', 'dns'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
