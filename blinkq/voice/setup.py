"""A stream's parameters, checked: what the control thread hands to the clock thread when a stream starts or changes."""

from __future__ import annotations

import errno
import ipaddress
from dataclasses import dataclass

from blinkq.media.codecs.codec import CodecError, Encoder
from blinkq.media.codecs.registry import create_decoder, create_encoder, find
from blinkq.media.control import StartStream, StreamDirection
from blinkq.media.ice import RTCP, RTP, IceCheck
from blinkq.voice.listener import is_heavy
from blinkq.voice.srtp import Opener, Protector, SRTPError
from blinkq.voice.transport import TransportError, check_address

__all__ = ["StreamSetup"]

#: Formats that a peer may choose from; each has a decoder, and more than that nobody needs.
_MAX_FORMATS = 16


@dataclass(frozen=True, slots=True)
class StreamSetup:
    """A command and the parts made for it. Parts that the running stream has already are not used."""

    command: StartStream
    encoder: Encoder
    protector: Protector | None
    opener: Opener | None
    #: Whether there is an address to send to: an unspecified one is the hold of old (RFC 2543), port 0 a refused stream.
    reachable: bool
    #: Whether RTP goes to the peer.
    may_send: bool
    #: Whether RTP of the peer is heard.
    may_receive: bool

    @classmethod
    def prepare(cls, command: StartStream) -> StreamSetup:
        """Check a command and make its parts. Raises TransportError, SRTPError or CodecError with a sentence for people."""
        _check(command)
        for codec in command.receive_formats:
            if find(codec.name) is None or not is_heavy(codec):
                # Made only to see that it can be, and to have its library loaded before the clock thread needs it.
                create_decoder(codec)
        reachable = command.remote_port != 0 and not ipaddress.ip_address(command.remote_address).is_unspecified
        return cls(
            command,
            create_encoder(command.send_format),
            Protector(command.local_key) if command.local_key is not None else None,
            Opener(command.remote_key) if command.remote_key is not None else None,
            reachable,
            reachable and command.direction in (StreamDirection.SENDRECV, StreamDirection.SENDONLY),
            command.direction in (StreamDirection.SENDRECV, StreamDirection.RECVONLY),
        )

    @property
    def remote(self) -> tuple[str, int]:
        """The RTP address that ICE selected, else the signalled one."""
        pair = self._pair(RTP)
        return (self.command.remote_address, self.command.remote_port) if pair is None else (pair.remote.address, pair.remote.port)

    @property
    def rtcp_remote(self) -> tuple[str, int]:
        """Where RTCP goes; port 0: nowhere, since ICE found no way for it."""
        pair = self._pair(RTCP)
        if pair is not None:
            return pair.remote.address, pair.remote.port
        return (self.command.remote_address, self.command.remote_rtcp_port) if not self.uses_ice else (self.remote[0], 0)

    @property
    def uses_ice(self) -> bool:
        """Whether the addresses are those that ICE selected."""
        return bool(self.command.ice_pairs)

    def bases(self, default: str) -> tuple[str, str]:
        """The local addresses that RTP and RTCP go by."""
        rtp, rtcp = self._pair(RTP), self._pair(RTCP)
        rtp_base = rtp.local.base_address if rtp is not None else default
        return rtp_base, rtcp.local.base_address if rtcp is not None else rtp_base

    def _pair(self, component: int) -> IceCheck | None:
        return next((pair for pair in self.command.ice_pairs if pair.local.component == component), None)


def _check(command: StartStream) -> None:
    check_address(command.remote_address)
    for pair in command.ice_pairs:
        check_address(pair.remote.address)
    for port in (command.remote_port, command.remote_rtcp_port):
        if not 0 <= port < 65536:
            raise TransportError(f"{port} is not a UDP port", errno.EINVAL)
    if (command.local_key is None) != (command.remote_key is None):
        raise SRTPError("a stream is encrypted in both directions or in none")
    if len(command.receive_formats) > _MAX_FORMATS:
        raise CodecError(f"a stream with {len(command.receive_formats)} codecs is too much")
