"""ICE with baresip and coturn in a small Internet of network namespaces: from the public network, from behind a NAT, both ways, and with a
peer that does none. Who heard whom is proved by the speech itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import BlinkQ, until
from support.media_process import media_process
from support.namespaces import HOME, NEAR, ROUTER, WORLD, SmallInternet, WorldLab, why_not

pytestmark = pytest.mark.lab

ALICE_SAYS = "Hello Bob, this is Alice speaking. I would like to order twenty three red umbrellas, please."
ADDRESS = {"home": HOME, "near": NEAR}


class World:
    """The lab in the world, and BlinkQ in one of the places."""

    def __init__(self, net: SmallInternet, lab: WorldLab, folder: Path) -> None:
        self.net = net
        self.lab = lab
        self.folder = folder
        self.speech = lab.say(ALICE_SAYS, "alice.wav")

    def blinkq(self, place: str, command: str, *arguments: str, user: str = "alice") -> BlinkQ:
        """BlinkQ at "home" (behind the NAT) or "near" (on the public network)."""
        config, address, password = self.folder / f"config-{place}", f"{user}@lab.test", self.folder / f"password-{user}"
        if not config.exists():
            password.write_text(f"{user}pw\n")
            self._settings(config, "accounts", "add", address)
            self._settings(config, "set", "nat_traversal.use_ice", "true", "--account", address)
        return BlinkQ(
            command, *arguments, "--config-dir", str(config), "--account", address,
            "--password-file", str(password), "--nameserver", self.lab.nameserver, "--proxy", self.lab.proxy("udp"),
            "--audio", "null", "--play", str(self.speech), "--record", str(self.folder / f"heard-{user}.wav"), "--codecs", "PCMU",
            within=self.net.inside(place),
        )  # fmt: skip

    def _settings(self, config: Path, *words: str) -> None:
        command = [sys.executable, "-m", "blinkq.cli.main", "settings", *words, "--config-dir", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def counts(self, who: str) -> list[int]:
        """How many packets baresip ``who`` received in each stream that has ended."""
        log = (self.lab.directory / "log" / f"{who}.log").read_text()
        return [int(number) for number in re.findall(r"packets: +\d+ +(\d+)", log)]

    def counted(self, who: str, before: list[int]) -> int:
        """The same for the stream that has ended since then, and of which he tells after he has let the call go."""
        until(lambda: len(self.counts(who)) > len(before), f"{who} counts")
        return self.counts(who)[-1]

    def proved(self, who: str) -> None:
        """Both have heard each other."""
        assert self.lab.score(self.speech, self.lab.heard(who))["score"] > 0.5
        assert self.lab.score(self.lab.spoken(who), self.folder / "heard-alice.wav")["score"] > 0.5


@pytest.fixture(scope="module")
def small_internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SmallInternet, WorldLab]]:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with SmallInternet() as net:
        lab = WorldLab(tmp_path_factory.mktemp("world"), net)
        ice = f';medianat=ice;stunserver="stun:{WORLD}:{lab.port(78)}"'
        try:
            lab.up("kamailio", "dns", "turn")
            # bob with ICE, carol without
            lab.up("bob", "carol", LAB_BOB_OPTS=f";answermode=auto{ice}", LAB_CAROL_OPTS=";answermode=auto")
            yield net, lab
        finally:
            lab.down()


@pytest.fixture
def world(small_internet: tuple[SmallInternet, WorldLab], tmp_path: Path) -> World:
    return World(*small_internet, tmp_path)


@pytest.mark.parametrize(("place", "type_", "seen"), [("near", "host", NEAR), ("home", "srflx", ROUTER)])
def test_alice_calls_bob(world: World, place: str, type_: str, seen: str) -> None:
    world.lab.clear_heard("bob")
    with world.blinkq(place, "call", "sip:bob@lab.test", "--duration", "8") as call:
        found = call.wait_for("AudioStreamICENegotiationDidSucceed")
        call.wait_for("SIPSessionDidStart")
        assert call.wait() == 0, call.text
    ours, theirs = found["chosen_local_candidates"]["RTP"], found["chosen_remote_candidates"]["RTP"]  # type: ignore[index]  # our own JSON
    assert (ours["type"].lower(), ours["address"], theirs["address"]) == (type_, seen, WORLD)
    assert f"way found by ICE: {type_} to host" in call.text
    world.proved("bob")


@pytest.mark.parametrize("place", ["near", "home"])
def test_bob_calls_alice(world: World, place: str) -> None:
    world.lab.clear_heard("bob")
    with world.blinkq(place, "answer", "--count", "1", "--duration", "8") as answer:
        answer.wait_for("SIPAccountRegistrationDidSucceed")
        world.lab.baresip("bob", "dial", "sip:alice@lab.test")
        answer.wait_for("AudioStreamICENegotiationDidSucceed")
        answer.wait_for("SIPSessionDidStart")
        assert answer.wait() == 0, answer.text
    world.proved("bob")


@pytest.mark.parametrize("place", ["near", "home"])
def test_a_peer_without_ice(world: World, place: str) -> None:
    world.lab.clear_heard("carol")
    with world.blinkq(place, "call", "sip:carol@lab.test", "--duration", "8") as call:
        call.wait_for("SIPSessionDidStart")
        assert call.wait() == 0, call.text
    assert "AudioStreamICENegotiationDidSucceed" not in call.names()
    assert "ICE" not in call.text
    world.proved("carol")


def test_hold_does_not_disturb_it(world: World) -> None:
    before = world.counts("bob")
    with world.blinkq("home", "call", "sip:bob@lab.test", "--duration", "14", "--hold", "1:2") as call:
        call.wait_for("SIPSessionDidChangeHoldState", count=2)
        assert call.wait() == 0, call.text
    assert call.names().count("AudioStreamICENegotiationDidSucceed") == 1
    # bob's own recording ends at the first re-INVITE, but he counts: ten seconds of fifty packets
    assert world.counted("bob", before) > 450
    after_hold = world.lab.last_seconds(world.folder / "heard-alice.wav", 7.5)
    assert world.lab.score(world.lab.spoken("bob"), after_hold)["score"] > 0.5


def test_two_of_ours_with_a_nat_between(world: World) -> None:
    with world.blinkq("home", "answer", "--count", "1", user="dave") as answer:
        answer.wait_for("SIPAccountRegistrationDidSucceed")
        with world.blinkq("near", "call", "sip:dave@lab.test", "--duration", "9") as call:
            found = call.wait_for("AudioStreamICENegotiationDidSucceed")
            assert call.wait() == 0, call.text
        assert answer.wait() == 0, answer.text
    assert found["chosen_remote_candidates"]["RTP"]["address"] == ROUTER  # type: ignore[index]  # our own JSON
    assert "way found by ICE: host to " in call.text
    assert "way found by ICE: srflx to host" in answer.text
    for user in ("alice", "dave"):  # both say the same
        assert world.lab.score(world.speech, world.folder / f"heard-{user}.wav")["score"] > 0.5


def test_the_sound_returns_when_the_media_process_is_killed(world: World) -> None:
    before = world.counts("bob")
    with world.blinkq("home", "call", "sip:bob@lab.test", "--duration", "300") as call:
        call.wait_for("AudioStreamDidUpdateStatistics", count=2)
        os.kill(media_process(call.process.pid), signal.SIGKILL)
        call.wait_for("MediaProcessDidRevive")
        call.wait_for("AudioStreamDidUpdateStatistics", count=call.names().count("AudioStreamDidUpdateStatistics") + 14)
        call.interrupt()
        assert call.wait() == 0, call.text
    assert call.names().count("AudioStreamICENegotiationDidSucceed") == 1  # it went on with the pairs that it had
    assert "AudioStreamICENegotiationDidFail" not in call.names()
    assert world.counted("bob", before) > 550
    after = world.lab.last_seconds(world.folder / "heard-alice.wav", 8)
    assert world.lab.score(world.lab.spoken("bob"), after)["score"] > 0.5


def test_encrypted_too(world: World) -> None:
    lab = world.lab
    options = f';answermode=auto;medianat=ice;stunserver="stun:{WORLD}:{lab.port(78)}"'
    lab.reset("bob", LAB_MEDIAENC="srtp-mand", LAB_BOB_OPTS=options)
    lab.clear_heard("bob")
    with world.blinkq("home", "call", "sip:bob@lab.test", "--duration", "8", "--srtp", "mandatory") as call:
        call.wait_for("AudioStreamICENegotiationDidSucceed")
        assert call.wait() == 0, call.text
    assert "encrypted (SRTP), way found by ICE: srflx to host" in call.text
    world.proved("bob")
