"""The desktop that the measurements show: every picture differs whole from the one before."""

from __future__ import annotations

import numpy as np

from blinkq.rfb.pixel_format import Pixels

__all__ = ["Film"]

WIDTH, HEIGHT, PICTURES = 1280, 800, 8


class Film:
    """Photographs, writing and planes of one colour that move with every picture."""

    def __init__(self) -> None:
        noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3))
        self._pictures: list[Pixels] = []
        for step in range(PICTURES):
            pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
            pixels[..., 0] = np.arange(WIDTH) // 4 + step * 9
            pixels[..., 1] = (np.arange(HEIGHT) // 4)[:, None]
            pixels[:300, :500, :3] = noise[step : step + 300, :500] // 8 + 100
            pixels[400::24, step : 900 : 7, :3] = 0
            self._pictures.append(pixels)
        self._next = 0

    def place(self) -> None:
        """It is nowhere."""

    def grab(self) -> Pixels:
        self._next = (self._next + 1) % PICTURES
        return self._pictures[self._next].copy()

    def close(self) -> None:
        """Nothing is held."""
