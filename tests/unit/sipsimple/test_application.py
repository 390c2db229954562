"""SIPApplication: the order of starting and stopping, faults on the way, live changes. Virtual time, a media process of straw."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.fake_dns import FakeDNS
from support.fake_network import FakeHost, FakeNetwork
from support.middleware import Recorder
from support.virtual_loop import VirtualClock, run

from blinkq.base.clock import SeededEntropy
from blinkq.base.errors import IllegalStateError
from blinkq.base.notification import Notification, NotificationCenter, NotificationData
from blinkq.engine.engine import Engine, EngineConfig
from blinkq.engine.errors import NetworkError
from blinkq.engine.events import LocalAddressChanged
from blinkq.engine.loop import EngineLoop
from blinkq.engine.media_errors import MediaError, MediaProcessDied, MediaProcessFailed, MediaProcessRevived
from blinkq.media.control import (
    CloseMixer,
    Command,
    Connect,
    DeviceFailed,
    DeviceList,
    DevicesChanged,
    Disconnect,
    Level,
    MixerOpened,
    OpenMixer,
    Reply,
    SetDevices,
    SetVolume,
)
from blinkq.sipsimple.account import Account, AccountManager
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.audio_system import AudioSystem
from blinkq.sipsimple.configuration import ConfigurationBackendError, ConfigurationManager
from blinkq.sipsimple.configuration.backend import Tree
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.datatypes import Port, SIPTransportList
from blinkq.sipsimple.configuration.keyring import MemoryPasswordStore
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session import SessionManager
from blinkq.sipsimple.sip_uri import SIPCoreError
from blinkq.sipsimple.storage import FileStorage, ISIPSimpleStorage, MemoryStorage


class StrawMedia:
    """Takes every command; devices called "gone" cannot be opened."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.running = False
        self.commands: list[Command] = []

    async def start(self) -> None:
        if self.fails:
            raise MediaError("the media process cannot be started")
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def send(self, command: Command) -> None:
        self.commands.append(command)

    async def request(self, command: Command) -> Reply:
        self.commands.append(command)
        assert isinstance(command, OpenMixer | SetDevices)
        await asyncio.sleep(0.01)
        devices = [None if device == "gone" else device for device in (command.input_device, command.output_device)]
        wanted = [command.input_device, command.output_device]
        return MixerOpened(command.mixer, *devices, error=None if devices == wanted else "There is no device called gone.")

    def of(self, kind: type) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]


@pytest.fixture(autouse=True)
def _fresh_application() -> Iterator[None]:
    SIPApplication.forget()
    yield
    SIPApplication.forget()


class Scene:
    def __init__(self) -> None:
        self.media = StrawMedia()
        self.host: FakeHost = FakeNetwork(seed=1).host("192.0.2.1")
        self.recorder = Recorder()
        self.application = SIPApplication()
        self.engine: Engine

    def factory(self, config: EngineConfig) -> Engine:
        loop = asyncio.get_running_loop()
        self.engine = Engine(
            config, loop=EngineLoop(loop), clock=VirtualClock(loop), entropy=SeededEntropy(3), network=self.host, dns=FakeDNS(""),
            media_factory=lambda engine: self.media,
        )  # fmt: skip
        return self.engine

    def start(self, data: Tree | None = None) -> MemoryBackend:
        backend = MemoryBackend(data)
        self.application.start(backend, engine_factory=self.factory)
        return backend

    async def until(self, name: str) -> Any:
        for _ in range(2000):
            if self.recorder.all(name):
                return self.recorder.last(name)
            await asyncio.sleep(0.01)
        raise AssertionError(f"no {name}: {self.recorder.names}")

    @property
    def events(self) -> list[str]:
        return [name for name in self.recorder.names if not name.startswith(("AudioPort", "CFG"))]


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    yield made
    if made.application.state == "started":
        made.application.stop()
    if made.application.state is not None:
        await made.until("SIPApplicationDidEnd")
    assert EngineLoop.current is None
    assert Engine.current is None
    assert Runtime.engine is None


