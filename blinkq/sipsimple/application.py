"""SIPApplication: starts and stops the whole middleware in the right order."""

from __future__ import annotations

import asyncio
import concurrent.futures
import dataclasses
import sys
import threading
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, cast

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.engine.engine import Engine, EngineConfig
from blinkq.engine.errors import NetworkError
from blinkq.engine.media_errors import MediaError, MediaProcessDied, MediaProcessFailed, MediaProcessRevived
from blinkq.engine.tls import TLSConfig, client_context, server_context
from blinkq.engine.trace import SIPMessageTraced
from blinkq.media.control import DevicesChanged, Event
from blinkq.sipsimple import msrp_events, notifications  # noqa: F401 - the second declares what is posted
from blinkq.sipsimple.account_manager import AccountManager
from blinkq.sipsimple.addressbook import AddressbookManager
from blinkq.sipsimple.audio import AudioDevice, RootAudioBridge
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.audio_system import AudioSystem
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.keyring import PasswordStore
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.engine import Engine as CoreEngine
from blinkq.sipsimple.engine_settings import engine_config, nameservers, sip_config, touches_transports
from blinkq.sipsimple.media_events import MediaEvents
from blinkq.sipsimple.messaging import MessageManager
from blinkq.sipsimple.network_conditions import NetworkConditions
from blinkq.sipsimple.reception import Reception
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session import SessionManager
from blinkq.sipsimple.sip_account import Account
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.streams.msrp.file_receiver import clean_partial_files

__all__ = ["EngineFactory", "SIPApplication"]

#: Seconds that each component may take to stop; then the application ends without it.
STOP_TIMEOUT = 5.0

#: Seconds between looks whether the last call has ended, while new transports wait for it.
IDLE_CHECK_INTERVAL = 0.5

#: Why the application ended when somebody called ``stop()``.
APPLICATION_REQUEST = "application request"

EngineFactory = Callable[[EngineConfig], Engine]

log = get_logger("sipsimple.application")

#: Attributes with one value for SIPApplication, its subclasses and their instances.
_SHARED = frozenset(
    {"alert_audio_bridge", "alert_audio_device", "alert_audio_mixer", "engine", "state", "storage", "voice_audio_bridge",
     "voice_audio_device", "voice_audio_mixer"}
)  # fmt: skip


