"""MSRPStreamBase: what all streams over MSRP share, from the m= line to the connection.

What this is not: messages, files or desktops (``chat.py`` and its neighbours).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, ClassVar

from zope.interface import implementer

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError, ResolveError
from blinkq.engine.msrp_relay import RelayPlace
from blinkq.engine.tls import TLSConfig, check_fingerprint, fingerprint_of
from blinkq.msrp.events import DataReceived, MessageReceived, SessionFailed
from blinkq.msrp.session import Session as MSRPSession
from blinkq.msrp.uri import MSRPURI
from blinkq.sdp.description import Attribute, MediaDescription, SessionDescription
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams.interface import IMediaStream, InvalidStreamError, UnknownStreamError
from blinkq.sipsimple.streams.msrp.media import TRANSPORTS, Remote, answer_direction, answer_role, describe, read_remote, role_after_answer
from blinkq.sipsimple.streams.msrp.relays import MSRPRelays
from blinkq.sipsimple.streams.registry import MediaStreamRegistrar

if TYPE_CHECKING:
    from blinkq.sipsimple.session import Session

__all__ = ["MSRPStreamBase"]

log = get_logger("sipsimple.msrp")

#: Seconds in which the active party's connection must be there.
ACCEPT_TIMEOUT = 30.0
#: What a peer may send before its answer came: after so many bytes, or events, nothing more is read until the stream has started.
MAX_EARLY_BYTES, MAX_EARLY = 1024 * 1024, 1000
#: Seconds between a connection that closes and the failure of its stream: a BYE is often right behind it.
CLOSE_GRACE = 1.0
#: Seconds of silence after which an empty SEND shows that we are there.
KEEP_ALIVE = 60.0


@implementer(IMediaStream)
class MSRPStreamBase(metaclass=MediaStreamRegistrar):
    """A stream over MSRP.

    :param account: whose transport (``msrp.transport``) counts
    :param direction: "sendrecv", "sendonly" or "recvonly"

    Subclasses set ``type``, ``priority`` and the class attributes below, and take the core's events in ``_event``.
    """

    type: ClassVar[str | None] = None
    priority: ClassVar[int | None] = None
    #: m= line's type.
    media_type: ClassVar[str | None] = None
    #: What a=accept-types and a=accept-wrapped-types say; None leaves the latter out.
    accept_types: ClassVar[list[str] | None] = None
    accept_wrapped_types: ClassVar[list[str] | None] = None
    #: Whether there are messages at all, or one stream of bytes.
    use_msrp_session: ClassVar[bool] = True
    #: False where the bytes of messages are handed on as they come.
    assembles: ClassVar[bool] = True
    #: MSRP methods beside SEND and REPORT that the stream knows.
    methods: ClassVar[frozenset[str]] = frozenset()
    hold_supported: ClassVar[bool] = False
    takes_descriptions: ClassVar[bool] = True
    on_hold_by_local = False
    on_hold_by_remote = False
    on_hold = False

    def __init__(self, account: Any = None, direction: str = "sendrecv") -> None:
        if Runtime.engine is None:
            raise IllegalStateError("a stream needs a running application")
        if direction not in ("sendrecv", "sendonly", "recvonly"):
            raise ValueError(f"a stream cannot be {direction!r}")
        self.account = account
        self.direction = direction
        self.session: Session | None = None
        self.msrp: MSRPSession | None = None
        self.remote_accept_types: tuple[str, ...] = ()
        self.remote_accept_wrapped_types: tuple[str, ...] = ()
        self.remote_max_size: int | None = None
        self._state = "NULL"
        self._incoming = False
        self._offer: tuple[SessionDescription, int] | None = None
        self._uri: MSRPURI | None = None
        self._fingerprint: str | None = None
        self._setup: str | None = None  # as a=setup says it
        self._role = ""  # whether we open the connection ("active") or wait for it
        self._relay: RelayPlace | None = None
        self._relay_loss: str | None = None
        self._peer_path: tuple[MSRPURI, ...] = ()
        self._told: tuple[MSRPURI, ...] | None = None  # our path as the peer knows it
        self._early: list[object] = []
        self._early_bytes = 0
        self._early_paused = False
        self._leaving = False

    @property
    def local_uri(self) -> MSRPURI | None:
        """Our URI, once the stream is initialized."""
        return self._uri

    @property
    def remote_path(self) -> tuple[MSRPURI, ...]:
        """The peer's path, once it is known."""
        return self._peer_path

    @property
    def local_path(self) -> tuple[MSRPURI, ...]:
        """Our relay's URIs, if we use one, and our own: what the peer is told."""
        return () if self._uri is None else (*(() if self._relay is None else self._relay.path), self._uri)

    @property
    def offer_due(self) -> bool:
        """The peer does not know our path as it is now: the relay names another one."""
        return self._told is not None and self._told != self.local_path

    @property
    def _route(self) -> tuple[MSRPURI, ...]:
        return () if self._relay is None else self._relay.route

    # for the session -----------------------------------------------------------------------------------------------------------------

    @classmethod
    def new_from_sdp(cls, account: Any, remote_sdp: SessionDescription, stream_index: int) -> Any:
        """A stream for an offered m= line. Raises UnknownStreamError or InvalidStreamError."""
        media = remote_sdp.media[stream_index]
        if media.media != cls.media_type or media.transport not in TRANSPORTS.values():
            raise UnknownStreamError(f"{media.media} over {media.transport} is not {cls.type}")
        cls._check_media(media)
        if _transport(account) == "tls" and media.transport != TRANSPORTS["tls"]:
            raise InvalidStreamError("the peer wants MSRP without encryption, the account's settings ask for TLS")
        remote = read_remote(remote_sdp, stream_index)
        stream = cls._for_offer(account, media)
        stream._offer = remote_sdp, stream_index
        stream._incoming = True
        stream._note_remote(remote)
        return stream

    @classmethod
    def _check_media(cls, media: MediaDescription) -> None:
        """Raise UnknownStreamError where an m= line over MSRP is of another kind than this class."""

    @classmethod
    def _for_offer(cls, account: Any, media: MediaDescription) -> MSRPStreamBase:
        return cls(account, {"sendonly": "recvonly", "recvonly": "sendonly"}.get(media.direction or "", "sendrecv"))

    def initialize(self, session: Session, direction: str) -> None:
        """Get an address for the peer to connect to. Posts MediaStreamDidInitialize or MediaStreamDidNotInitialize."""
        if self._state != "NULL":
            raise IllegalStateError("the stream is initialized already")
        self._state = "INITIALIZING"
        self.session = session
        self._incoming = direction == "incoming"
        Runtime.spawn(self._open(session.local_address))

    def get_local_media(
        self, for_offer: bool, remote_sdp: SessionDescription | None = None, stream_index: int = 0
    ) -> MediaDescription:
        """Our m= line, as an offer or as the answer to ``remote_sdp``."""
        if self._uri is None:
            raise IllegalStateError("the stream is not initialized")
        direction = self.direction
        if not for_offer:
            remote = read_remote(*((remote_sdp, stream_index) if remote_sdp is not None else self._offered()))
            direction = answer_direction(direction, remote.direction)
        if self._state == "INITIALIZED":
            if for_offer:
                self._setup = self._role = self._offered_setup()
                self._expect(())
            else:
                self._setup, self._role = self._answered_setup(remote)
                self._note_remote(remote)
                self._expect(remote.path)
        self._told = self.local_path
        return describe(
            str(self.media_type), self.local_path, setup=self._setup, fingerprint=self._fingerprint,
            accept_types=tuple(self.accept_types or ()), accept_wrapped_types=tuple(self.accept_wrapped_types or ()),
            direction=direction, further=self._further_attributes(),
        )  # fmt: skip

    def start(self, local_sdp: SessionDescription, remote_sdp: SessionDescription, stream_index: int) -> None:
        """Make the connection. Posts MediaStreamDidStart or MediaStreamDidFail."""
        if self._state != "INITIALIZED":
            raise IllegalStateError("the stream cannot be started now")
        try:
            remote = read_remote(remote_sdp, stream_index)
            self._check_answer(remote_sdp.media[stream_index])
        except InvalidStreamError as error:
            self._fail(str(error))
            return
        self._note_remote(remote)
        self._state = "STARTING"
        if self._role not in ("active", "passive"):
            self._setup = self._role = role_after_answer(remote.setup)
        Runtime.spawn(self._connect(remote, self._role))

    def validate_update(self, remote_sdp: SessionDescription, stream_index: int) -> bool:
        """Whether a new offer can be accepted: the connection stays, and so must who is at its ends. Relays on the way may be others
        (RFC 4976: one that refreshes its path may change it)."""
        try:
            remote = read_remote(remote_sdp, stream_index)
        except InvalidStreamError as error:
            log.info("a new offer is not acceptable: %s", error)
            return False
        return not self._peer_path or self._same_end(remote.path)

    def update(self, local_sdp: SessionDescription, remote_sdp: SessionDescription, stream_index: int) -> None:
        """Apply a new negotiation: what the peer takes may have changed."""
        try:
            remote = read_remote(remote_sdp, stream_index)
        except InvalidStreamError as error:
            self._fail(str(error))
            return
        self._note_remote(remote)
        if self._state == "ESTABLISHED" and self._same_end(remote.path):
            self._lead(remote.path)

    def reset(self, stream_index: int) -> None:
        """Before an offer over another route. Nothing has been bound."""

    def hold(self) -> None:
        """Messages need no hold."""

    def unhold(self) -> None:
        """Messages need no hold."""

    def deactivate(self) -> None:
        """The stream is about to end: a closed connection is no failure any more."""
        self._leaving = True

    def end(self) -> None:
        """Close the connection. Posts MediaStreamWillEnd, MediaStreamDidEnd. Idempotent."""
        if self._state == "ENDED":
            return
        self._leaving = True
        self._state = "ENDED"
        post("MediaStreamWillEnd", self)
        self._ending()
        if self.msrp is not None:
            Runtime.current().msrp.end(self.msrp)
        if self._relay is not None:
            self._relay.close()
        post("MediaStreamDidEnd", self, error=None)

    # for subclasses ------------------------------------------------------------------------------------------------------------------

    def _event(self, event: object) -> None:
        """An event of the core, after the stream's start."""

    def _started(self) -> None:
        """The connection is there; called before MediaStreamDidStart is posted."""

    def _ending(self) -> None:
        """The stream ends; the connection is still there."""

    def _offered_setup(self) -> str:
        """Our a=setup in an offer."""
        return "actpass"

    def _answered_setup(self, remote: Remote) -> tuple[str, str]:
        """Our a=setup in an answer, and our part in the connection."""
        role = answer_role(remote.setup, relayed=self._relay is not None)
        return role, role

    def _check_answer(self, media: MediaDescription) -> None:
        """Raise InvalidStreamError when the peer's m= line does not suit."""

    def _further_attributes(self) -> tuple[Attribute, ...]:
        return ()

    def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the MSRP session; on the engine thread."""
        assert self.msrp is not None
        return Runtime.current().msrp.call(self.msrp, function, *args, **kwargs)

    def _fail(self, reason: str) -> None:
        if self._state != "ENDED" and not self._leaving:
            self._leaving = True
            post("MediaStreamDidFail", self, reason=reason)

    def msrp_event(self, event: object) -> None:
        """The engine's events of this stream's MSRP session."""
        if self._state == "ENDED":
            return
        if isinstance(event, SessionFailed):
            reason = event.reason if event.code == 0 else f"{event.code} {event.reason}"
            Runtime.current().loop.loop.call_later(CLOSE_GRACE, self._fail, f"the MSRP connection broke: {reason}")
        elif self._state == "ESTABLISHED":
            self._event(event)
        else:
            self._hold_back(event)

    def _hold_back(self, event: object) -> None:
        """The peer may be quicker than the answer that carries its path."""
        self._early.append(event)
        if isinstance(event, MessageReceived | DataReceived):
            self._early_bytes += len((event.body if isinstance(event, MessageReceived) else event.data) or b"")
        if not self._early_paused and (self._early_bytes > MAX_EARLY_BYTES or len(self._early) > MAX_EARLY):
            self._early_paused = True
            self.pause_reading(True)

    def pause_reading(self, pause: bool) -> None:
        """Read nothing more from the connection, or go on; for handlers, on the engine thread."""
        if self.msrp is not None:
            Runtime.current().msrp.pause_reading(self.msrp, pause)

    # connection ----------------------------------------------------------------------------------------------------------------------

    async def _open(self, address: str) -> None:
        engine = Runtime.current()
        secure = self._secure()
        try:
            relay = await MSRPRelays().place_for(self.account, incoming=self._incoming, secure=secure, address=address)
            if relay is not None:
                uri = relay.uri
            else:
                tls = engine.msrp.certificate() if secure else None
                port = await engine.msrp.listen(address, tls=tls)
                self._fingerprint = None if tls is None else fingerprint_of(tls)
                uri = MSRPURI(address, port, engine.entropy.token(16), secure)
        except (NetworkError, ResolveError) as error:
            if self._state == "INITIALIZING":
                post("MediaStreamDidNotInitialize", self, reason=str(error))
            return
        if self._state != "INITIALIZING":
            if relay is not None:
                relay.close()
        else:
            self._uri, self._relay = uri, relay
            if relay is not None:
                relay.on_failed, relay.on_moved = self._relay_failed, self._relay_moved
            self._state = "INITIALIZED"
            post("MediaStreamDidInitialize", self)

    def _secure(self) -> bool:
        if self._offer is not None:
            description, index = self._offer
            return description.media[index].transport == TRANSPORTS["tls"]
        return _transport(self.account) == "tls"

    def _expect(self, path: tuple[MSRPURI, ...]) -> None:
        """From now on the peer may connect; an empty path is filled in by its first request and checked against its answer."""
        assert self._uri is not None
        if self.msrp is None:
            self.msrp = MSRPSession(
                self._uri, (), Runtime.current().entropy, accept_types=tuple(self.accept_types or ("*",)),
                assemble=self.assembles, methods=self.methods, keep_alive=KEEP_ALIVE, owner=self,
                automatic_reports=False,
            )  # fmt: skip
            Runtime.current().msrp.add(self.msrp)
        if path:
            self._lead(path)

    def _lead(self, path: tuple[MSRPURI, ...]) -> None:
        """What is sent to the peer goes this way from now on, through our relay if we use one."""
        self._peer_path = path
        if self.msrp is not None:
            self.msrp.remote_path = (*self._route, *path)

    def _same_end(self, path: tuple[MSRPURI, ...]) -> bool:
        """Whether a path of the peer's leads to where we are connected; our own relay finds the way by itself."""
        known, first = self._peer_path, path[0]
        reached = self._relay is not None or (first.host.lower(), first.effective_port) == (known[0].host.lower(), known[0].effective_port)
        return reached and path[-1] == known[-1]

    async def _connect(self, remote: Remote, role: str) -> None:
        session, engine = self.msrp, Runtime.current()
        assert session is not None
        try:
            if self._relay_loss is not None:
                raise NetworkError(self._relay_loss)
            if self._uri is not None and remote.secure != self._uri.secure:
                raise InvalidStreamError("the peer answers with another transport than the offered one")
            if session.remote_path and session.remote_path[-1] != remote.path[-1]:
                raise InvalidStreamError("somebody else than the peer connected")
            self._lead(remote.path)
            if role == "passive":
                await engine.msrp.accepted(session, ACCEPT_TIMEOUT)
                if remote.secure and remote.fingerprint is not None and self._relay is None and len(remote.path) == 1:
                    # whoever announces a certificate must show it (RFC 8122 §6.2); what came is held back until here
                    check_fingerprint(engine.msrp.peer_certificate(session), remote.fingerprint)
            elif self._relay is not None:
                engine.msrp.connect_through(session, self._relay)
            else:
                host = remote.path[0].host
                if remote.path[0].transport not in ("tcp", "ws"):
                    raise InvalidStreamError(f"the peer is reached over {remote.path[0].transport[:20]!r}, which is not known here")
                tls = self._client_tls(remote) if remote.secure else None
                await engine.msrp.connect(session, await _address_of(host, session.local_uri.host), tls, host)
        except (NetworkError, ResolveError, InvalidStreamError) as error:
            self._fail(str(error))
            return
        if self._state != "STARTING":
            return
        self._state = "ESTABLISHED"
        self._started()
        post("MediaStreamDidStart", self)
        if self._early_paused:
            self._early_paused = False
            self.pause_reading(False)
        early, self._early = self._early, []
        for event in early:
            self._event(event)

    def _relay_moved(self) -> None:
        """We send by the new path at once; the peer is told it as soon as that is possible."""
        if self._peer_path:
            self._lead(self._peer_path)
        if self._state == "ESTABLISHED" and self.session is not None and self.offer_due:
            self.session.renegotiate()

    def _relay_failed(self, reason: str) -> None:
        self._relay_loss = reason
        if self._state == "ESTABLISHED":
            self._fail(reason)

    def _client_tls(self, remote: Remote) -> TLSConfig:
        if remote.fingerprint is not None and len(remote.path) == 1:  # it is the peer's own, not its relay's
            return TLSConfig(fingerprint=remote.fingerprint, pem=Runtime.current().msrp.certificate().pem)
        ours = Runtime.current().sip.config.tls
        return TLSConfig(ca_file=ours.ca_file, verify=ours.verify)

    def _note_remote(self, remote: Remote) -> None:
        self.remote_accept_types = remote.accept_types
        self.remote_accept_wrapped_types = remote.accept_wrapped_types
        self.remote_max_size = remote.max_size

    def _offered(self) -> tuple[SessionDescription, int]:
        if self._offer is None:
            raise IllegalStateError("there is no offer to answer")
        return self._offer


async def _address_of(host: str, ours: str) -> str:
    """Where a host of the peer's path is. Raises NetworkError for this computer: its services are no parties of ours."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = ipaddress.ip_address(await Runtime.current().resolver.address(host))
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_multicast or plain.is_unspecified or (plain.is_loopback and not _is_loopback(ours)):
        raise NetworkError("The other party names an address at which it cannot be.")
    return str(address)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _transport(account: Any) -> str:
    return str(getattr(getattr(account, "msrp", None), "transport", None) or "tls")

