"""What the windows need of the middleware, as protocols.

The windows talk to these; ``sipsimple_middleware`` fills them with the real thing, tests with a fake that posts the same notifications.
Everything here returns at once: what takes time ends in a notification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from blinkq.app.desktop_media import DesktopMedia
from blinkq.app.message_media import MessageMedia
from blinkq.app.people import PeopleLike

__all__ = [
    "AccountDraft", "AccountLike", "AudioConferenceLike", "AudioStreamLike", "DeviceKind", "IdentityLike", "Levels", "Middleware",
    "SessionLike", "SoundLike", "StreamLike", "TransferHandlerLike", "URILike",
]  # fmt: skip


class DeviceKind(StrEnum):
    """The three sound devices that can be chosen."""

    INPUT = "input"
    OUTPUT = "output"
    ALERT = "alert"


class URILike(Protocol):
    """A SIP URI; ``str()`` of it is the whole."""

    @property
    def user(self) -> str | None: ...
    @property
    def host(self) -> str: ...


class IdentityLike(Protocol):
    """A party of a call."""

    @property
    def display_name(self) -> str | None: ...
    @property
    def uri(self) -> URILike: ...


class AccountLike(Protocol):
    """An account as the windows see it."""

    @property
    def id(self) -> str: ...
    @property
    def display_name(self) -> str | None: ...
    @property
    def enabled(self) -> bool: ...


class StreamLike(Protocol):
    """One medium of a call, whichever."""

    @property
    def type(self) -> str: ...


class AudioStreamLike(StreamLike, Protocol):
    """The sound of one call."""

    @property
    def codec(self) -> str | None: ...
    @property
    def sample_rate(self) -> int | None: ...
    @property
    def srtp_active(self) -> bool: ...
    @property
    def ice_active(self) -> bool: ...
    @property
    def local_rtp_candidate_type(self) -> str | None: ...
    @property
    def remote_rtp_candidate_type(self) -> str | None: ...
    def start_recording(self, filename: str | None = None) -> None: ...
    def stop_recording(self) -> None: ...
    def send_dtmf(self, digit: str) -> None: ...


class AudioConferenceLike(Protocol):
    """Sounds of calls that hear each other and us."""

    def add(self, stream: AudioStreamLike) -> None: ...
    def remove(self, stream: AudioStreamLike) -> None: ...
    def hold(self) -> None:
        """Leave the others to themselves."""
    def unhold(self) -> None: ...


class TransferHandlerLike(Protocol):
    """The transfer of a session."""

    @property
    def new_session(self) -> SessionLike | None:
        """The session with the other party that a transfer accepted here has made."""


class SessionLike(Protocol):
    """One call."""

    @property
    def state(self) -> str | None: ...
    @property
    def direction(self) -> str | None: ...
    @property
    def account(self) -> AccountLike: ...
    @property
    def remote_identity(self) -> IdentityLike | None: ...
    @property
    def transport(self) -> str | None: ...
    @property
    def streams(self) -> Sequence[AudioStreamLike] | None: ...
    @property
    def proposed_streams(self) -> Sequence[AudioStreamLike] | None: ...
    @property
    def replaced_session(self) -> SessionLike | None:
        """The session that this one, which comes in, takes the place of."""
    @property
    def remote_focus(self) -> bool:
        """Whether the other side is the focus of a conference; SIPSessionGotConferenceInfo tells who is in it then."""
    @property
    def transfer_handler(self) -> TransferHandlerLike: ...
    def send_ring_indication(self) -> None: ...
    def accept(self, streams: Sequence[StreamLike]) -> None: ...
    def reject(self, code: int = 603, reason: str | None = None) -> None: ...
    def hold(self) -> None: ...
    def unhold(self) -> None: ...
    def add_streams(self, streams: list[StreamLike]) -> None:
        """Propose more streams to the other side of a standing call."""
    def cancel_proposal(self) -> None:
        """Take back what was proposed."""
    def remove_stream(self, stream: StreamLike) -> None: ...
    def accept_proposal(self, streams: list[StreamLike]) -> None: ...
    def reject_proposal(self, code: int = 488, reason: str | None = None) -> None: ...
    def transfer(self, target_uri: str, replaced_session: SessionLike | None = None) -> None: ...
    def accept_transfer(self) -> None: ...
    def reject_transfer(self, code: int = 603, reason: str | None = None) -> None: ...
    def end(self) -> None: ...


class SoundLike(Protocol):
    """A sound that can be started and stopped any number of times."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Levels:
    """Signal levels of a call in dBFS (-96 = silence): what is sent, what is received."""

    sent: float = -96.0
    received: float = -96.0


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """What the user typed about an account. ``proxy_host`` empty: the domain's own servers are looked up; ``proxy_port`` 0: the default
    port; ``transport`` empty: automatic. ``presence``: publish it and ask for that of contacts; ``calls``: the same of calls;
    ``voicemail``: ask whether there is any, ``voicemail_address`` empty: in the account's own mailbox.
    ``password`` None: keep the stored one."""

    address: str
    display_name: str = ""
    password: str | None = field(default="", repr=False)
    auth_username: str = ""
    proxy_host: str = ""
    proxy_port: int = 0
    transport: str = ""
    presence: bool = False
    calls: bool = False
    voicemail: bool = False
    voicemail_address: str = ""