class _Shared:
    """Descriptor of an attribute that has one value wherever it is read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: object) -> Any:
        return _values.get(self._name)

    def __set__(self, instance: object, value: object) -> None:
        _share(self._name, value)


_values: dict[str, object] = {}


def _share(name: str, value: object) -> None:
    _values[name] = value
    if name == "storage":  # tools that need no running application set it and start the configuration by itself
        ConfigurationManager.storage = value


class _ApplicationMeta(type):
    """One instance for the whole family of classes; shared attributes can also be set on classes."""

    _instance: ClassVar[Any] = None

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if _ApplicationMeta._instance is None:
            # known before __init__ has finished: what that calls may ask for the application
            family: Any = cls
            instance = _ApplicationMeta._instance = family.__new__(family)
            instance.__init__(*args, **kwargs)
        return _ApplicationMeta._instance

    def __setattr__(cls, name: str, value: object) -> None:
        if name in _SHARED:
            _share(name, value)
        else:
            super().__setattr__(name, value)

    @property
    def running(cls) -> bool:
        return _values.get("state") == "started"


class SIPApplication(NotificationHandler, metaclass=_ApplicationMeta):
    """The application; a singleton, usually subclassed with ``_NH_<name>`` methods.

    All attributes are shared: they can be read on the class, on subclasses and on instances.

    ``state`` is None, "starting", "started", "stopping" or "stopped". ``engine`` and ``storage`` (if ``start`` was given one) are there
    from ``start()`` on; the audio attributes from SIPApplicationDidStart on.

    Posts SIPApplicationWillStart, SIPApplicationDidStart, SIPApplicationWillEnd, SIPApplicationDidEnd, SIPApplicationFailedToStartTLS,
    SIPApplicationGotFatalError, TLSTransportHasChanged, NetworkConditionsDidChange,
    AudioDevicesDidChange, DefaultAudioDeviceDidChange, MediaProcessDidDie, MediaProcessDidRevive and
    SIPEngineSIPTrace.
    """

    state: str | None = cast("str | None", _Shared("state"))
    storage: Any = _Shared("storage")
    engine: Engine = cast(Engine, _Shared("engine"))
    alert_audio_bridge: RootAudioBridge = cast(RootAudioBridge, _Shared("alert_audio_bridge"))
    alert_audio_device: AudioDevice = cast(AudioDevice, _Shared("alert_audio_device"))
    alert_audio_mixer: AudioMixer = cast(AudioMixer, _Shared("alert_audio_mixer"))
    voice_audio_bridge: RootAudioBridge = cast(RootAudioBridge, _Shared("voice_audio_bridge"))
    voice_audio_device: AudioDevice = cast(AudioDevice, _Shared("voice_audio_device"))
    voice_audio_mixer: AudioMixer = cast(AudioMixer, _Shared("voice_audio_mixer"))

    def __new__(cls, *_args: Any, **_kwargs: Any) -> SIPApplication:
        application = super().__new__(cls)
        application._prepare()
        return application

    def __init__(self) -> None:
        """There is nothing to be done here: subclasses often have an ``__init__`` that does not call this one."""

    def _prepare(self) -> None:
        self._guard = threading.RLock()
        self._audio: AudioSystem | None = None
        self._watcher = _SettingsWatcher(self)
        self._starting: asyncio.Task[Any] | None = None
        self._stop_wanted = False
        self._network: NetworkConditions | None = None
        #: the TLS port and configuration as last told
        self._tls: tuple[int | None, TLSConfig] | None = None
        self._reconfiguration: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether the application has started and was not told to stop."""
        return self.state == "started"

    def start(
        self, config_backend: object, *, passwords: PasswordStore | None = None, engine_factory: EngineFactory = Engine
    ) -> None:
        """Load the settings, start the engine thread and return; SIPApplicationDidStart comes when everything runs.

        :param config_backend: the configuration backend, or a storage object that has one (``configuration_backend``)
        :param passwords: where passwords are kept; what suits the backend when left out
        :param engine_factory: makes the engine from its configuration; for tests

        Raises what the configuration raises (start may then be called again), TypeError when it is no backend, and IllegalStateError when
        already started.
        """
        with self._guard:
            if self.state is not None:
                raise IllegalStateError(f"SIPApplication.start in state {self.state}")
            backend: Any = getattr(config_backend, "configuration_backend", config_backend)
            ConfigurationManager().start(backend, passwords)
            try:
                engine = engine_factory(engine_config(SIPSimpleSettings()))
                engine.loop.start()
            except BaseException:
                ConfigurationManager().stop()
                raise
            self.state = "starting"
            self.engine = engine
            self.storage = config_backend if backend is not config_backend else None
        engine.loop.run(self._run_guarded())

    def stop(self) -> None:
        """Stop everything; returns at once, SIPApplicationDidEnd comes when all is done. Does nothing before ``start`` and at the end."""
        with self._guard:
            if self.state == "starting":
                # the start may hang: in a keyring that waits for its user, in a network that is not there
                self._stop_wanted = True
                self.engine.loop.call(self._give_up_starting)
                return
            if self.state != "started":
                return
            self.state = "stopping"
        self.engine.loop.run(self._stop(APPLICATION_REQUEST))

    @classmethod
    def forget(cls) -> None:
        """Forget the singleton after its end. For tests, between two lives of the middleware."""
        _ApplicationMeta._instance = None
        _values.clear()
        ConfigurationManager.storage = None

    # starting ----------------------------------------------------------------------------------------------------------------

    async def _run_guarded(self) -> None:
        self._starting = asyncio.current_task()
        try:
            if not self._stop_wanted:
                await self._start()
        except asyncio.CancelledError:
            if not self._stop_wanted:
                raise
            assert self._starting is not None
            self._starting.uncancel()
        except Exception as error:  # whatever it is: the application cannot run, says so and ends
            if not isinstance(error, NetworkError):  # an address or port that cannot be had is no fault of ours; the notification tells
                log.exception("the application could not be started")
            kind, value, traceback = sys.exc_info()
            post("SIPApplicationGotFatalError", self, type=kind, value=value, traceback=traceback)
            await self._stop(str(error) or type(error).__name__)
            return
        if self._stop_wanted:
            await self._stop(APPLICATION_REQUEST)

    def _give_up_starting(self) -> None:
        if self._starting is not None and self.state == "starting":
            self._starting.cancel()

    async def _start(self) -> None:
        settings = SIPSimpleSettings()
        engine = self.engine
        before = sip_config(settings), nameservers(settings)
        post("SIPApplicationWillStart", self)
        now = sip_config(settings), nameservers(settings)
        if now != before:  # an observer has changed settings: that is what the notification is good for
            engine.config = dataclasses.replace(engine.config, sip=now[0], nameservers=now[1])
        engine.on_sip_event = SIPEvents().dispatch
        engine.on_media_event = self._media_event
        engine.on_msrp_event = msrp_events.dispatch
        engine.start_media()
        # the keyring may ask the user to unlock it: not on the engine thread
        await asyncio.get_running_loop().run_in_executor(_DaemonExecutor(), _unlock_passwords)
        await self._start_engine(engine, settings)
        Runtime.engine = engine
        self._tls = (engine.config.sip.tls_port, engine.config.sip.tls)
        self._trace(settings)
        self._open_audio(engine)
        if not settings.instance_id:
            settings.instance_id = uuid.UUID(bytes=engine.entropy.octets(16), version=4).urn
            settings.save()
        accounts, sessions = AccountManager(), SessionManager()
        self._network = network = NetworkConditions(self, engine)
        network.nameservers = nameservers(settings)
        SIPEvents().flow_handler = self._flow_event
        AddressbookManager().load()
        accounts.start()
        sessions.start()
        Reception().start()
        MessageManager().start()
        Runtime.spawn(clean_partial_files())
        NotificationCenter().add_observer(self._watcher, name="CFGSettingsObjectDidChange", sender=settings)
        with self._guard:
            if self._stop_wanted:
                return
            self.state = "started"
        post("SIPApplicationDidStart", self)

    async def _start_engine(self, engine: Engine, settings: SIPSimpleSettings) -> None:
        config = engine.config
        if config.sip.tls_port is not None and (failure := _tls_error(config.sip.tls)) is not None:
            self._without_tls(engine, failure)
        try:
            await engine.start()
        except NetworkError as error:
            if not engine.config.sip.tls_port:
                raise
            # a fixed TLS port may be the one that cannot be had
            self._without_tls(engine, error)
            await engine.start()
        post("SIPEngineDidStart", CoreEngine(), ports=dict(engine.sip.ports))

    def _without_tls(self, engine: Engine, error: NetworkError) -> None:
        log.warning("TLS is off: %s", error)
        engine.config = dataclasses.replace(engine.config, sip=dataclasses.replace(engine.config.sip, tls_port=None))
        post("SIPApplicationFailedToStartTLS", self, error=error)

    def _open_audio(self, engine: Engine) -> None:
        if not engine.config.media:
            return
        AudioMixer.current_media = engine.media
        self._audio = audio = AudioSystem(self)
        self.voice_audio_mixer, self.voice_audio_bridge, self.voice_audio_device = audio.voice.mixer, audio.voice.bridge, audio.voice.device
        self.alert_audio_mixer, self.alert_audio_bridge, self.alert_audio_device = audio.alert.mixer, audio.alert.bridge, audio.alert.device
        Runtime.voice_audio_mixer = audio.voice.mixer

    # stopping ----------------------------------------------------------------------------------------------------------------

    async def _stop(self, reason: str) -> None:
        """Stop what runs, each part for itself: whatever one of them does, the others are stopped and the end is told."""
        self.state = "stopping"
        post("SIPApplicationWillEnd", self)
        engine = self.engine
        running = Runtime.engine is not None
        NotificationCenter().purge_observer(self._watcher)
        if self._reconfiguration is not None:
            self._reconfiguration.cancel()
        if self._network is not None:
            self._network.close()
        if running:
            MessageManager().stop()
            await _capped("sessions", SessionManager().stop_sessions())
            await _capped("accounts", AccountManager().stop_accounts())
        await _capped("sound", self._close_audio())
        await _capped("the engine", engine.stop())
        await _capped("what they knew", self._forget())
        try:
            engine.loop.stop()
        except IllegalStateError:  # a thread cannot wait for its own end
            threading.Thread(target=self._finish, args=(engine, reason), name="application end").start()
        else:
            self._finish(engine, reason)

    async def _close_audio(self) -> None:
        audio, self._audio = self._audio, None
        if audio is not None:
            audio.close()

    async def _forget(self) -> None:
        SIPEvents().flow_handler = None
        AudioMixer.current_media = None
        Runtime.reset()
        AccountManager().forget()
        AddressbookManager().forget()

    def _finish(self, engine: Engine, reason: str) -> None:
        engine.loop.stop()
        ConfigurationManager().stop()
        self.state = "stopped"
        post("SIPApplicationDidEnd", self, end_reason=reason)

    # what subclasses override and pass on --------------------------------------------------------------------------------------

    def _NH_AudioDevicesDidChange(self, notification: Notification) -> None:
        """Nothing: the devices are followed already."""

    def _NH_DefaultAudioDeviceDidChange(self, notification: Notification) -> None:
        """Nothing: the devices are followed already."""

    def _NH_SIPEngineDetectedNATType(self, notification: Notification) -> None:
        """Nothing: it is not detected."""

    # while it runs -----------------------------------------------------------------------------------------------------------

    def _media_event(self, event: object) -> None:
        match event:
            case DevicesChanged():
                if self._audio is not None:
                    self._audio.devices_changed(event)
            case MediaProcessDied():
                post("MediaProcessDidDie", self, error=event.error)
            case MediaProcessRevived():
                post("MediaProcessDidRevive", self, downtime=event.downtime, rollovers=event.rollovers, failures=event.failures)
            case MediaProcessFailed():
                post("MediaProcessDidFail", self, error=event.error)
            case Event():
                MediaEvents().dispatch(event)

    def _settings_changed(self, modified: dict[str, object]) -> None:
        """Put changed general settings into force. Engine thread only."""
        settings = SIPSimpleSettings()
        if self._audio is not None:
            self._audio.settings_changed(modified)
        if "logs.trace_sip" in modified or "logs.trace_msrp" in modified:
            self._trace(settings)
        if "dns.nameservers" in modified:
            servers = nameservers(settings)
            self.engine.configure_nameservers(servers)
            if self._network is not None:
                self._network.nameservers = servers
        if touches_transports(modified):
            if self._reconfiguration is not None:
                self._reconfiguration.cancel()
            self._reconfiguration = Runtime.spawn(self._reconfigure())

    async def _reconfigure(self) -> None:
        """Open the transports anew as soon as no call needs the old ones; accounts register again."""
        while SessionManager().sessions:
            await asyncio.sleep(IDLE_CHECK_INTERVAL)
        accounts = [account for account in AccountManager().iter_accounts() if isinstance(account, Account)]
        parts = [part for account in accounts for part in (account.registrar, account.events) if part is not None]
        await asyncio.gather(*(part.stop() for part in parts))
        settings = SIPSimpleSettings()
        config = sip_config(settings)
        if config.tls_port is not None and (error := _tls_error(config.tls)) is not None:
            log.warning("TLS is off: %s", error)
            post("SIPApplicationFailedToStartTLS", self, error=error)
            config = sip_config(settings, tls=False)
        try:
            await self.engine.reconfigure_sip(config)
        except NetworkError as error:
            post("SIPEngineDidFail", CoreEngine(), error=error)
        else:
            post("SIPEngineDidStart", CoreEngine(), ports=dict(self.engine.sip.ports))
            self._tell_tls(settings)
        for part in parts:
            part.start()

    def _tell_tls(self, settings: SIPSimpleSettings) -> None:
        config = self.engine.config.sip
        if self._tls != (told := (config.tls_port, config.tls)):
            self._tls = told
            post(
                "TLSTransportHasChanged", self, port=self.engine.sip.ports.get("tls"), verify_server=settings.tls.verify_server,
                certificate=settings.tls.certificate, ca_file=settings.tls.ca_list,
            )  # fmt: skip

    def _flow_event(self, event: object) -> None:
        AccountManager().flow_event(event)
        if self._network is not None:
            self._network.flow_event(event)

    def _trace(self, settings: SIPSimpleSettings) -> None:
        self.engine.trace_sip(self._post_trace if settings.logs.trace_sip else None)
        msrp_events.configure_trace(self.engine.msrp, settings.logs.trace_msrp)

    def _post_trace(self, message: SIPMessageTraced) -> None:
        fields = {field.name: getattr(message, field.name) for field in dataclasses.fields(message)}
        post("SIPEngineSIPTrace", CoreEngine(), **fields)


