"""RTPTransport: the ports of one RTP stream, with ICE where it is wanted. An AudioTransport sends and receives over it.

For scripts that put their calls together themselves; a Session's AudioStream does all this by itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.engine.errors import NetworkError
from blinkq.engine.loop import in_engine
from blinkq.engine.media_errors import MediaError
from blinkq.media.control import CloseTransport, Command, Event, OpenTransport, TransportOpened
from blinkq.media.ice import IceCheck
from blinkq.media.ice_control import IceFailed, IceSucceeded
from blinkq.sdp.description import SessionDescription
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.ice_candidate import ICECandidate
from blinkq.sipsimple.media_events import MediaEvents
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import SIPCoreError
from blinkq.sipsimple.streams.ice import StreamICE
from blinkq.sipsimple.streams.media_place import MediaPlace
from blinkq.sipsimple.values.sdp import BaseSDPSession, SDPSession
from blinkq.sipsimple.values.sdp_attributes import SDPAttribute, SDPConnection

__all__ = ["RTPTransport"]

_ANYWHERE = "192.0.2.1"  # of no network (RFC 5737): the way there is the way to the Internet

ENCRYPTIONS = {None: "disabled", "opportunistic": "optional", "sdes_optional": "optional", "sdes_mandatory": "mandatory"}


class RTPTransport:
    """Ports for RTP and RTCP.

    :param encryption: None, "opportunistic", "sdes_optional" or "sdes_mandatory" (there is no ZRTP)
    :param use_ice: gather candidates and let ICE find the way
    :param ice_stun_address: IP address of a STUN server, None for none

    ``state``: "NULL", "WAIT_STUN" (opening), "INIT", "LOCAL" (our description is made), "REMOTE" (the peer's is known), "ESTABLISHED" or
    "INVALID". To be used from one thread at a time. Raises ValueError for what is no encryption or address.
    """

    def __init__(
        self, encryption: str | None = None, use_ice: bool = False, ice_stun_address: str | None = None, ice_stun_port: int = 3478
    ) -> None:
        if encryption not in ENCRYPTIONS:
            raise ValueError(f"the encryption is one of {', '.join(map(str, ENCRYPTIONS))}, not {encryption!r}")
        self.encryption = encryption
        self.use_ice = bool(use_ice)
        self.state = "NULL"
        self.local_rtp_port: int | None = None
        self.number = MediaEvents().number()
        self.on_event: Callable[[Event], None] = lambda event: None  # the AudioTransport's, on the engine thread
        self.on_way: Callable[[], None] = lambda: None  # the same: the pairs that carry the media have changed, or there will be none
        self._stun = (str(ipaddress.ip_address(ice_stun_address)), int(ice_stun_port)) if ice_stun_address else None
        self._address: str | None = None
        self._rtcp_port = 0
        self._remote: tuple[str, int] | None = None
        self._ice: StreamICE | None = None

    # what is known -------------------------------------------------------------------------------------------------------------------

    @property
    def local_rtp_address(self) -> str | None:
        """Our address, once initialised."""
        return self._ice.local.base_address if self._ice is not None and self._ice.local is not None else self._address

    @property
    def remote_rtp_address(self) -> str | None:
        """Where RTP goes, once established."""
        return self._ice.remote.address if self._ice is not None and self._ice.remote is not None else (self._remote or (None,))[0]

    @property
    def remote_rtp_port(self) -> int | None:
        """The port that belongs to it."""
        return self._ice.remote.port if self._ice is not None and self._ice.remote is not None else (self._remote or (None, None))[1]

    @property
    def ice_active(self) -> bool:
        """Whether media goes between candidates that ICE selected."""
        return self._ice is not None and self._ice.active

    @property
    def local_rtp_candidate(self) -> ICECandidate | None:
        """Our selected candidate."""
        return ICECandidate.of(self._ice.local) if self._ice is not None and self._ice.local is not None else None

    @property
    def remote_rtp_candidate(self) -> ICECandidate | None:
        """The peer's selected candidate."""
        return ICECandidate.of(self._ice.remote) if self._ice is not None and self._ice.remote is not None else None

    @property
    def pairs(self) -> tuple[IceCheck, ...]:
        """What ICE selected, for the media process."""
        return self._ice.pairs if self._ice is not None else ()

    @property
    def looking(self) -> bool:
        """Whether ICE still looks for a way."""
        return self._ice is not None and self._ice.checking

    @property
    def srtp_policy(self) -> str:
        """The encryption as accounts call it."""
        return ENCRYPTIONS[self.encryption]

    # the life ------------------------------------------------------------------------------------------------------------------------

    def set_INIT(self) -> None:
        """Open the ports. Posts RTPTransportDidInitialize or RTPTransportDidFail; IllegalStateError when it was called before."""
        if self.state != "NULL":
            raise IllegalStateError(f"set_INIT: the transport is in state {self.state}")
        Runtime.current()
        self.state = "WAIT_STUN"
        self._begin()

    def set_LOCAL(self, local_sdp: BaseSDPSession, sdp_index: int) -> None:
        """We offer ``local_sdp``."""
        self._step("set_LOCAL", "LOCAL", ("INIT", "LOCAL"))

    def set_REMOTE(self, local_sdp: BaseSDPSession, remote_sdp: BaseSDPSession, sdp_index: int) -> None:
        """We answer ``remote_sdp``."""
        self._step("set_REMOTE", "REMOTE", ("INIT", "REMOTE"))
        if self._ice is not None:
            self._ice.follow()

    def set_ESTABLISHED(self, local_sdp: BaseSDPSession, remote_sdp: BaseSDPSession, sdp_index: int) -> None:
        """Both descriptions are known: ICE begins, where both want it. Posts the notifications of its negotiation."""
        self._step("set_ESTABLISHED", "ESTABLISHED", ("LOCAL", "REMOTE", "ESTABLISHED"))
        self.agree(local_sdp.to_description(), remote_sdp.to_description(), sdp_index)

    def update_local_sdp(self, local_sdp: SDPSession, remote_sdp: BaseSDPSession | None = None, sdp_index: int = 0) -> None:
        """Write our ports, our address and what is to be said about ICE into an m= line of ``local_sdp``."""
        place, media = self.place(for_offer=remote_sdp is None), local_sdp.media[sdp_index]
        media.port = place.port
        media.connection = SDPConnection(place.address) if place.address else media.connection
        kept = [one for one in media.attributes if not MediaPlace.is_said_by(one.name)]
        said = [SDPAttribute(one.name, one.value or "") for one in place.attributes]
        media.attributes[:] = [*kept, *said]

    def close(self) -> None:
        """Close the ports. Idempotent."""
        if self.state in ("NULL", "INVALID"):
            self.state = "INVALID"
            return
        self.state = "INVALID"
        MediaEvents().discard("stream", self.number)
        self.send(CloseTransport(self.number))

    # for AudioTransport ----------------------------------------------------------------------------------------------------------------

    def take_role(self, *, offers: bool) -> None:
        """It is known who offers: the same as set_LOCAL or set_REMOTE."""
        self._step("AudioTransport", "LOCAL" if offers else "REMOTE", ("INIT",))
        if self._ice is not None and not offers:
            self._ice.follow()

    def place(self, *, for_offer: bool) -> MediaPlace:
        """Where we are to be reached. Raises SIPCoreError before the transport is initialised."""
        if self.local_rtp_port is None or self.state in ("NULL", "WAIT_STUN", "INVALID"):
            raise SIPCoreError("the RTPTransport is not initialised")
        if self._ice is not None:
            return self._ice.place(self.local_rtp_port, self._rtcp_port, for_offer=for_offer)
        return MediaPlace(self.local_rtp_port, self._rtcp_port, self._address or "")

    @in_engine
    def agree(self, local: SessionDescription, remote: SessionDescription, index: int) -> None:
        """Take both descriptions into account; ``on_way`` is called when the way is known."""
        connection = remote.connection_of(index)
        self._remote = (connection.address if connection is not None else "", remote.media[index].port)
        if self._ice is not None:
            self._ice.agree(local, remote, index)
        if not self.looking:
            self.on_way()

    @in_engine
    def send(self, command: Command) -> None:
        """Give the media process a command."""
        Runtime.current().media.send(command)

    def _step(self, method: str, state: str, allowed: tuple[str, ...]) -> None:
        if self.state not in allowed:
            raise IllegalStateError(f"{method}: the transport is in state {self.state}")
        self.state = state

    @in_engine
    def _begin(self) -> None:
        MediaEvents().add("stream", self.number, self._media_event)
        Runtime.spawn(self._open())

    async def _open(self) -> None:
        settings = SIPSimpleSettings()
        ports = settings.rtp.port_range
        only = str(settings.sip.local_ip or "")
        address = only or _own_address(self._stun[0] if self._stun else _ANYWHERE)
        gathering = None
        if self.use_ice:
            self._ice = StreamICE(self.number, True, Runtime.current().entropy, self.send, self._announce)
            gathering = self._ice.gathering(only, self._stun)
        try:
            reply = await Runtime.current().media.request(OpenTransport(self.number, address, (ports.start, ports.end), ice=gathering))
        except MediaError as error:
            if self.state == "WAIT_STUN":
                self.state = "INVALID"
                post("RTPTransportDidFail", self, reason=str(error))
            return
        assert isinstance(reply, TransportOpened)
        if self.state == "WAIT_STUN":
            self._address, self.local_rtp_port, self._rtcp_port = reply.address, reply.rtp_port, reply.rtcp_port
            if self._ice is not None:
                self._ice.gathered(reply)
            self.state = "INIT"
            post("RTPTransportDidInitialize", self)

    def _announce(self, suffix: str, **data: object) -> None:
        post(f"RTPTransportICENegotiation{suffix}", self, **data)

    def _media_event(self, event: Event) -> None:
        if isinstance(event, IceSucceeded | IceFailed):
            if self._ice is not None and self._ice.handle(event) in ("selected", "failed"):
                self.on_way()
        else:
            self.on_event(event)


def _own_address(remote: str) -> str:
    """From where we reach ``remote``; without a network, ourselves."""
    try:
        return Runtime.current().network.local_address_for(remote)
    except NetworkError:
        return "127.0.0.1"