class Middleware(Protocol):
    """The middleware. Senders of notifications are the objects handed out here."""

    @property
    def people(self) -> PeopleLike:
        """Contacts, presence, voicemail, neighbours."""

    @property
    def media(self) -> MessageMedia:
        """Chats and files."""

    @property
    def desktop(self) -> DesktopMedia:
        """Shared desktops."""

    def start(self) -> None:
        """Begin; SIPApplicationDidStart follows. Raises ConfigurationError-like BlinkQError when the configuration cannot be read."""

    def stop(self) -> None:
        """End calls, unregister, stop; SIPApplicationDidEnd follows."""

    def accounts(self) -> list[AccountLike]:
        """The user's accounts in order of their addresses."""

    def default_account(self) -> AccountLike | None: ...

    def set_default_account(self, account: AccountLike) -> None: ...

    def save_account(self, draft: AccountDraft) -> AccountLike:
        """Create or change the account ``draft.address``; SIPAccountManagerDidAddAccount follows for a new one."""

    def remove_account(self, account: AccountLike) -> None: ...

    def draft_of(self, account: AccountLike) -> AccountDraft:
        """What can be edited of an account; its password stays where it is (None)."""

    def try_registration(self, draft: AccountDraft) -> RegistrationTrial:
        """Register once with what was typed, storing nothing."""

    def lookup(self, uri: str, account: AccountLike | None) -> object:
        """Find the servers for a call; DNSLookupDidSucceed or DNSLookupDidFail follows from the object returned."""

    def new_session(self, account: AccountLike | None) -> SessionLike:
        """A session in state None; with account None for a direct call."""

    def connect(self, session: SessionLike, uri: str, display_name: str, routes: Sequence[object]) -> None:
        """Call ``uri`` with sound; SIPSessionNewOutgoing follows."""

    def levels(self, session: SessionLike) -> Levels: ...

    def new_conference(self) -> AudioConferenceLike:
        """An empty local conference that hears the microphone."""

    def devices(self, kind: DeviceKind) -> list[str]:
        """Names of the devices that are there now."""

    def watch_devices(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` (in the GUI thread) when ``devices`` has something new."""

    def device(self, kind: DeviceKind) -> str | None:
        """The chosen device: a name, "system_default", or None for no sound."""

    def set_device(self, kind: DeviceKind, name: str | None) -> None: ...

    def muted(self) -> bool:
        """Whether the microphone is muted, in all calls."""

    def set_muted(self, muted: bool) -> None: ...

    def silent(self) -> bool:
        """Whether incoming calls do not ring."""

    def set_silent(self, silent: bool) -> None: ...

    def sound(self, path: Path, *, alert: bool, loop: bool, pause: float = 0.0) -> SoundLike:
        """A WAV file to be played on the alert device (ringing) or on the loudspeaker of calls; ``pause`` seconds between repeats."""


class RegistrationTrial(Protocol):
    """A registration that is only a test. SIPAccountRegistrationDidSucceed or ...DidFail follows with ``sender`` as sender."""

    @property
    def sender(self) -> object: ...

    def close(self) -> None:
        """Unregister if registered, and forget everything. Idempotent."""
