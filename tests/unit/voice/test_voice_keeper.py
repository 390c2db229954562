"""The keeper of devices: names checked, hardware opened only in use, what fails replaced, what returns opened again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.tones import babble
from support.voice import InlineWorker, write_wav

from blinkq.media.control import DeviceFailed, DeviceList, DevicesChanged, Event, MixerOpened
from blinkq.media.wav import open_reader
from blinkq.voice.devices import listing as listing_module
from blinkq.voice.devices import sound as sound_module
from blinkq.voice.devices.keeper import SYSTEM_DEFAULT, DeviceKeeper
from blinkq.voice.devices.listing import Listing
from blinkq.voice.devices.sound import SoundError


def read_samples(path: Path) -> Any:
    reader = open_reader(path, 48000)
    samples = reader.read(48000)
    reader.close()
    return samples


class Half:
    name: str | None = None


class FakeSound:
    """Stands for SoundDevice; ``opened`` are those not closed yet."""

    opened: list[FakeSound] = []
    broken: str | None = None

    def __init__(self, rate: int, block: int, **options: Any) -> None:
        if FakeSound.broken:
            raise SoundError(FakeSound.broken)
        self.options = options
        self.microphone = Half() if options["capture"] else None
        self.loudspeaker = Half() if options["playback"] else None
        FakeSound.opened.append(self)

    def close(self) -> None:
        if self in FakeSound.opened:
            FakeSound.opened.remove(self)


class World:
    """A computer whose devices the test plugs in and out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inputs = ["Mic", "Headset"]
        self.outputs = ["Speaker", "Headset"]
        self.events: list[Event] = []
        self.replies: list[Any] = []
        self.installed: list[tuple[int, str | None, str | None]] = []
        FakeSound.opened, FakeSound.broken = [], None
        monkeypatch.setattr(listing_module, "list_devices", self._list)
        monkeypatch.setattr(sound_module, "SoundDevice", FakeSound)
        self.worker = InlineWorker()
        self.keeper = DeviceKeeper(InlineWorker(), self._install, self.events.append, self._make_worker)

    def _make_worker(self, name: str, poll: Any) -> InlineWorker:
        self.worker = InlineWorker(name, poll)
        return self.worker

    def _list(self) -> Listing:
        names = DeviceList(tuple(self.inputs), tuple(self.outputs), next(iter(self.inputs), None), next(iter(self.outputs), None))
        return Listing(names, {name: f"in {name}" for name in self.inputs}, {name: f"out {name}" for name in self.outputs})

    def _install(self, mixer: int, microphone: Any, loudspeaker: Any) -> None:
        self.installed.append((mixer, getattr(microphone, "name", None), getattr(loudspeaker, "name", None)))

    def configure(self, input_device: str | None, output_device: str | None, mixer: int = 1) -> MixerOpened:
        self.keeper.configure(mixer, 48000, input_device, output_device, self.replies.append)
        reply = self.replies[-1]
        assert isinstance(reply, MixerOpened)
        return reply

    def poll(self) -> None:
        assert self.worker.poll is not None
        assert self.worker.polling
        self.worker.poll()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_null_devices_need_no_sound_server(world: World) -> None:
    assert world.configure(None, None) == MixerOpened(1, None, None)
    world.keeper.set_used(1, True)
    assert not FakeSound.opened
    assert not world.worker.polling
    assert world.keeper._listing is None, "nobody asked for a list"


def test_hardware_is_open_only_while_used(world: World) -> None:
    assert world.configure("Mic", SYSTEM_DEFAULT) == MixerOpened(1, "Mic", "Speaker")
    assert not FakeSound.opened, "a microphone is not open while nobody talks"
    world.keeper.set_used(1, True)
    world.keeper.set_used(1, True)
    (sound,) = FakeSound.opened
    assert sound.options["capture_id"] == "in Mic"
    assert sound.options["playback_id"] is None, "the default is left to the sound server"
    assert world.installed[-1] == (1, "Mic", "Speaker")
    world.keeper.set_used(1, False)
    assert not FakeSound.opened
    assert world.installed[-1] == (1, None, None)


def test_a_missing_device_is_a_sentence(world: World) -> None:
    assert world.configure("Gone", "Speaker") == MixerOpened(
        1, None, "Speaker", "The microphone “Gone” is not connected."
    )
    world.keeper.set_used(1, True)
    assert FakeSound.opened[0].options["capture"] is False
    assert world.installed[-1] == (1, None, "Speaker")


