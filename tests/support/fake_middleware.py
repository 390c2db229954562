"""A middleware for the windows' tests: no engine, no network; posts the notifications that the real one posts, when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.fake_desktops import FakeDesktopMedia
from support.fake_messages import FakeMedia
from support.fake_people import FakePeople

import blinkq.sipsimple.notifications  # noqa: F401 - declares what may be posted
from blinkq.app.middleware import AccountDraft, AccountLike, DeviceKind, Levels
from blinkq.base.catalogue import CATALOGUE
from blinkq.base.errors import IllegalStateError
from blinkq.base.notification import NotificationCenter, NotificationData

__all__ = ["FakeAccount", "FakeMiddleware", "FakeSession", "FakeStream", "announce"]


def announce(name: str, sender: object, **data: object) -> None:
    """Post a notification as the middleware does, checked against the catalogue."""
    CATALOGUE[name].check(data)
    NotificationCenter().post_notification(name, sender, NotificationData(**data))


@dataclass(frozen=True)
class FakeURI:
    user: str | None
    host: str

    def __str__(self) -> str:
        return f"sip:{self.user}@{self.host}" if self.user else f"sip:{self.host}"


@dataclass(frozen=True)
class FakeIdentity:
    uri: FakeURI
    display_name: str | None = None


@dataclass(eq=False)
class FakeAccount:
    id: str
    display_name: str | None = None
    enabled: bool = True
    draft: AccountDraft | None = None
    registered: bool = False

    def registers(self) -> None:
        announce(
            "SIPAccountRegistrationDidSucceed", self, code=200, reason="OK", contact_uri="", contact_uri_list=[], contact_header=None,
            contact_header_list=[], expires=600, registration=None, registrar=None,
        )  # fmt: skip

    def failed(self, code: int | None, reason: str) -> None:
        data = {"code": code} if code else {}
        announce("SIPAccountRegistrationDidFail", self, reason=reason, error=reason, registration=None, next_route=None, delay=30.0, **data)


@dataclass(eq=False)
class FakeStream:
    type: str = "audio"
    codec: str | None = "opus"
    sample_rate: int | None = 48000
    srtp_active: bool = False
    ice_active: bool = False
    local_rtp_candidate_type: str | None = None
    remote_rtp_candidate_type: str | None = None
    digits: str = ""
    recording: str | None = None

    def start_recording(self, filename: str | None = None) -> None:
        self.recording = filename or "/home/alice/recordings/20261122-101500-bob@example.com.wav"
        announce("AudioStreamDidStartRecordingAudio", self, filename=self.recording)

    def stop_recording(self) -> None:
        filename, self.recording = self.recording, None
        announce("AudioStreamDidStopRecordingAudio", self, filename=filename)

    def send_dtmf(self, digit: str) -> None:
        self.digits += digit


@dataclass(eq=False)
class FakeTransferHandler:
    new_session: FakeSession | None = None


@dataclass(eq=False)
class FakeSession:
    account: FakeAccount
    direction: str | None = None
    state: str | None = None
    transport: str | None = "tls"
    remote_identity: FakeIdentity | None = None
    streams: list[FakeStream] | None = None
    proposed_streams: list[FakeStream] | None = None
    commands: list[str] = field(default_factory=list)
    held: bool = False
    remote_focus: bool = False
    replaced_session: FakeSession | None = None
    transfer_handler: FakeTransferHandler = field(default_factory=lambda: FakeTransferHandler())

    # commands of the application

    def send_ring_indication(self) -> None:
        self.commands.append("ring")

    def accept(self, streams: list[FakeStream]) -> None:
        if self.state != "incoming":
            raise IllegalStateError(f"accept() in state {self.state}")
        self.commands.append("accept")
        self.state = "accepting"

    def reject(self, code: int = 603, reason: str | None = None) -> None:
        if self.state != "incoming":
            raise IllegalStateError(f"reject() in state {self.state}")
        self.commands.append(f"reject {code}")
        self.state = "terminating"

    def hold(self) -> None:
        self.commands.append("hold")

    def unhold(self) -> None:
        self.commands.append("unhold")

    def add_streams(self, streams: list[FakeStream]) -> None:
        if self.state != "connected":
            raise IllegalStateError(f"add_streams is not allowed in state {self.state}")
        if streams:
            self.commands.append(f"add {' '.join(stream.type for stream in streams)}")
            self.state, self.proposed_streams = "sending_proposal", list(streams)

    def cancel_proposal(self) -> None:
        if self.state != "sending_proposal":
            raise IllegalStateError(f"cancel_proposal is not allowed in state {self.state}")
        self.commands.append("cancel proposal")
        self.state = "cancelling_proposal"

    def remove_stream(self, stream: FakeStream) -> None:
        if self.state != "connected":
            raise IllegalStateError(f"remove_stream is not allowed in state {self.state}")
        self.commands.append(f"remove {stream.type}")

    def accept_proposal(self, streams: list[FakeStream]) -> None:
        if self.state != "received_proposal":
            raise IllegalStateError(f"accept_proposal() in state {self.state}")
        self.commands.append(f"accept proposal {[stream.type for stream in streams]}")
        self.state = "accepting_proposal"

    def reject_proposal(self, code: int = 488, reason: str | None = None) -> None:
        if self.state != "received_proposal":
            raise IllegalStateError(f"reject_proposal() in state {self.state}")
        self.commands.append(f"reject proposal {code}")
        self.state = "rejecting_proposal"

    def transfer(self, target_uri: str, replaced_session: FakeSession | None = None) -> None:
        if self.state != "connected":
            raise IllegalStateError(f"transfer is not allowed in state {self.state}")
        self.commands.append(f"transfer {target_uri}" + (" attended" if replaced_session is not None else ""))

    def accept_transfer(self) -> None:
        self.commands.append("accept transfer")

    def reject_transfer(self, code: int = 603, reason: str | None = None) -> None:
        self.commands.append(f"reject transfer {code}")

    def end(self) -> None:
        self.commands.append("end")

    # what the network does

    def rings(self) -> None:
        announce("SIPSessionGotRingIndication", self)

    def starts(self) -> None:
        self.state = "connected"
        self.streams, self.proposed_streams = self.proposed_streams or [FakeStream()], None
        announce("SIPSessionDidStart", self, streams=list(self.streams))

    def fails(self, code: int, reason: str, originator: str = "remote", failure_reason: str = "") -> None:
        self.state = "terminated"
        announce("SIPSessionDidFail", self, originator=originator, code=code, reason=reason, failure_reason=failure_reason or reason,
                 redirect_identities=None)  # fmt: skip

    def ends(self, originator: str = "remote", end_reason: str = "user request") -> None:
        self.state = "terminated"
        announce("SIPSessionDidEnd", self, originator=originator, end_reason=end_reason)

    def holds(self, originator: str, on_hold: bool) -> None:
        announce("SIPSessionDidChangeHoldState", self, originator=originator, on_hold=on_hold, partial=False)

    def asks_for_transfer(self, user: str, host: str = "example.com") -> None:
        announce("SIPSessionTransferNewIncoming", self, transfer_destination=FakeURI(user, host), headers={})

    def transfer_starts(self) -> None:
        announce("SIPSessionTransferDidStart", self)

    def transfer_progresses(self, code: int, reason: str) -> None:
        announce("SIPSessionTransferGotProgress", self, code=code, reason=reason)

    def transfer_ends(self) -> None:
        announce("SIPSessionTransferDidEnd", self)

    def transfer_fails(self, code: int, reason: str) -> None:
        announce("SIPSessionTransferDidFail", self, code=code, reason=reason)

    def proposes(self, *types: str) -> None:
        self.proposes_streams(*(FakeStream(type=kind) for kind in types))

    def proposes_streams(self, *streams: Any) -> None:
        self.state = "received_proposal"
        self.proposed_streams = list(streams)
        announce("SIPSessionGotProposal", self, originator="remote", streams=list(self.proposed_streams),
                 proposed_streams=list(self.proposed_streams))  # fmt: skip

    def answers_proposal(self, code: int = 200, *, only: Sequence[Any] | None = None) -> None:
        """What we proposed (``only`` that) is accepted and runs now, or is refused."""
        self.state = "connected"
        proposed, self.proposed_streams = self.proposed_streams or [], None
        streams = [stream for stream in proposed if only is None or stream in only]
        if code >= 300:
            announce("SIPSessionGotRejectProposal", self, originator="local", code=code, reason="Not Acceptable Here", streams=proposed,
                     proposed_streams=proposed)  # fmt: skip
            return
        self.streams = [*(self.streams or []), *streams]
        announce("SIPSessionGotAcceptProposal", self, originator="local", streams=streams, accepted_streams=streams,
                 proposed_streams=proposed)  # fmt: skip
        announce("SIPSessionDidRenegotiateStreams", self, originator="local", action="add", streams=streams, added_streams=streams,
                 removed_streams=[])  # fmt: skip

    def removes(self, stream: FakeStream, originator: str = "remote") -> None:
        """One stream of the call is gone."""
        self.streams = [one for one in self.streams or [] if one is not stream]
        announce("SIPSessionDidRenegotiateStreams", self, originator=originator, action="remove", streams=[stream], added_streams=[],
                 removed_streams=[stream])  # fmt: skip

    def withdraws_proposal(self, code: int = 487, reason: str = "Request Terminated") -> None:
        """The peer takes its proposal back, or another answer of ours has reached it."""
        self.state = "connected"
        streams, self.proposed_streams = self.proposed_streams, None
        announce("SIPSessionGotRejectProposal", self, originator="remote", code=code, reason=reason, streams=streams,
                 proposed_streams=streams)  # fmt: skip

    def runs_proposal(self) -> None:
        """What was accepted runs now."""
        self.state = "connected"
        streams, self.proposed_streams = self.proposed_streams or [], None
        self.streams = [*(self.streams or []), *streams]
        announce("SIPSessionGotAcceptProposal", self, originator="remote", streams=streams, accepted_streams=streams,
                 proposed_streams=streams)  # fmt: skip
        announce("SIPSessionDidRenegotiateStreams", self, originator="remote", action="add", streams=streams, added_streams=streams,
                 removed_streams=[])  # fmt: skip


@dataclass(eq=False)
class FakeConference:
    streams: list[FakeStream] = field(default_factory=list)
    on_hold: bool = False

    def add(self, stream: FakeStream) -> None:
        self.streams.append(stream)

    def remove(self, stream: FakeStream) -> None:
        self.streams.remove(stream)

    def hold(self) -> None:
        self.on_hold = True

    def unhold(self) -> None:
        self.on_hold = False


@dataclass(eq=False)
class FakeTrial:
    draft: AccountDraft
    sender: FakeAccount
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@dataclass(eq=False)
class FakeSound:
    name: str
    alert: bool
    playing: bool = False
    starts: int = 0

    def start(self) -> None:
        self.playing = True
        self.starts += 1

    def stop(self) -> None:
        self.playing = False


class FakeMiddleware:
    """Fills blinkq.app.middleware.Middleware; ``sessions``, ``trials``, ``lookups`` and ``sounds`` remember what was asked for."""

    def __init__(self, *accounts: FakeAccount) -> None:
        self.people = FakePeople(FakeAccount("bonjour@local", enabled=False), announce)
        self.media = FakeMedia(announce)
        self.desktop = FakeDesktopMedia(announce)
        self.known: list[FakeAccount] = list(accounts)
        self.default: FakeAccount | None = accounts[0] if accounts else None
        self.sessions: list[FakeSession] = []
        self.lookups: list[object] = []
        self.conferences: list[FakeConference] = []
        self.trials: list[FakeTrial] = []
        self.sounds: dict[str, FakeSound] = {}
        self.level = Levels(-20.0, -30.0)
        self.is_muted = False
        self.is_silent = False
        self.chosen: dict[DeviceKind, str | None] = dict.fromkeys(DeviceKind, "system_default")
        self.present: dict[DeviceKind, list[str]] = {
            DeviceKind.INPUT: ["Built-in Audio", "USB Headset"],
            DeviceKind.OUTPUT: ["Built-in Audio", "USB Headset"],
            DeviceKind.ALERT: ["Built-in Audio", "USB Headset"],
        }
        self.watchers: list[Callable[[], None]] = []
        self.running = False

    def start(self) -> None:
        self.running = True
        announce("SIPApplicationWillStart", self)
        announce("SIPApplicationDidStart", self)

    def stop(self) -> None:
        self.running = False
        announce("SIPApplicationWillEnd", self)
        announce("SIPApplicationDidEnd", self, end_reason="application request")

    def accounts(self) -> list[AccountLike]:
        return list(self.known)

    def default_account(self) -> FakeAccount | None:
        return self.default

    def set_default_account(self, account: AccountLike) -> None:
        old, self.default = self.default, next(known for known in self.known if known is account)
        announce("SIPAccountManagerDidChangeDefaultAccount", self, old_account=old, account=account)

    def save_account(self, draft: AccountDraft) -> FakeAccount:
        account = next((known for known in self.known if known.id == draft.address), None)
        if account is None:
            account = FakeAccount(draft.address)
            self.known.append(account)
            self.default = self.default or account
            announce("SIPAccountManagerDidAddAccount", self, account=account)
        account.display_name, account.draft = draft.display_name, draft
        announce("SIPAccountWillRegister", account)
        return account

    def remove_account(self, account: AccountLike) -> None:
        self.known = [known for known in self.known if known is not account]
        if self.default is account:
            self.default = self.known[0] if self.known else None
        announce("SIPAccountManagerDidRemoveAccount", self, account=account)

    def draft_of(self, account: AccountLike) -> AccountDraft:
        return AccountDraft(account.id, account.display_name or "", password=None)

    def try_registration(self, draft: AccountDraft) -> FakeTrial:
        self.trials.append(FakeTrial(draft, FakeAccount(draft.address)))
        return self.trials[-1]

    def lookup(self, uri: str, account: AccountLike | None) -> object:
        self.lookups.append(_Lookup(uri))
        return self.lookups[-1]

    def new_session(self, account: AccountLike | None) -> FakeSession:
        self.sessions.append(FakeSession(account or FakeAccount("guest@local"), "outgoing"))  # type: ignore[arg-type]
        return self.sessions[-1]

    def connect(self, session: FakeSession, uri: str, display_name: str, routes: Sequence[object]) -> None:
        session.state = "connecting"
        session.proposed_streams = [FakeStream()]
        session.commands.append(f"connect {uri}")
        announce("SIPSessionNewOutgoing", session, streams=list(session.proposed_streams))

    def levels(self, session: FakeSession) -> Levels:
        return self.level

    def new_conference(self) -> FakeConference:
        self.conferences.append(FakeConference())
        return self.conferences[-1]

    def devices(self, kind: DeviceKind) -> list[str]:
        return list(self.present[kind])

    def watch_devices(self, callback: Callable[[], None]) -> None:
        self.watchers.append(callback)

    def plug(self, *names: str) -> None:
        """These are the devices now."""
        self.present = {kind: list(names) for kind in DeviceKind}
        for callback in self.watchers:
            callback()

    def device(self, kind: DeviceKind) -> str | None:
        return self.chosen[kind]

    def set_device(self, kind: DeviceKind, name: str | None) -> None:
        self.chosen[kind] = name

    def muted(self) -> bool:
        return self.is_muted

    def set_muted(self, muted: bool) -> None:
        self.is_muted = muted

    def silent(self) -> bool:
        return self.is_silent

    def set_silent(self, silent: bool) -> None:
        self.is_silent = silent

    def sound(self, path: Path, *, alert: bool, loop: bool, pause: float = 0.0) -> FakeSound:
        self.sounds[path.name] = FakeSound(path.name, alert)
        return self.sounds[path.name]

    # what the network does

    @staticmethod
    def identity(user: str, name: str | None = None, host: str = "example.com") -> FakeIdentity:
        """Somebody, as the other party of a session."""
        return FakeIdentity(FakeURI(user, host), name)

    def found(self) -> None:
        """The servers of the latest call were found."""
        announce("DNSLookupDidSucceed", self.lookups[-1], result=["route"])

    def not_found(self, error: str) -> None:
        announce("DNSLookupDidFail", self.lookups[-1], error=error, originator="remote")

    def calls_in(
        self, user: str = "carol", name: str | None = "Carol Jones", host: str = "example.com", replaces: FakeSession | None = None,
        streams: Sequence[object] = (),
    ) -> FakeSession:  # fmt: skip
        """Somebody calls the default account, or takes the place of somebody in a call."""
        account = self.default or FakeAccount("guest@local")
        session = FakeSession(account, "incoming", "incoming", remote_identity=FakeIdentity(FakeURI(user, host), name))
        session.proposed_streams = list(streams) or [FakeStream(srtp_active=True)]  # type: ignore[assignment]
        session.replaced_session = replaces
        self.sessions.append(session)
        announce("SIPSessionNewIncoming", session, streams=list(session.proposed_streams), headers={})
        return session


@dataclass(eq=False)
class _Lookup:
    uri: str
