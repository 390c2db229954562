"""The mixer: slots that produce sound, slots that hear it, and who hears whom.

A slot is an integer. Each tick takes one block of sound from every producing slot and returns what every connected
slot hears: the sum of its sources, clipped. A pass-through slot produces what is connected into it, with no delay,
however deep bridges are nested.

What this is not: devices, resampling or time; every block has the mixer's rate and length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from blinkq.media.codecs.codec import Samples

__all__ = ["Mixer"]

#: Length of one block in seconds.
BLOCK = 0.020


class Mixer:
    """Adds up blocks of 16-bit mono PCM of ``block`` samples."""

    def __init__(self, sample_rate: int = 48000, *, block: int = 0) -> None:
        """``sample_rate`` in Hz; ``block`` in samples, 0 = 20 ms."""
        self.sample_rate = sample_rate
        self.block = block or round(sample_rate * BLOCK)
        self._connections: set[tuple[int, int]] = set()
        self._passthrough: set[int] = set()
        self._heard: dict[int, frozenset[int]] | None = None
        self._silence = np.zeros(self.block, np.int16)
        self._silence.flags.writeable = False

    @property
    def connections(self) -> frozenset[tuple[int, int]]:
        """The (source, sink) pairs as they were connected."""
        return frozenset(self._connections)

    def connect(self, source: int, sink: int) -> None:
        """Let ``sink`` hear ``source``. Idempotent; neither needs to have made a sound yet."""
        self._connections.add((source, sink))
        self._heard = None

    def disconnect(self, source: int, sink: int) -> None:
        """Undo ``connect``. Idempotent."""
        self._connections.discard((source, sink))
        self._heard = None

    def add_passthrough(self, slot: int) -> None:
        """Let ``slot`` produce what is connected into it; sound given for it in a tick is not looked at."""
        self._passthrough.add(slot)
        self._heard = None

    def remove_slot(self, slot: int) -> None:
        """Forget the slot and all its connections. Idempotent."""
        self._connections = {pair for pair in self._connections if slot not in pair}
        self._passthrough.discard(slot)
        self._heard = None

    def listeners(self, slot: int) -> bool:
        """Whether anybody hears ``slot``, directly or through pass-through slots."""
        return any(slot in sources for sources in self._plan().values())

    def tick(self, inputs: Mapping[int, Samples]) -> dict[int, Samples]:
        """Return what every slot with a connected source hears in this block.

        ``inputs`` has a block for each slot that makes a sound now; the others are silent. Blocks that are returned
        may be shared with the inputs and with each other: they are to be read, not written. Raises ValueError for a
        block of another length.
        """
        outputs: dict[int, Samples] = {}
        present = frozenset(inputs)
        sums: dict[frozenset[int], NDArray[np.int32]] = {}
        for sink, sources in self._plan().items():
            audible = sources & present
            if not audible:
                outputs[sink] = self._silence
            elif len(audible) == 1:
                (source,) = audible
                outputs[sink] = self._checked(source, inputs[source])
            else:
                outputs[sink] = self._mix(sink, audible, inputs, sums)
        return outputs

    def _mix(
        self,
        sink: int,
        audible: frozenset[int],
        inputs: Mapping[int, Samples],
        sums: dict[frozenset[int], NDArray[np.int32]],
    ) -> Samples:
        # In a conference all hear the same sum but for themselves: it is made once, and each one's own part taken out.
        group = audible | {sink} if sink in inputs else audible
        total = sums.get(group)
        if total is None:
            total = sums[group] = self._sum(group, inputs)
        heard = total - self._checked(sink, inputs[sink]) if len(group) != len(audible) else total
        return np.clip(heard, -32768, 32767).astype(np.int16)

    def _sum(self, group: Iterable[int], inputs: Mapping[int, Samples]) -> NDArray[np.int32]:
        total = np.zeros(self.block, np.int32)
        for slot in group:
            total += self._checked(slot, inputs[slot])
        return total

    def _checked(self, slot: int, samples: Samples) -> Samples:
        if len(samples) != self.block:
            raise ValueError(f"slot {slot} gave {len(samples)} samples instead of {self.block}")
        return samples

    def _plan(self) -> dict[int, frozenset[int]]:
        """The producing slots each slot hears, seen through pass-through slots; made again after a change."""
        if self._heard is None:
            sources: dict[int, set[int]] = {}
            for source, sink in self._connections:
                sources.setdefault(sink, set()).add(source)
            self._heard = {sink: self._producers(sink, sources) for sink in sources if sink not in self._passthrough}
        return self._heard

    def _producers(self, sink: int, sources: Mapping[int, set[int]]) -> frozenset[int]:
        """Walk upstream from ``sink``; a ring of pass-through slots is walked once, so nobody is heard twice."""
        producers: set[int] = set()
        seen: set[int] = set()
        waiting = list(sources[sink])
        while waiting:
            slot = waiting.pop()
            if slot not in self._passthrough:
                producers.add(slot)
            elif slot not in seen:
                seen.add(slot)
                waiting += sources.get(slot, ())
        return frozenset(producers)
