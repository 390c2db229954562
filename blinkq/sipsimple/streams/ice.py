"""StreamICE: ICE of one RTP stream, as far as the signalling is concerned: what is offered, what is answered, when checks begin.

The checks themselves run in the media process (``voice/ice_agent.py``). Engine thread only. What this is not: the stream, which decides
what to do with the outcome.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import astuple
from typing import Any, Literal, Protocol

from blinkq.base.clock import Entropy
from blinkq.base.logging import get_logger
from blinkq.media.control import Command, Event, TransportOpened
from blinkq.media.ice import RTCP, RTP, IceCandidate, IceCheck, IceGathering
from blinkq.media.ice_control import EndIce, IceFailed, IceSucceeded, RestartIce, StartIce
from blinkq.sdp.description import SessionDescription
from blinkq.sdp.ice import Candidate, IceDescription, defaults_match
from blinkq.sipsimple.ice_candidate import ICE_STATES, outcome
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams.media_place import MediaPlace
from blinkq.sipsimple.streams.stun_servers import STUNServers

__all__ = ["GATHERING_LIMIT", "Outcome", "StreamICE", "peer_of"]

log = get_logger("sipsimple.ice")

#: Seconds that finding a STUN server and asking it may take: people wait for the ringing. What is not known then, the peer finds out itself
#: (as a peer-reflexive candidate).
GATHERING_LIMIT = 0.5

Outcome = Literal["selected", "failed", "lost"]


class Announce(Protocol):
    """Posts a notification whose name ends in ``suffix``."""

    def __call__(self, suffix: str, **data: object) -> None: ...


class StreamICE:
    """ICE of stream ``number``.

    :param controlling: we made the offer with which it began (RFC 8445 §6.1.1)
    :param send: gives a command to the media process
    :param announce: posts the notifications "StateDidChange", "DidSucceed" and "DidFail"
    """

    def __init__(self, number: int, controlling: bool, entropy: Entropy, send: Callable[[Command], None], announce: Announce) -> None:
        self.pairs: tuple[IceCheck, ...] = ()  # those selected, RTP first; they carry the media
        self.checking = False
        self._number = number
        self._controlling = controlling
        self._entropy = entropy
        self._send = send
        self._announce = announce
        self._state = "NULL"
        self._ended = False
        self._fresh = False  # our credentials are new: the pairs are not those of this negotiation
        self._attempt = 0
        self._default = ""
        self._candidates: tuple[IceCandidate, ...] = ()
        self._peer: IceDescription | None = None
        self._peer_candidates: tuple[IceCandidate, ...] = ()
        self._agreed: tuple[object, ...] = ()  # the addresses that both descriptions name to those who know no ICE
        self._ufrag, self._password = self._credentials()

    @property
    def active(self) -> bool:
        """Whether pairs are selected."""
        return bool(self.pairs)

    @property
    def local(self) -> IceCandidate | None:
        """The candidate of ours that RTP goes by."""
        pair = self._pair(RTP)
        return pair.local if pair is not None else None

    @property
    def remote(self) -> IceCandidate | None:
        """The peer's candidate that RTP goes to."""
        pair = self._pair(RTP)
        return pair.remote if pair is not None else None

    @property
    def offer_due(self) -> bool:
        """Whether the peer, and who is between, must be told that media goes elsewhere than the descriptions say (RFC 8839 §4.4)."""
        return self._controlling and self.active and not self.checking and self._agreed != self._selected_addresses()

    # gathering -------------------------------------------------------------------------------------------------------------------------

    async def prepare(self, account: Any, address: str) -> IceGathering:
        """What the media process is asked, when the STUN server of ``account`` is known; ``address`` is the only local one to use, "" means
        all of them."""
        self._enter("GATHERING")
        clock = Runtime.current().clock
        began = clock.monotonic()
        server = await STUNServers().find(account, GATHERING_LIMIT)
        return self.gathering(address, server, max(0.1, GATHERING_LIMIT - (clock.monotonic() - began)))

    def gathering(self, address: str, stun_server: tuple[str, int] | None, timeout: float = GATHERING_LIMIT) -> IceGathering:
        """The same where the STUN server is known; it has ``timeout`` seconds to answer."""
        self._enter("GATHERING")
        return IceGathering(self._ufrag, self._password, self._controlling, stun_server, timeout, (address,) if address else ())

    def gathered(self, opened: TransportOpened) -> None:
        """The media process has answered."""
        self._default, self._candidates = opened.address, opened.candidates
        self._enter("GATHERING_COMPLETE")

    # descriptions ----------------------------------------------------------------------------------------------------------------------

    def place(self, port: int, rtcp_port: int, *, for_offer: bool) -> MediaPlace:
        """Where we are, for an m= line of ours; ``port`` and ``rtcp_port`` are those of our sockets."""
        if self._ended:
            return MediaPlace(port, rtcp_port, self._default)
        if self.active and not self._fresh:
            candidates = [pair.local for pair in self.pairs]
        else:
            candidates = list(self._candidates)
        rtp, rtcp = self._default_of(RTP, candidates), self._default_of(RTCP, candidates)
        reached: tuple[tuple[int, str, int], ...] = ()
        if for_offer and self._controlling and self.active and not self._fresh:
            reached = tuple((pair.remote.component, pair.remote.address, pair.remote.port) for pair in self.pairs)
        ice = IceDescription(
            self._ufrag, self._password, tuple(Candidate(*astuple(known)) for known in candidates), remote_candidates=reached
        )
        if rtp is None:
            return MediaPlace(port, rtcp_port, self._default, ice=ice)
        return MediaPlace(
            rtp.port, rtcp.port if rtcp is not None else rtcp_port, rtp.address, rtcp.address if rtcp is not None else rtp.address, ice
        )

    def consider(self, offer: SessionDescription, index: int) -> None:
        """The peer offers: with other credentials than before it wants ICE to begin anew, and our answer needs new ones too."""
        peer = peer_of(offer, index)
        if peer is not None and self._peer is not None and _other(peer, self._peer) and not self._ended:
            log.info("the peer restarts ICE")
            self._renew(controlling=False)

    def follow(self) -> None:
        """The offer will be the peer's, other than was thought when the candidates were gathered."""
        if self._controlling and self._peer is None:
            self._renew(controlling=False)

    def restart(self) -> None:
        """Begin anew with our next offer."""
        if not self._ended:
            self._renew(controlling=True)

    @staticmethod
    def refused_place(offer: SessionDescription, index: int, port: int, rtcp_port: int) -> MediaPlace:
        """Where we are for a peer whose offer cannot be answered with ICE: it is told, if ICE is what it wanted (RFC 8839 §4.3.2)."""
        ice = IceDescription.of(offer, index)
        mismatch = ice is not None and ice.usable
        return MediaPlace(port, rtcp_port, ice=IceDescription("", "", mismatch=True) if mismatch else None)

    def agree(self, local: SessionDescription, remote: SessionDescription, index: int) -> None:
        """Both descriptions are in force: begin the checks that they ask for. ``checking`` tells whether some are under way."""
        peer = peer_of(remote, index)
        ours = IceDescription.of(local, index)
        if peer is None or ours is None or not ours.usable:
            self.end()
            return
        self._agreed = (*_address_of(local, index), *_address_of(remote, index))
        if self._ended or (self._peer is not None and not _other(peer, self._peer) and not self._fresh):
            return
        self._peer, self._fresh, self.checking = peer, False, True
        self._peer_candidates = tuple(IceCandidate(*astuple(known)) for known in peer.candidates if self._may_reach(known))
        self._attempt += 1
        self._enter("NEGOTIATION_START")
        self._send(StartIce(self._number, self._attempt, peer.ufrag, peer.password, peer.lite, self._peer_candidates))
        self._enter("NEGOTIATING")

    def end(self) -> None:
        """No ICE with this peer. Idempotent."""
        if not self._ended:
            self._ended, self.checking, self.pairs = True, False, ()
            self._send(EndIce(self._number))

    # what comes of it ------------------------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> Outcome | None:
        """Take an event of the media process: "selected" (``pairs`` are new), "failed", "lost" (they do not work any more), or None."""
        if not isinstance(event, IceSucceeded | IceFailed) or event.attempt != self._attempt or self._ended:
            return None
        if isinstance(event, IceSucceeded):
            self.pairs = event.pairs
            if self.checking:
                self.checking = False
                self._enter("RUNNING")
                data = outcome(event.duration, event.pairs, event.checks, self._candidates, self._peer_candidates)
                self._announce("DidSucceed", **data)
            return "selected"
        if event.lost:
            log.warning("the way to the peer is lost: %s", event.reason)
            return "lost"
        self.checking = False
        self._enter("FAILED")
        self._announce("DidFail", reason=event.reason)
        if not self.active:
            self.end()
        return "failed"

    # helpers ---------------------------------------------------------------------------------------------------------------------------

    def _credentials(self) -> tuple[str, str]:
        return self._entropy.token(4), self._entropy.token(16)  # RFC 8445 §5.3: 24 and 128 bits at least

    def _renew(self, *, controlling: bool) -> None:
        self._controlling, self._fresh = controlling, True
        self._ufrag, self._password = self._credentials()
        self._send(RestartIce(self._number, self._ufrag, self._password, controlling))

    def _enter(self, state: str) -> None:
        before, self._state = self._state, state
        if state != before:
            self._announce("StateDidChange", prev_state=ICE_STATES[before], state=ICE_STATES[state])

    def _pair(self, component: int) -> IceCheck | None:
        return next((pair for pair in self.pairs if pair.local.component == component), None)

    def _default_of(self, component: int, candidates: list[IceCandidate]) -> IceCandidate | None:
        """The candidate for peers without ICE: as the Internet sees us where that is known (RFC 8445 §5.1.4)."""
        usable = [known for known in candidates if known.component == component]
        ranked = sorted(usable, key=lambda known: (known.base_address != self._default, known.type == "host"))
        return ranked[0] if ranked else None

    def _may_reach(self, known: Candidate) -> bool:
        """Whether a candidate of the peer is worth a check. Our own machine's services are no business of a peer elsewhere."""
        ours = ipaddress.ip_address(self._default).is_loopback
        return known.component in (RTP, RTCP) and (ours or not ipaddress.ip_address(known.address).is_loopback)

    def _selected_addresses(self) -> tuple[object, ...]:
        ours: list[object] = []
        theirs: list[object] = []
        for component in (RTP, RTCP):
            pair = self._pair(component)
            if pair is not None:
                ours += [pair.local.address] * (component == RTP) + [pair.local.port]
                theirs += [pair.remote.address] * (component == RTP) + [pair.remote.port]
            elif component == RTCP:
                ours.append(self._agreed[2])
                theirs.append(self._agreed[5])
        return (*ours, *theirs)


def peer_of(remote: SessionDescription, index: int) -> IceDescription | None:
    """What the peer says about ICE on m= line ``index``, where it can be used."""
    ice = IceDescription.of(remote, index)
    return ice if ice is not None and ice.usable and defaults_match(remote, index, ice) else None


def _other(one: IceDescription, two: IceDescription) -> bool:
    return (one.ufrag, one.password) != (two.ufrag, two.password)


def _address_of(description: SessionDescription, index: int) -> tuple[object, ...]:
    connection, media = description.connection_of(index), description.media[index]
    return connection.address if connection is not None else "", media.port, media.rtcp_port