def test_what_an_observer_sets_before_the_engine_starts_counts() -> None:
    class Chooser:
        def handle_notification(self, notification: Notification) -> None:
            settings = SIPSimpleSettings()
            settings.sip.udp_port = Port(5123)
            settings.sip.transport_list = SIPTransportList(["udp"])
            settings.save()

    async def body() -> None:
        async with scene() as s:
            NotificationCenter().add_observer(Chooser(), name="SIPApplicationWillStart")
            s.start()
            await s.until("SIPApplicationDidStart")
            assert s.engine.sip.ports == {"udp": 5123}

    run(body())


def test_starting_and_stopping_in_order() -> None:
    async def body() -> None:
        async with scene() as s:
            assert not SIPApplication.running
            backend = s.start({"Accounts": {"alice@example.com": {"enabled": "true", "registration": {"enabled": "false"}}}})
            assert s.application.state == "starting"
            with pytest.raises(IllegalStateError):
                s.start()
            await s.until("SIPApplicationDidStart")
            assert s.events == [
                "SIPApplicationWillStart", "SIPEngineDidStart", "SIPAccountManagerDidAddAccount", "SIPAccountManagerDidAddAccount",
                "SIPAccountManagerDidChangeDefaultAccount", "SIPAccountManagerWillStart", "SIPAccountDidActivate",
                "SIPAccountManagerDidStart", "SIPApplicationDidStart",
            ]  # fmt: skip
            assert SIPApplication.running
            assert SIPSimpleSettings().instance_id.startswith("urn:uuid:")
            assert backend.data["SIPSimpleSettings"]["instance_id"] == SIPSimpleSettings().instance_id  # type: ignore[call-overload,index]
            account = AccountManager().get_account("alice@example.com")
            assert account.contact.domain == "192.0.2.1"
            assert str(account.contact["udp"]) == f"sip:{account.contact.username}@192.0.2.1:{s.engine.sip.ports['udp']}"
            assert str(account.contact["tcp"]).endswith(";transport=tcp")
            with pytest.raises(KeyError):
                account.contact["tls"]  # we have no certificate to listen with
            s.recorder.clear()
            s.application.stop()
            s.application.stop()
            assert not SIPApplication.running
            data = await s.until("SIPApplicationDidEnd")
            assert data.end_reason == "application request"
            assert s.events == [
                "SIPApplicationWillEnd", "SIPAccountManagerWillEnd", "SIPAccountDidDeactivate", "SIPAccountManagerDidEnd",
                "SIPApplicationDidEnd",
            ]  # fmt: skip
            assert not s.media.running
            assert len(s.media.of(CloseMixer)) == 2
            s.application.stop()
            await asyncio.sleep(1)
            assert s.recorder.names.count("SIPApplicationDidEnd") == 1
            with pytest.raises(IllegalStateError):
                s.start()

    run(body())


def test_what_is_left_of_interrupted_files_is_cleaned(tmp_path: Path) -> None:
    left, mine = tmp_path / ".data.bin.0123456789abcdef.blinkq.part", tmp_path / "data.bin.part"
    for path in (left, mine):
        path.write_bytes(b"beginning")
        os.utime(path, (0, 0))

    async def body() -> None:
        async with scene() as s:
            s.start({"SIPSimpleSettings": {"file_transfer": {"directory": str(tmp_path)}}})
            await s.until("SIPApplicationDidStart")
            await asyncio.sleep(0.1)
            assert list(tmp_path.iterdir()) == [mine]

    run(body())