def test_a_computer_without_sound(world: World) -> None:
    world.inputs, world.outputs = [], []
    opened = world.configure(SYSTEM_DEFAULT, SYSTEM_DEFAULT)
    assert opened.error == "There is no microphone on this computer. There is no loudspeaker on this computer."
    world.keeper.set_used(1, True)
    assert not FakeSound.opened
    world.inputs, world.outputs = ["USB"], ["USB"]
    world.poll()
    assert world.installed[-1] == (1, "USB", "USB"), "plugged in during the call"


def test_a_device_that_stops_is_replaced_and_opened_again(world: World) -> None:
    world.configure("Headset", "Headset")
    world.keeper.set_used(1, True)
    world.keeper.device_failed(1, "the sound device stopped")
    assert world.events == [DeviceFailed(1, "The sound device stopped.")]
    assert not FakeSound.opened
    assert world.installed[-1] == (1, None, None)
    world.poll()
    assert world.installed[-1] == (1, "Headset", "Headset")
    world.keeper.device_failed(7, "no such mixer")


def test_a_removed_device_is_noticed_and_half_of_it_used_on(world: World) -> None:
    world.configure("Headset", "Speaker")
    world.keeper.set_used(1, True)
    world.inputs.remove("Headset")
    world.poll()
    assert [type(event) for event in world.events] == [DevicesChanged, DeviceFailed]
    assert world.installed[-1] == (1, None, "Speaker")
    world.inputs.append("Headset")
    world.poll()
    assert world.installed[-1] == (1, "Headset", "Speaker")
    assert len(FakeSound.opened) == 1


def test_the_default_is_followed(world: World) -> None:
    world.configure(SYSTEM_DEFAULT, SYSTEM_DEFAULT)
    world.keeper.set_used(1, True)
    world.inputs.insert(0, "New")
    world.poll()
    assert world.installed[-1] == (1, "New", "Speaker")


def test_a_device_that_does_not_open_is_told_once_and_tried_again(world: World) -> None:
    world.configure("Mic", "Speaker")
    FakeSound.broken = "the sound device cannot be opened: busy"
    world.keeper.set_used(1, True)
    world.poll()
    world.poll()
    assert world.events == [DeviceFailed(1, "The sound device cannot be opened: busy.")]
    FakeSound.broken = None
    world.poll()
    assert world.installed[-1] == (1, "Mic", "Speaker")


def test_listing_starts_the_watch(world: World) -> None:
    world.keeper.list_devices(world.replies.append)
    assert world.replies == [DeviceList(("Mic", "Headset"), ("Speaker", "Headset"), "Mic", "Speaker")]
    world.poll()
    assert world.events == []
    world.outputs.append("HDMI")
    world.poll()
    (changed,) = world.events
    assert isinstance(changed, DevicesChanged)
    assert changed.new.outputs == ("Speaker", "Headset", "HDMI")


def test_other_devices_replace_the_old_ones(world: World) -> None:
    world.configure("Mic", "Speaker")
    world.keeper.set_used(1, True)
    world.configure("Headset", "Headset")
    assert world.installed[-1] == (1, "Headset", "Headset"), "in use: the new ones are opened at once"
    assert len(FakeSound.opened) == 1
    world.keeper.close_mixer(1)
    assert not FakeSound.opened
    world.keeper.close_mixer(1)
    world.keeper.set_used(1, True)


def test_files_beside_hardware(world: World, tmp_path: Path) -> None:
    speech = write_wav(tmp_path / "speech.wav", babble(0.1, 48000))
    assert world.configure(f"file:{speech}", "Speaker").error is None
    assert world.installed[-1] == (1, f"file:{speech}", None)
    world.keeper.set_used(1, True)
    assert world.installed[-1] == (1, f"file:{speech}", "Speaker")
    opened = world.configure(f"file:{tmp_path / 'none.wav'}", f"file:{tmp_path / 'no' / 'folder.wav'}", 2)
    assert (opened.input_device, opened.output_device) == (None, None)
    assert "does not exist" in str(opened.error)
    assert world.configure(None, f"file:{tmp_path / 'out.wav'}", 3).error is None
    for _ in range(2):
        assert world.configure(None, f"file+append:{tmp_path / 'out.wav'}", 4).error is None
        world.keeper._posts[4].loudspeaker.write(None)  # type: ignore[union-attr]
        world.keeper.close_mixer(4)
    assert len(read_samples(tmp_path / "out.wav")) == 2 * 960
    world.keeper.stop()
    assert not FakeSound.opened
    assert (tmp_path / "out.wav").exists()
