"""The real middleware behind the windows.

The only file of this room that knows SIPApplication, Account and Session by name. Whatever may wait (keyring, disk, network) is handed to
another thread; the windows hear of it by notification.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.middleware import AccountDraft, AccountLike, AudioConferenceLike, DeviceKind, Levels, SessionLike, SoundLike
from blinkq.app.sipsimple_desktop import SIPSimpleDesktop
from blinkq.app.sipsimple_media import SIPSimpleMedia
from blinkq.app.sipsimple_people import SIPSimplePeople
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.account import Account, AccountManager, BonjourAccount
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.audio import AudioConference, RootAudioBridge, WavePlayer
from blinkq.sipsimple.audio_devices import AudioDevices, list_audio_devices
from blinkq.sipsimple.configuration import SettingsObject
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.datatypes import SIPAddress, SIPProxyAddress, SIPTransport
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.registration_trial import RegistrationTrial
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.session.destination import target_of
from blinkq.sipsimple.streams import AudioStream

__all__ = ["SIPSimpleMiddleware"]

log = get_logger("app.middleware")

#: the user part of our address in calls without an account
DIRECT_USER = "blinkq"


class _DeviceRelay(QObject):
    """Carries the list of devices from the engine thread to the GUI thread."""

    arrived = pyqtSignal(object)


class SIPSimpleMiddleware(NotificationHandler):
    """Fills ``middleware.Middleware``. Every method belongs to the GUI thread and returns at once."""

    def __init__(self, config_dir: Path) -> None:
        self.people = SIPSimplePeople(self._in_background)
        self.media = SIPSimpleMedia()
        self.desktop = SIPSimpleDesktop()
        self._config_dir = config_dir
        self._devices = AudioDevices()
        self._relay = _DeviceRelay()
        self._relay.arrived.connect(self._set_devices)
        self._watchers: list[Callable[[], None]] = []
        self._direct: Account | None = None

    # life ------------------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        NotificationCenter().add_observer(self, name="AudioDevicesDidChange")
        NotificationCenter().add_observer(self, name="SIPApplicationDidStart")
        SIPApplication().start(FileBackend(str(self._config_dir / "config")))

    def stop(self) -> None:
        NotificationCenter().purge_observer(self)
        SIPApplication().stop()

    @property
    def _started(self) -> bool:
        return SIPApplication.state in ("starting", "started")

    # accounts --------------------------------------------------------------------------------------------------------------------

    def accounts(self) -> list[AccountLike]:
        if not self._started:
            return []
        known = [account for account in AccountManager().get_accounts() if isinstance(account, Account) and account is not self._direct]
        return cast("list[AccountLike]", sorted(known, key=lambda account: str(account.id)))

    def default_account(self) -> AccountLike | None:
        return cast("AccountLike | None", AccountManager().default_account) if self._started else None

    def set_default_account(self, account: AccountLike) -> None:
        self._in_background(lambda: setattr(AccountManager(), "default_account", account))

    def save_account(self, draft: AccountDraft) -> AccountLike:
        account = Account(draft.address)
        account.enabled = True
        account.display_name = draft.display_name or None
        if draft.password is not None:
            account.password = draft.password
        account.auth.username = draft.auth_username or None
        account.presence.enabled = draft.presence
        account.dialog_event.enabled = draft.calls
        account.message_summary.enabled = draft.voicemail
        account.message_summary.voicemail_uri = SIPAddress(draft.voicemail_address) if draft.voicemail_address else None
        account.sip.outbound_proxy = _proxy(draft)
        account.sip.transport = SIPTransport(draft.transport) if draft.transport else None
        self._save(account)
        return cast(AccountLike, account)

    def remove_account(self, account: AccountLike) -> None:
        self._in_background(cast(Account, account).delete)

    def draft_of(self, account: AccountLike) -> AccountDraft:
        known = cast(Account, account)
        proxy = known.sip.outbound_proxy
        transport = (proxy.transport if proxy is not None else None) or known.sip.transport or ""
        return AccountDraft(
            address=str(known.id), display_name=known.display_name or "", password=None, auth_username=known.auth.username or "",
            presence=known.presence.enabled, calls=known.dialog_event.enabled, voicemail=known.message_summary.enabled,
            voicemail_address=str(known.message_summary.voicemail_uri or ""),
            proxy_host=proxy.host if proxy is not None else "", proxy_port=proxy.port if proxy is not None else 0, transport=str(transport),
        )  # fmt: skip

    def try_registration(self, draft: AccountDraft) -> RegistrationTrial:
        password = draft.password
        if password is None:
            password = Account(draft.address).password
        trial = RegistrationTrial(draft.address, password, draft.display_name, draft.auth_username, _proxy(draft), draft.transport)
        trial.start()
        return trial

    # calls -----------------------------------------------------------------------------------------------------------------------

    def lookup(self, uri: str, account: AccountLike | None) -> object:
        parsed = SIPURI.parse(uri)
        known = cast("Account | BonjourAccount", account) if account is not None else self._direct_account()
        target = parsed if account is None else target_of(known, parsed)
        transports = list(SIPSimpleSettings().sip.transport_list)
        if isinstance(known, Account) and known.sip.outbound_proxy is None and known.sip.transport is not None:
            transports = [str(known.sip.transport)]
        tls_name = known.sip.tls_name
        lookup = DNSLookup()
        lookup.lookup_sip_proxy(target, transports, tls_name=tls_name)
        return lookup

    def new_session(self, account: AccountLike | None) -> SessionLike:
        return cast(SessionLike, Session(cast(Account, account) if account is not None else self._direct_account()))

    def connect(self, session: SessionLike, uri: str, display_name: str, routes: Sequence[object]) -> None:
        real = cast(Session, session)
        real.connect(ToHeader(SIPURI.parse(uri), display_name or None), cast("list[Route]", list(routes)), [AudioStream(real.account)])

    def levels(self, session: SessionLike) -> Levels:
        mixer = SIPApplication.voice_audio_mixer
        # one microphone and one loudspeaker: what the device carries is what the call that is not on hold carries
        return Levels() if mixer is None else Levels(mixer.input_level, mixer.output_level)

    def new_conference(self) -> AudioConferenceLike:
        return cast(AudioConferenceLike, AudioConference())

    # sound -----------------------------------------------------------------------------------------------------------------------

    def devices(self, kind: DeviceKind) -> list[str]:
        return list(self._devices.inputs if kind is DeviceKind.INPUT else self._devices.outputs)

    def watch_devices(self, callback: Callable[[], None]) -> None:
        self._watchers.append(callback)

    def device(self, kind: DeviceKind) -> str | None:
        if not self._started:
            return "system_default"
        audio = SIPSimpleSettings().audio
        return {DeviceKind.INPUT: audio.input_device, DeviceKind.OUTPUT: audio.output_device, DeviceKind.ALERT: audio.alert_device}[kind]

    def set_device(self, kind: DeviceKind, name: str | None) -> None:
        if self._started:
            settings = SIPSimpleSettings()
            setattr(settings.audio, f"{kind.value}_device", name)
            self._save(settings)

    def muted(self) -> bool:
        return self._started and bool(SIPSimpleSettings().audio.muted)

    def set_muted(self, muted: bool) -> None:
        if self._started:
            settings = SIPSimpleSettings()
            settings.audio.muted = muted
            settings.save()  # a runtime setting: nothing is written

    def silent(self) -> bool:
        return self._started and bool(SIPSimpleSettings().audio.silent)

    def set_silent(self, silent: bool) -> None:
        if self._started:
            settings = SIPSimpleSettings()
            settings.audio.silent = silent
            self._save(settings)

    def sound(self, path: Path, *, alert: bool, loop: bool, pause: float = 0.0) -> SoundLike:
        return _Sound(path, alert=alert, loop=loop, pause=pause)

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _NH_SIPApplicationDidStart(self, _notification: Notification) -> None:
        list_audio_devices(self._relay.arrived.emit)

    def _NH_AudioDevicesDidChange(self, _notification: Notification) -> None:
        list_audio_devices(self._relay.arrived.emit)

    def _set_devices(self, devices: AudioDevices) -> None:
        self._devices = devices
        for callback in self._watchers:
            callback()

    def _direct_account(self) -> Account:
        if self._direct is None:
            self._direct = Account(f"{DIRECT_USER}@localhost")
            self._direct.enabled = True
            self._direct.registration.enabled = False  # never saved: it lives as long as the process
        return self._direct

    def _save(self, settings: SettingsObject) -> None:
        self._in_background(settings.save)

    @staticmethod
    def _in_background(work: Callable[[], object]) -> None:
        engine = SIPApplication.engine
        if engine is None:
            raise IllegalStateError("the application is not running")
        engine.loop.run(asyncio.to_thread(work))


class _Sound:
    """A WAV file on the alert bridge or the voice bridge."""

    def __init__(self, path: Path, *, alert: bool, loop: bool, pause: float) -> None:
        self._path = path
        self._alert = alert
        self._loop_count = 0 if loop else 1
        self._pause = pause
        self._player: WavePlayer | None = None

    def start(self) -> None:
        if self._player is not None:
            return
        bridge, mixer = self._bridge(), SIPApplication.alert_audio_mixer if self._alert else SIPApplication.voice_audio_mixer
        if bridge is None or mixer is None:
            log.info("%s is not played: there is no sound", self._path.name)
            return
        self._player = WavePlayer(mixer, str(self._path), loop_count=self._loop_count, pause_time=self._pause)
        bridge.add(self._player)
        self._player.start()

    def stop(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            player.stop()
            bridge = self._bridge()
            if bridge is not None and player in bridge:
                bridge.remove(player)

    def _bridge(self) -> RootAudioBridge | None:
        return SIPApplication.alert_audio_bridge if self._alert else SIPApplication.voice_audio_bridge


def _proxy(draft: AccountDraft) -> SIPProxyAddress | None:
    if not draft.proxy_host:
        return None
    return SIPProxyAddress(draft.proxy_host, draft.proxy_port, draft.transport or "udp")