def test_it_is_one_object_whatever_the_class() -> None:
    class Mine(SIPApplication):
        def __init__(self, name: str) -> None:
            SIPApplication.__init__(self)
            self.name = name

    application = Mine("x")
    assert SIPApplication() is application
    assert Mine("y").name == "x"
    assert SIPApplication.voice_audio_mixer is None
    Mine.voice_audio_mixer = "mixer"  # type: ignore[assignment]
    assert SIPApplication.voice_audio_mixer == application.voice_audio_mixer == "mixer"
    application.voice_audio_mixer = "other"  # type: ignore[assignment]
    assert Mine.voice_audio_mixer == "other"
    Mine.unrelated = 3  # type: ignore[attr-defined]
    assert not hasattr(SIPApplication, "unrelated")


def test_settings_that_cannot_be_loaded() -> None:
    class Broken:
        def load(self) -> Tree:
            raise ConfigurationBackendError("cannot read the settings")

        def save(self, data: object) -> None:
            raise AssertionError

    async def body() -> None:
        async with scene() as s:
            with pytest.raises(ConfigurationBackendError):
                s.application.start(Broken())
            with pytest.raises(TypeError):
                s.application.start(object())
            assert s.application.state is None
            s.application.stop()
            s.start()
            await s.until("SIPApplicationDidStart")

    run(body())


