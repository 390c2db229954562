"""How good pictures may be on this link, from how long the viewer takes for each."""

from __future__ import annotations

__all__ = ["Pace"]

#: Bytes a second above which nothing is compressed: compressing would take longer than sending.
RAW_RATE = 60e6
#: Seconds that a picture may take before the next one is made worse, and below which it is made better.
SLOW, QUICK = 0.20, 0.05
#: How many pictures are averaged over.
MEMORY = 4.0


class Pace:
    """Told when an update goes and when the viewer asks again.

    rate: bytes a second, None before the first answer; quality: 0 to 9 (of the viewer's JPEG levels) between what it asked and what the
    link allows.
    """

    def __init__(self, wanted: int) -> None:
        self.rate: float | None = None
        self.quality = wanted
        self._wanted = wanted
        self._sent: tuple[float, int] | None = None

    def sent(self, size: int, now: float) -> None:
        """An update of ``size`` bytes goes."""
        self._sent = (now, size)

    def asked(self, now: float) -> None:
        """The viewer has it and asks for the next."""
        if self._sent is None:
            return
        then, size = self._sent
        self._sent = None
        if size < 4096:
            return  # too little to measure a link by
        took = max(now - then, 1e-4)
        rate = size / took
        self.rate = rate if self.rate is None else self.rate + (rate - self.rate) / MEMORY
        if took > SLOW and self.quality > 0:
            self.quality -= 1
        elif took < QUICK and self.quality < self._wanted:
            self.quality += 1

    @property
    def uncompressed(self) -> bool:
        """Whether the link is so quick that compression only costs time."""
        return self.rate is not None and self.rate > RAW_RATE
