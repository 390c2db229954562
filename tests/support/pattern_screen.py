"""What the test screen of ``blinkq echo`` and ``--test-screen`` can look like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blinkq.engine.screen.source import PatternSource

__all__ = ["is_test_screen"]

#: Pictures of it that are looked through: more than it makes in a minute.
PICTURES = 2000


def is_test_screen(pixels: NDArray[np.uint8]) -> bool:
    """Whether every pixel (red, green, blue) is as in one of its pictures, wherever the square is just then."""
    source = PatternSource()
    return any(np.array_equal(pixels, source.grab()[..., 2::-1]) for _ in range(PICTURES))
