"""Where RTP is sent to: the signalled address, or the one that valid RTP really comes from (symmetric RTP, RFC 4961; RFC 7362 §4).

Behind a NAT the address in the SDP is a private one, so replies must go where packets come from. But whoever may redirect a call by
sending one packet owns it, hence: the signalled source is believed as long as it speaks, a stranger only when it is silent and after
several packets in sequence; and as soon as it speaks again it is believed again. With SRTP only authenticated packets get here at all,
so that who speaks now is as good as who was signalled.

An address that ICE selected is pinned: the peer may speak from another one of its candidates, but it has agreed to be spoken to only there.
"""

from __future__ import annotations

from blinkq.media.rtp import sequence_difference

__all__ = ["Latch"]

#: Packets of one source in sequence before a stranger is followed (RFC 3550 A.1 asks for 2 of an unknown source).
PROBATION = 3

#: Seconds the followed source must be silent before a stranger is looked at.
SILENCE = 1.0

Address = tuple[str, int]


class Latch:
    """The remote RTP address of one stream. ``authenticated`` says that packets passed SRTP: then one packet is proof enough.

    ``pinned``: listen to another source as always, but send to the signalled one.
    """

    def __init__(self, signalled: Address, authenticated: bool, pinned: bool = False) -> None:
        self.signalled = signalled
        self._source = signalled
        self._authenticated = authenticated
        self._pinned = pinned
        self._last_heard: float | None = None
        self._candidate: tuple[Address, int] | None = None
        self._candidate_sequence = 0
        self._candidate_count = 0

    @property
    def current(self) -> Address:
        """Where to send to."""
        return self.signalled if self._pinned else self._source

    def accept(self, source: Address, ssrc: int, sequence: int, now: float) -> bool:
        """Whether a valid packet from ``source`` belongs to the call; may move ``current`` to it."""
        if source == self._source:
            self._last_heard = now
            self._candidate = None
            return True
        if source == self.signalled and not self._authenticated:
            self._source, self._last_heard, self._candidate = source, now, None
            return True
        silent = self._last_heard is None or now - self._last_heard > SILENCE
        if not silent or not (source == self.signalled or self._proved(source, ssrc, sequence)):
            return False
        self._source = source
        self._last_heard = now
        self._candidate = None
        return True

    def _proved(self, source: Address, ssrc: int, sequence: int) -> bool:
        if self._authenticated:
            return True
        if self._candidate == (source, ssrc) and 0 < sequence_difference(sequence, self._candidate_sequence) < 10:
            self._candidate_count += 1
        else:
            self._candidate = (source, ssrc)
            self._candidate_count = 1
        self._candidate_sequence = sequence
        return self._candidate_count >= PROBATION
