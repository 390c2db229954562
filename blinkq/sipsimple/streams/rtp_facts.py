"""RTPFacts: what is known of an RTP stream: codec, encryption, addresses, candidates. The attributes that applications read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blinkq.sdp.negotiation import NegotiatedStream
from blinkq.sipsimple.ice_candidate import ICECandidate
from blinkq.sipsimple.streams.audio_media import sample_rate_of
from blinkq.sipsimple.streams.ice import StreamICE

if TYPE_CHECKING:
    from blinkq.sipsimple.session import Session

__all__ = ["RTPFacts"]


class RTPFacts:
    """The base of RTP streams, which keep the underscored attributes up to date."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self.on_hold_by_local = False
        self.on_hold_by_remote = False
        self.remote_rtp_address_received: str | None = None
        self.remote_rtp_port_received: int | None = None
        self._state = "NULL"
        self._local_rtp_port: int | None = None
        self._negotiated: NegotiatedStream | None = None
        self._ice: StreamICE | None = None

    @property
    def state(self) -> str:
        """NULL, INITIALIZING, INITIALIZED, WAIT_ICE, ESTABLISHED or ENDED."""
        return self._state

    @property
    def on_hold(self) -> bool:
        """Whether either party holds the stream."""
        return self.on_hold_by_local or self.on_hold_by_remote

    @property
    def codec(self) -> str | None:
        """Name of the codec we send with, once started."""
        return self._negotiated.send_format.name if self._negotiated else None

    @property
    def sample_rate(self) -> int | None:
        """Samples a second of that codec, once started."""
        return sample_rate_of(self._negotiated.send_format) if self._negotiated else None

    @property
    def srtp_active(self) -> bool:
        """Whether the stream is encrypted. The keys went through the signalling: hop by hop, not end to end."""
        return self._negotiated is not None and self._negotiated.local_key is not None

    @property
    def ice_active(self) -> bool:
        """Whether media goes between the candidates that ICE selected."""
        return self._ice is not None and self._ice.active

    @property
    def local_rtp_candidate(self) -> ICECandidate | None:
        """Our selected candidate, None without ICE."""
        return ICECandidate.of(self._ice.local) if self._ice is not None and self._ice.local is not None else None

    @property
    def remote_rtp_candidate(self) -> ICECandidate | None:
        """The peer's selected candidate, None without ICE."""
        return ICECandidate.of(self._ice.remote) if self._ice is not None and self._ice.remote is not None else None

    @property
    def local_rtp_candidate_type(self) -> str | None:
        """"host", "srflx", "prflx" or "relay", None without ICE."""
        return self._ice.local.type if self._ice is not None and self._ice.local is not None else None

    @property
    def remote_rtp_candidate_type(self) -> str | None:
        """The same of the peer's candidate."""
        return self._ice.remote.type if self._ice is not None and self._ice.remote is not None else None

    @property
    def local_rtp_address(self) -> str | None:
        """Our address for RTP, which a NAT may hide from the peer."""
        if self._ice is not None and self._ice.local is not None:
            return self._ice.local.base_address
        return self.session.local_address if self.session is not None and self._local_rtp_port is not None else None

    @property
    def local_rtp_port(self) -> int | None:
        """Our port for RTP."""
        return self._local_rtp_port

    @property
    def remote_rtp_address_sdp(self) -> str | None:
        """The peer's address for RTP as its description says, once started; what comes may come from elsewhere."""
        return self._negotiated.remote_address if self._negotiated else None

    @property
    def remote_rtp_port_sdp(self) -> int | None:
        """The peer's port for RTP as its description says, once started."""
        return self._negotiated.remote_port if self._negotiated else None

    @property
    def remote_rtp_address(self) -> str | None:
        """Where we send to: the address that ICE selected, or that of the description."""
        return self._ice.remote.address if self._ice is not None and self._ice.remote is not None else self.remote_rtp_address_sdp

    @property
    def remote_rtp_port(self) -> int | None:
        """The port that belongs to ``remote_rtp_address``."""
        return self._ice.remote.port if self._ice is not None and self._ice.remote is not None else self.remote_rtp_port_sdp
