"""Rings of samples between a device's callback thread and the clock thread, and the drift between their two clocks.

A sound card's crystal and the computer's clock differ by some tens of parts per million, and callbacks come in bursts. How near
the ring comes to running empty tells what to do: when there is more than needed, blocks are squeezed by a few samples (nobody hears
half a per cent), when it gets near, they are stretched. Only an empty or an overfull ring costs an audible step.

One thread writes and one reads; each moves its own index only, so no lock is needed under the interpreter's.
"""

from __future__ import annotations

import numpy as np

from blinkq.voice.devices.device import Block

__all__ = ["CaptureRing", "PlaybackRing", "SampleRing", "stretch"]

#: By how much a write may be late without harm: the jitter of a busy machine. Grows when it proves too little.
SPARE_MS, MAX_SPARE_MS = 8, 40

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
    """How near a ring comes to running empty, at worst within a window, and what to do about it.

    Writes come in whole periods, so a fill of less than one read helps nobody: what counts is the time from the next write that is due
    to the first read that could not be served. As the phase of reader and writer drifts, that margin shrinks slowly, and a whole
    read's worth must be put in before they pass each other; while it is ample, what lies there besides whole reads can go.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._wanted_ms = SPARE_MS
        self._written_at = 0.0
        self._written = 0
        self._settling = True
        self._count = 0
        self._margin: int | None = None
        self._missing = 0
        self._rest = 0
        self._blocks = 0
        self._correction = 0

    @property
    def wanted(self) -> int:
        """The margin that is aimed at, in samples."""
        return self._rate * self._wanted_ms // 1000

    def written(self, count: int, now: float) -> None:
        """The writer brought ``count`` samples."""
        self._written = count
        self._written_at = now

    def read(self, count: int, fill: int, now: float) -> None:
        """The reader took ``count`` samples, ``fill`` are left."""
        reads, rest = divmod(fill, count)
        due = max(0, self._written - int((now - self._written_at) * self._rate))
        margin = (reads + 1) * count - due
        if self._margin is None or margin < self._margin:
            self._margin = margin
            self._missing = count - rest
        self._rest = min(self._rest, rest) if self._count else rest
        self._count = count

    def correction(self, limit: int) -> int:
        """Samples to take out (positive) or to put in (negative) with this block, at most ``limit``."""
        self._blocks += 1
        if self._blocks >= (FIRST_WINDOW if self._settling else WINDOW) and self._margin is not None:
            self._correction = self._judge(self._margin)
            self._settling = self._settling and self._correction > self._count
            self._start_window()
        step = max(-limit, min(limit, self._correction))
        self._correction -= step
        return step

    def _judge(self, margin: int) -> int:
        """What the window says should be changed, in samples."""
        keep = self._rate // 1000
        if margin < self.wanted:
            return -(self._missing + keep)
        # A read's worth may go only when the margin stays clear of the bound, or it would come and go.
        surplus = max(0, margin - self.wanted - self.wanted // 2) // self._count * self._count
        # Some samples stay, so that a squeezed block does not find one too few; less than that again is not worth a flaw.
        rest = self._rest - keep
        return surplus + (rest if rest > keep else 0)

    def _start_window(self) -> None:
        self._margin = None
        self._count = 0
        self._blocks = 0

    def skip(self, block: int) -> bool:
        """Whether so much lies in the ring (after a stall of the other side) that a whole block should go at once."""
        if self._correction < (FIRST_SURPLUS if self._settling else SURPLUS) * block:
            return False
        self._correction -= block
        return True

    def ran_empty(self) -> None:
        """The reserve was too small for this device and this computer: keep more from now on."""
        self._wanted_ms = min(MAX_SPARE_MS, self._wanted_ms + SPARE_MS // 2)

    def reset(self) -> None:
        """Begin anew, as after a start."""
        self._settling = True
        self._correction = 0
        self._start_window()


class _ElasticRing:
    """What both directions share."""

    def __init__(self, rate: int, block: int) -> None:
        self._ring = SampleRing(rate * MAX_MS // 1000)
        self._block = block
        self._limit = max(1, int(block * MAX_STRETCH))
        self._watermark = _Watermark(rate)
        self._primed = False
        self.underruns = 0
        self.overruns = 0

    @property
    def fill(self) -> int:
        """Samples that wait."""
        return self._ring.fill

    def _write(self, samples: Block, now: float) -> None:
        if self._ring.write(samples) < len(samples):
            self.overruns += 1
        self._watermark.written(len(samples), now)

    def _prime(self, count: int) -> bool:
        """Whether reading may begin; what piled up while the other side was slow to start would only be delay, and is dropped."""
        needed = count + self._watermark.wanted
        if not self._primed and self._ring.fill >= needed:
            self._primed = True
            self._watermark.reset()
            self._ring.drop(self._ring.fill - needed - self._block)
        return self._primed

    def _read(self, count: int, now: float) -> Block:
        """Exactly ``count`` samples, with silence where they end."""
        samples = self._ring.read(count)
        if len(samples) == count:
            self._watermark.read(count, self._ring.fill, now)
            return samples
        self._primed = False
        self.underruns += 1
        self._watermark.ran_empty()
        return np.concatenate((samples, np.zeros(count - len(samples), np.int16)))


class CaptureRing(_ElasticRing):
    """From the callback (``push``, any length) to the clock thread (``pull``, blocks of ``block`` samples)."""

    def push(self, samples: Block, now: float) -> None:
        """What the device heard; what does not fit is lost and counted."""
        self._write(samples, now)

    def pull(self, now: float) -> Block | None:
        """One block, or None while the ring fills up (at the start and after it ran empty)."""
        if not self._prime(self._block):
            return None
        step = self._watermark.correction(self._limit)
        while self._watermark.skip(self._block):
            self._ring.drop(self._block)
            self.overruns += 1
        return stretch(self._read(self._block + step, now), self._block)


class PlaybackRing(_ElasticRing):
    """From the clock thread (``push``, one block a tick) to the callback (``pull``, any length)."""

    def push(self, block: Block, now: float) -> None:
        """One block to be played, squeezed or stretched a little to hold the fill."""
        step = self._watermark.correction(self._limit)
        if self._watermark.skip(self._block):
            self.overruns += 1
            self._watermark.written(self._block, now)
            return
        self._write(stretch(block, self._block - step), now)

    def pull(self, count: int, now: float) -> Block:
        """``count`` samples for the loudspeaker, silence where there are none."""
        if not self._prime(count):
            return np.zeros(count, np.int16)
        return self._read(count, now)


def stretch(samples: Block, count: int) -> Block:
    """``samples`` brought to ``count`` samples by linear interpolation; fine for a change of half a per cent."""
    if len(samples) == count:
        return samples
    positions = np.linspace(0, len(samples) - 1, count)
    return np.rint(np.interp(positions, np.arange(len(samples)), samples)).astype(np.int16)