def test_a_settings_file_that_cannot_be_read_is_let_go_of(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.mkdir()

    async def body() -> None:
        async with scene() as s:
            with pytest.raises(ConfigurationBackendError, match="cannot read"):
                s.application.start(FileBackend(path), passwords=MemoryPasswordStore())
            path.rmdir()
            s.application.start(FileBackend(path), passwords=MemoryPasswordStore(), engine_factory=s.factory)
            await s.until("SIPApplicationDidStart")

    run(body())


def test_a_storage_object_is_accepted() -> None:
    class Storage:
        configuration_backend = MemoryBackend()

    async def body() -> None:
        async with scene() as s:
            s.application.start(Storage(), engine_factory=s.factory)
            await s.until("SIPApplicationDidStart")

    run(body())


def test_stopping_while_starting() -> None:
    async def body() -> None:
        async with scene() as s:
            s.start()
            s.application.stop()
            await s.until("SIPApplicationDidEnd")
            assert s.recorder.names.count("SIPApplicationDidEnd") == 1

    run(body())


@pytest.mark.expect_warnings
def test_a_fault_while_starting_ends_the_application() -> None:
    async def body() -> None:
        async with scene() as s:
            s.media.fails = True
            s.start()
            data = await s.until("SIPApplicationDidEnd")
            assert data.end_reason == "the media process cannot be started"
            assert s.recorder.last("SIPApplicationGotFatalError").type is MediaError
            assert "SIPApplicationDidStart" not in s.recorder.names

    run(body())


@pytest.mark.expect_warnings
def test_a_certificate_that_cannot_be_used_costs_only_tls(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene() as s:
            (tmp_path / "ca.pem").write_text("nonsense")
            s.start({"SIPSimpleSettings": {"tls": {"ca_list": str(tmp_path / "ca.pem")}}})
            data = await s.until("SIPApplicationFailedToStartTLS")
            assert isinstance(data.error, NetworkError)
            assert "ca.pem" in str(data.error)
            await s.until("SIPApplicationDidStart")
            assert not s.engine.sip.offers("tls")
            assert s.engine.sip.offers("udp")

    run(body())


@pytest.mark.expect_warnings
def test_a_port_in_use_is_told() -> None:
    async def body() -> None:
        async with scene() as s:
            await s.host.open_udp("0.0.0.0", 5060, s)  # type: ignore[arg-type]
            s.start({"SIPSimpleSettings": {"sip": {"udp_port": "5060", "transport_list": ["udp"]}}})
            data = await s.until("SIPApplicationDidEnd")
            assert "another program uses this port" in data.end_reason

    run(body())


def test_audio_follows_settings() -> None:
    async def body() -> None:
        async with scene() as s:
            s.start({"SIPSimpleSettings": {"audio": {"input_device": "Mic", "output_device": None, "silent": "true"}}})
            await s.until("SIPApplicationDidStart")
            await asyncio.sleep(0.1)
            mixer, alert = SIPApplication.voice_audio_mixer, SIPApplication.alert_audio_mixer
            assert (mixer.real_input_device, mixer.real_output_device) == ("Mic", None)
            assert (alert.input_device, alert.output_volume) == (None, 0)
            assert SIPApplication.voice_audio_device in SIPApplication.voice_audio_bridge
            assert isinstance(s.media.commands[0], OpenMixer)
            settings = SIPSimpleSettings()
            settings.audio.muted = True
            settings.audio.silent = False
            settings.audio.output_device = "Speaker"
            settings.audio.alert_device = "Bell"
            settings.save()
            await asyncio.sleep(0.1)
            assert (mixer.muted, alert.output_volume) == (True, 100)
            assert (mixer.real_output_device, alert.real_output_device) == ("Speaker", "Bell")
            assert SetVolume(mixer.number, 100, 100, True) in s.media.commands

    run(body())


@pytest.mark.expect_warnings
def test_a_missing_device_is_replaced_and_used_again_when_it_returns() -> None:
    async def body() -> None:
        async with scene() as s:
            s.start({"SIPSimpleSettings": {"audio": {"input_device": "gone"}}})
            data = await s.until("AudioDeviceDidFail")
            assert data.error == "There is no device called gone."
            await asyncio.sleep(0.1)
            mixer = SIPApplication.voice_audio_mixer
            assert mixer.real_input_device == "system_default"
            before = len(s.media.of(SetDevices))
            old, new = DeviceList((), ("a",), None, "a"), DeviceList(("gone",), ("a", "b"), "gone", "b")
            s.engine.on_media_event(DevicesChanged(old, new))
            assert s.recorder.last("AudioDevicesDidChange").new_devices == ["gone", "a", "b"]
            data = s.recorder.last("DefaultAudioDeviceDidChange")
            assert (data.changed_input, data.changed_output) == (True, True)
            await asyncio.sleep(0.1)
            assert len(s.media.of(SetDevices)) > before
            s.recorder.clear()
            s.engine.on_media_event(DevicesChanged(new, new))
            assert s.recorder.names == []

    run(body())


def test_events_of_the_media_process() -> None:
    async def body() -> None:
        async with scene() as s:
            s.start()
            await s.until("SIPApplicationDidStart")
            mixer = SIPApplication.voice_audio_mixer
            s.engine.on_media_event(Level(mixer.number, -20.0, -30.0))
            assert (mixer.input_level, mixer.output_level) == (-20.0, -30.0)
            s.engine.on_media_event(DeviceFailed(mixer.number, "pulled out"))
            assert s.recorder.last("AudioDeviceDidFail").error == "pulled out"
            s.engine.on_media_event(MediaProcessDied(1, "killed"))
            s.engine.on_media_event(MediaProcessRevived(2, 0.3, (), ()))
            s.engine.on_media_event(MediaProcessFailed("given up"))
            assert s.events[-3:] == ["MediaProcessDidDie", "MediaProcessDidRevive", "MediaProcessDidFail"]

    run(body())


def test_transports_follow_settings_and_the_trace_can_be_switched() -> None:
    async def body() -> None:
        async with scene() as s:
            s.start()
            await s.until("SIPApplicationDidStart")
            assert set(s.engine.sip.ports) == {"udp", "tcp"}
            settings = SIPSimpleSettings()
            settings.sip.transport_list = "tcp"  # type: ignore[assignment]
            settings.sip.tcp_port = 5070  # type: ignore[assignment]
            settings.dns.nameservers = "127.0.0.1:5353"  # type: ignore[assignment]
            settings.logs.trace_sip = True
            settings.save()
            s.recorder.clear()
            await s.until("SIPEngineDidStart")
            assert s.engine.sip.ports == {"tcp": 5070}
            assert s.engine.resolver.nameservers == ("127.0.0.1:5353",)
            assert s.engine.sip.tracer.callback is not None
            account = Account("alice@192.0.2.9")
            account.enabled = True
            account.sip.transport = "tcp"  # type: ignore[assignment]
            account.save()
            await s.until("SIPAccountRegistrationDidFail")
            trace = s.recorder.last("SIPEngineSIPTrace")
            assert trace.data.startswith(b"REGISTER sip:192.0.2.9 SIP/2.0\r\n")
            assert (trace.received, trace.transport, trace.destination_ip) == (False, "tcp", "192.0.2.9")

    run(body())


def test_mixer_handles() -> None:
    async def body() -> None:
        with pytest.raises(SIPCoreError, match="not running"):
            AudioMixer(None, None, 48000)
        async with scene() as s:
            s.start()
            await s.until("SIPApplicationDidStart")
            mixer = AudioMixer(None, None, 16000, slot_count=3)
            await mixer.opened()
            first, second = mixer.allocate_slot(), mixer.allocate_slot(pass_through=True)
            assert mixer.used_slot_count == 2
            mixer.connect_slots(first, second)
            mixer.connect_slots(first, second)
            mixer.connect_slots(0, first)
            assert mixer.connected_slots == [(first, second), (0, first)]
            mixer.connect_slots(first, first)
            mixer.disconnect_slots(first, first)
            with pytest.raises(ValueError, match="not in use"):
                mixer.connect_slots(first, 99)
            mixer.allocate_slot()
            with pytest.raises(SIPCoreError, match="all 3 slots"):
                mixer.allocate_slot()
            mixer.release_slot(first)
            assert mixer.connected_slots == []
            assert mixer.allocate_slot() not in (first, second)
            with pytest.raises(ValueError):
                mixer.output_volume = -1
            mixer.input_volume = 50
            assert SetVolume(mixer.number, 50, 100, False) in s.media.commands
            connected = [dataclasses.astuple(c)[1:] for c in s.media.of(Connect) if c.mixer == mixer.number]
            assert connected == [(first, second), (0, first), (first, first)]
            assert len([c for c in s.media.of(Disconnect) if c.mixer == mixer.number]) == 3
            mixer.close()
            mixer.close()
            assert s.media.commands[-1] == CloseMixer(mixer.number)

    run(body())


def test_on_its_own_thread() -> None:
    class Application(SIPApplication):
        def __init__(self) -> None:
            SIPApplication.__init__(self)
            self.started, self.ended = threading.Event(), threading.Event()
            self.threads: list[str] = []
            NotificationCenter().add_observer(self)

        def _NH_SIPApplicationWillStart(self, notification: Notification) -> None:
            self.threads.append(threading.current_thread().name)

        def _NH_SIPApplicationDidStart(self, notification: Notification) -> None:
            self.started.set()

        def _NH_SIPApplicationDidEnd(self, notification: Notification) -> None:
            self.ended.set()

    application = Application()
    application.start(
        MemoryBackend({"SIPSimpleSettings": {"sip": {"local_ip": "127.0.0.1"}}}),
        engine_factory=lambda config: Engine(dataclasses.replace(config, media=False)),
    )
    assert application.started.wait(60)
    assert application.threads == ["engine"]
    assert application.engine.sip.ports["udp"]
    application.stop()
    assert application.ended.wait(60)
    assert EngineLoop.current is None
    assert application.state == "stopped"


def test_the_end_comes_although_the_start_hangs() -> None:
    class Hanging(StrawMedia):
        async def start(self) -> None:
            await asyncio.Event().wait()

    async def body() -> None:
        async with scene() as s:
            s.media = Hanging()
            s.start()
            await s.until("SIPApplicationWillStart")
            await asyncio.sleep(1)
            assert s.application.state == "starting"
            s.application.stop()
            s.application.stop()
            data = await s.until("SIPApplicationDidEnd")
            assert data.end_reason == "application request"
            assert s.events == ["SIPApplicationWillStart", "SIPApplicationWillEnd", "SIPApplicationDidEnd"]

    run(body())


def test_the_end_comes_although_the_keyring_waits_for_its_user() -> None:
    asked, answered = threading.Event(), threading.Event()

    class Locked(MemoryPasswordStore):
        def get(self, account: str) -> str | None:
            asked.set()
            answered.wait(30)
            return None

    ended = threading.Event()

    class Observer:
        def handle_notification(self, notification: Notification) -> None:
            ended.set()

    observer = Observer()
    NotificationCenter().add_observer(observer, name="SIPApplicationDidEnd")
    application = SIPApplication()
    application.start(
        MemoryBackend({"Accounts": {"alice@example.com": {}}, "SIPSimpleSettings": {"sip": {"local_ip": "127.0.0.1"}}}),
        passwords=Locked(), engine_factory=lambda config: Engine(dataclasses.replace(config, media=False)),
    )  # fmt: skip
    try:
        assert asked.wait(60)
        application.stop()
        assert ended.wait(60)
        assert application.state == "stopped"
    finally:
        answered.set()


@pytest.mark.expect_warnings
def test_the_end_comes_whatever_the_parts_do(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    async def fail() -> None:
        raise ValueError("a fault of ours")

    async def body() -> None:
        async with scene() as s:
            s.start({"Accounts": {"alice@example.com": {"enabled": "true"}}})
            await s.until("SIPApplicationDidStart")
            monkeypatch.setattr(SessionManager(), "stop_sessions", fail)
            monkeypatch.setattr(AccountManager(), "stop_accounts", hang)
            monkeypatch.setattr(AudioSystem, "close", lambda system: 1 / 0)
            s.application.stop()
            data = await s.until("SIPApplicationDidEnd")
            assert data.end_reason == "application request"
            assert not s.media.running

    with pytest.raises(AssertionError, match="tasks left over"):  # the registration that nobody could stop
        run(body())


@pytest.mark.expect_warnings
def test_tls_settings_that_cannot_be_used_cost_only_tls_while_it_runs(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene() as s:
            s.start()
            await s.until("SIPApplicationDidStart")
            s.recorder.clear()
            (tmp_path / "ca.pem").write_text("nonsense")
            settings = SIPSimpleSettings()
            settings.tls.ca_list = str(tmp_path / "ca.pem")  # type: ignore[assignment]
            settings.save()
            await s.until("TLSTransportHasChanged")
            assert s.events == ["SIPApplicationFailedToStartTLS", "SIPEngineDidStart", "TLSTransportHasChanged"]
            assert not s.engine.sip.offers("tls")
            assert s.engine.sip.offers("udp")
            s.recorder.clear()
            settings.tls.ca_list = None
            settings.tls.verify_server = False
            settings.save()
            data = await s.until("TLSTransportHasChanged")
            assert (data.port, data.verify_server, data.certificate, data.ca_file) == (None, False, None, None)
            assert s.engine.sip.offers("tls")
            s.recorder.clear()
            settings.user_agent = "Other/1"
            settings.save()
            await s.until("SIPEngineDidStart")
            assert "TLSTransportHasChanged" not in s.recorder.names, "nothing about TLS has changed"
            assert s.engine.config.sip.user_agent == "Other/1"

    run(body())


def test_another_address_of_this_computer_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async with scene() as s:
            s.start()
            await s.until("SIPApplicationDidStart")
            for server in ("198.51.100.1", "198.51.100.2"):
                s.engine.on_sip_event(LocalAddressChanged(server, "192.0.2.1", None))
            await asyncio.sleep(1)
            s.engine.on_sip_event(LocalAddressChanged("198.51.100.1", "192.0.2.1", "192.0.2.7"))
            assert "NetworkConditionsDidChange" not in s.recorder.names
            data = await s.until("NetworkConditionsDidChange")
            assert data.changed == ["ip", "dns"], "the straw name servers have given way to the system's"
            await asyncio.sleep(10)
            assert s.recorder.names.count("NetworkConditionsDidChange") == 1
            settings = SIPSimpleSettings()
            settings.dns.nameservers = "127.0.0.1:5353"  # type: ignore[assignment]
            settings.save()
            await asyncio.sleep(1)
            s.recorder.clear()
            s.engine.on_sip_event(LocalAddressChanged("198.51.100.1", "192.0.2.7", "192.0.2.8"))
            assert (await s.until("NetworkConditionsDidChange")).changed == ["ip"]
            assert s.engine.resolver.nameservers == ("127.0.0.1:5353",)
            s.engine.on_sip_event(LocalAddressChanged("198.51.100.1", "192.0.2.8", "192.0.2.9"))

    run(body())


def test_storages(tmp_path: Path) -> None:
    async def body() -> None:
        storage = FileStorage(tmp_path / "blinkq")
        async with scene() as s:
            s.application.start(storage, engine_factory=s.factory)
            await s.until("SIPApplicationDidStart")
            assert SIPApplication.storage is storage
            assert ISIPSimpleStorage.providedBy(storage)
            assert (tmp_path / "blinkq" / "config").is_file()

    run(body())
    assert ISIPSimpleStorage.providedBy(MemoryStorage())
    assert FileStorage(str(tmp_path)).directory == str(tmp_path)


def test_tools_start_the_configuration_with_the_applications_storage() -> None:
    with pytest.raises(IllegalStateError, match=r"SIPApplication\.storage"):
        ConfigurationManager().start()
    SIPApplication.storage = storage = MemoryStorage()
    storage.configuration_backend.data = {"SIPSimpleSettings": {"rtp": {"timeout": "7"}}}
    ConfigurationManager().start()
    assert SIPSimpleSettings().rtp.timeout == 7


def test_the_end_comes_although_the_network_is_gone() -> None:
    async def body() -> None:
        async with scene() as s:
            s.start({"Accounts": {"alice@198.51.100.9": {"enabled": "true", "sip": {"transport": "udp"}}}})
            await s.until("SIPAccountWillRegister")
            loop = asyncio.get_running_loop()
            s.host.silent = True
            told = loop.time()
            s.application.stop()
            await s.until("SIPApplicationDidEnd")
            assert loop.time() - told < 15
            assert s.events[-1] == "SIPApplicationDidEnd"

    run(body())


def test_subclasses_can_pass_on_what_they_observe() -> None:
    class Mine(SIPApplication):
        seen = 0

        def _NH_AudioDevicesDidChange(self, notification: Notification) -> None:
            self.seen += 1
            SIPApplication._NH_AudioDevicesDidChange(self, notification)

        def _NH_DefaultAudioDeviceDidChange(self, notification: Notification) -> None:
            self.seen += 1
            SIPApplication._NH_DefaultAudioDeviceDidChange(self, notification)

        def _NH_SIPEngineDetectedNATType(self, notification: Notification) -> None:
            self.seen += 1
            SIPApplication._NH_SIPEngineDetectedNATType(self, notification)

    application = Mine()
    for name in ("AudioDevicesDidChange", "DefaultAudioDeviceDidChange", "SIPEngineDetectedNATType"):
        application.handle_notification(Notification(name, None, NotificationData(), NotificationCenter()))
    assert application.seen == 3


def test_a_closed_mixer_sends_nothing_more() -> None:
    async def body() -> None:
        async with scene() as s:
            s.start()
            await s.until("SIPApplicationDidStart")
            mixer = AudioMixer(None, None, 48000)
            await mixer.opened()
            mixer.close()
            mixer.send(Disconnect(mixer.number, 0, 1))
            assert [type(c).__name__ for c in s.media.commands if getattr(c, "mixer", None) == mixer.number][-1] == "CloseMixer"

    run(body())
