"""How good pictures may be on this link, from how long the viewer takes for each."""

from __future__ import annotations

__all__ = ["Pace"]

#: Bytes a second above which nothing is compressed: compressing would take longer than sending.
RAW_RATE = 60e6
#: Seconds that a picture may take before the next one is made worse, and below which it is made better.
SLOW, QUICK = 0.20, 0.05
#: How many pictures are averaged over.
MEMORY = 4.0
#: Bytes below which an update tells how far away the viewer is, and not how wide the way.
SMALL = 4096
#: Seconds of the link that showing better what stands still may take: what moves comes next.
BETTERING = 0.1


class Pace:
    """Told when an update goes and when the viewer asks again.

    rate: bytes a second, None before the first answer; quality: 0 to 9 (of the viewer's JPEG levels) between what it asked and what the
    link allows. There is one update on its way at a time: on a slow link there are fewer pictures a second, and they are smaller.
    """

    def __init__(self, wanted: int) -> None:
        self.rate: float | None = None
        self.quality = wanted
        self._wanted = wanted
        self._way: float | None = None  # seconds there and back, with next to nothing to carry
        self._sent: tuple[float, int, bool] | None = None

    def sent(self, size: int, now: float, *, moving: bool = True) -> None:
        """An update of ``size`` bytes goes. moving: not one that only shows better what stands still, whose size says nothing of others."""
        self._sent = (now, size, moving)

    def asked(self, now: float) -> None:
        """The viewer has it and asks for the next."""
        if self._sent is None:
            return
        then, size, moving = self._sent
        self._sent = None
        took = max(now - then, 1e-4)
        if size < SMALL:
            self._way = took if self._way is None else min(took, self._way * 1.1)
            return
        took = max(took - (self._way or 0.0), 1e-4)
        rate = size / took
        if self.rate is None or took > SLOW:  # a link that has become slow is believed at once
            self.rate = rate
        else:
            self.rate += (rate - self.rate) / MEMORY
        if moving:
            self._judge(took)

    def left(self) -> None:
        """The viewer was away for a while: how long it took says nothing."""
        self._sent = None

    @property
    def uncompressed(self) -> bool:
        """Whether the link is so quick that compression only costs time."""
        return self.rate is not None and self.rate > RAW_RATE

    @property
    def bettering(self) -> float:
        """Bytes by which what stands still may be shown better in one update."""
        return float("inf") if self.rate is None else self.rate * BETTERING

    def _judge(self, took: float) -> None:
        if took > SLOW:
            self.quality = max(0, self.quality - 1 - (took > 2 * SLOW) - (took > 4 * SLOW))
        elif took < QUICK:
            self.quality = min(self._wanted, self.quality + 1)