class _SettingsWatcher:
    """Observes the general settings for the application, apart from it so that subclasses cannot shadow it."""

    def __init__(self, application: SIPApplication) -> None:
        self._application = application

    def handle_notification(self, notification: Notification) -> None:
        engine = Runtime.engine
        if engine is not None:
            engine.loop.call(self._application._settings_changed, notification.data.modified)


async def _capped(what: str, work: Coroutine[Any, Any, object]) -> None:
    """Wait for ``work``, but not for ever, and go on whatever happens in it."""
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await work
    except TimeoutError:
        log.warning("%s did not stop in time", what)
    except (NetworkError, MediaError, IllegalStateError) as error:
        log.warning("%s could not be stopped properly: %s", what, error)
    except Exception:  # a fault of ours: it must not keep the rest from ending
        log.exception("%s could not be stopped properly", what)


def _tls_error(config: TLSConfig) -> NetworkError | None:
    """Why TLS cannot be had with this configuration, or None."""
    try:
        client_context(config)
        if config.certificate:
            server_context(config)
    except NetworkError as error:
        return error
    return None


class _DaemonExecutor(concurrent.futures.Executor):
    """A thread for one call that may never return: neither the loop's end nor the interpreter's waits for it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        future.set_running_or_notify_cancel()  # from now on it cannot be cancelled, only left alone

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=work, name="keyring", daemon=True).start()
        return future


def _unlock_passwords() -> None:
    manager = ConfigurationManager()
    for name in manager.get_names(["Accounts"])[:1]:
        manager.passwords.get(name)
