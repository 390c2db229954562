"""Rings of samples between a device's callback thread and the clock thread, and the drift between their two clocks.

A sound card's crystal and the computer's clock differ by some tens of parts per million, and callbacks come in bursts. The lowest fill
seen after a read tells how much is really spare: when it stays above what is needed, blocks are squeezed by a few samples (nobody hears
half a per cent), when it sinks, they are stretched. Only an empty or an overfull ring costs an audible step.

One thread writes and one reads; each moves its own index only, so no lock is needed under the interpreter's.
"""

from __future__ import annotations

import numpy as np

from blinkq.voice.devices.device import Block

__all__ = ["CaptureRing", "PlaybackRing", "SampleRing", "stretch"]

#: What should be left in the ring after a read, at its lowest within a second: one period's jitter of a busy machine.
SPARE_MS = 8

#: The fill that is never exceeded: more would be heard as delay, not as safety.
MAX_MS = 160

#: Blocks over which the lowest fill is taken: one second, and less just after a start, where much may have piled up.
WINDOW, FIRST_WINDOW = 50, 15

#: Blocks of surplus from which whole ones are dropped instead of squeezed away; just after a start one is enough.
SURPLUS, FIRST_SURPLUS = 2, 1

#: How much a block is squeezed or stretched at most: 0.5 %, a twelfth of a semitone.
MAX_STRETCH = 0.005


class SampleRing:
    """A bounded ring of int16 samples, one writer and one reader."""

    def __init__(self, capacity: int) -> None:
        self._samples = np.zeros(capacity, np.int16)
        self._capacity = capacity
        self._written = 0
        self._read = 0

    @property
    def fill(self) -> int:
        return self._written - self._read

    def write(self, samples: Block) -> int:
        """Append as much as there is room for; return how many samples that was."""
        count = min(len(samples), self._capacity - self.fill)
        position = self._written % self._capacity
        head = min(count, self._capacity - position)
        self._samples[position : position + head] = samples[:head]
        self._samples[: count - head] = samples[head:count]
        self._written += count
        return count

    def read(self, count: int) -> Block:
        """Take up to ``count`` samples, the oldest first."""
        count = min(count, self.fill)
        position = self._read % self._capacity
        head = min(count, self._capacity - position)
        taken = np.concatenate((self._samples[position : position + head], self._samples[: count - head]))
        self._read += count
        return taken

    def drop(self, count: int) -> None:
        """Forget the ``count`` oldest samples (none when negative); only the reader may call it."""
        self._read += max(0, min(count, self.fill))


class _Watermark:
    """The lowest fill after a read within a window, and what to do about it in samples."""

    def __init__(self, rate: int) -> None:
        self._spare = rate * SPARE_MS // 1000
        self._settling = True
        self._lowest: int | None = None
        self._blocks = 0
        self._correction = 0

    def note(self, fill: int) -> None:
        if self._lowest is None or fill < self._lowest:
            self._lowest = fill

    def correction(self, limit: int) -> int:
        """Samples to take out (positive) or to put in (negative) with this block, at most ``limit``."""
        self._blocks += 1
        if self._blocks >= (FIRST_WINDOW if self._settling else WINDOW) and self._lowest is not None:
            excess = self._lowest - self._spare
            # Within half of the reserve nothing is done: every correction is a tiny flaw.
            self._correction = excess if excess > self._spare // 2 or excess < -self._spare // 2 else 0
            self._settling = self._settling and self._correction > 0
            self._lowest = None
            self._blocks = 0
        step = max(-limit, min(limit, self._correction))
        self._correction -= step
        return step

    def skip(self, block: int) -> bool:
        """Whether so much lies in the ring (after a stall of the other side) that a whole block should go at once."""
        if self._correction < (FIRST_SURPLUS if self._settling else SURPLUS) * block:
            return False
        self._correction -= block
        return True

    def reset(self) -> None:
        """Begin anew, as after a start."""
        self._settling = True
        self._lowest = None
        self._blocks = 0
        self._correction = 0


class CaptureRing:
    """From the callback (``push``, any length) to the clock thread (``pull``, blocks of ``block`` samples)."""

    def __init__(self, rate: int, block: int) -> None:
        self._ring = SampleRing(rate * MAX_MS // 1000)
        self._block = block
        self._spare = rate * SPARE_MS // 1000
        self._watermark = _Watermark(rate)
        self._primed = False
        self.underruns = 0
        self.overruns = 0

    @property
    def fill(self) -> int:
        return self._ring.fill

    def push(self, samples: Block) -> None:
        """What the device heard; what does not fit is lost and counted."""
        if self._ring.write(samples) < len(samples):
            self.overruns += 1

    def pull(self) -> Block | None:
        """One block, or None while the ring fills up (at the start and after it ran empty)."""
        if not self._primed:
            if self._ring.fill < self._block + self._spare:
                return None
            self._primed = True
            # What piled up while the other side was slow to start would only be delay.
            self._ring.drop(self._ring.fill - 2 * self._block - self._spare)
            self._watermark.reset()
        step = self._watermark.correction(int(self._block * MAX_STRETCH))
        while self._watermark.skip(self._block):
            self._ring.drop(self._block)
            self.overruns += 1
        if self._ring.fill < self._block + step:
            self._primed = False
            self.underruns += 1
            rest = self._ring.read(self._block)
            return np.concatenate((rest, np.zeros(self._block - len(rest), np.int16)))
        samples = self._ring.read(self._block + step)
        self._watermark.note(self._ring.fill)
        return stretch(samples, self._block)


class PlaybackRing:
    """From the clock thread (``push``, one block a tick) to the callback (``pull``, any length)."""

    def __init__(self, rate: int, block: int) -> None:
        self._ring = SampleRing(rate * MAX_MS // 1000)
        self._block = block
        self._spare = rate * SPARE_MS // 1000
        self._watermark = _Watermark(rate)
        self._primed = False
        self.underruns = 0
        self.overruns = 0

    @property
    def fill(self) -> int:
        return self._ring.fill

    def push(self, block: Block) -> None:
        """One block to be played, squeezed or stretched a little to hold the fill."""
        step = self._watermark.correction(int(self._block * MAX_STRETCH))
        if self._watermark.skip(self._block):
            self.overruns += 1
            return
        samples = stretch(block, self._block - step)
        if self._ring.write(samples) < len(samples):
            self.overruns += 1

    def pull(self, count: int) -> Block:
        """``count`` samples for the loudspeaker, silence where there are none."""
        if not self._primed:
            if self._ring.fill < count + self._spare:
                return np.zeros(count, np.int16)
            self._primed = True
            self._ring.drop(self._ring.fill - count - self._block - self._spare)
            self._watermark.reset()
        taken = self._ring.read(count)
        if len(taken) < count:
            self._primed = False
            self.underruns += 1
            return np.concatenate((taken, np.zeros(count - len(taken), np.int16)))
        self._watermark.note(self._ring.fill)
        return taken


def stretch(samples: Block, count: int) -> Block:
    """``samples`` brought to ``count`` samples by linear interpolation; fine for a change of half a per cent."""
    if len(samples) == count:
        return samples
    positions = np.linspace(0, len(samples) - 1, count)
    return np.rint(np.interp(positions, np.arange(len(samples)), samples)).astype(np.int16)
