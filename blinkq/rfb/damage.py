"""What changed between two pictures: tiles that differ, joined into few rectangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blinkq.rfb.framebuffer import Rectangle
from blinkq.rfb.pixel_format import Pixels

__all__ = ["TILE", "Tiles", "changed_tiles", "rectangles"]

TILE = 64
"""Pixels of a tile's side."""

#: Rows x columns of tiles, True for those that are meant.
Tiles = NDArray[np.bool_]


def tile_shape(width: int, height: int) -> tuple[int, int]:
    """Rows and columns of tiles of a screen."""
    return -(-height // TILE), -(-width // TILE)


def changed_tiles(old: Pixels, new: Pixels) -> Tiles:
    """The tiles in which the pictures differ; both have the same size."""
    before, after = old.view(np.uint32)[..., 0], new.view(np.uint32)[..., 0]
    height, width = before.shape
    rows, columns = tile_shape(width, height)
    found = np.zeros((rows, columns), np.bool_)
    edges = np.arange(0, width, TILE)
    for row in range(rows):
        band = slice(row * TILE, min(height, (row + 1) * TILE))
        different = (before[band] != after[band]).any(axis=0)
        if different.any():
            found[row] = np.logical_or.reduceat(different, edges)
    return found


def rectangles(tiles: Tiles, width: int, height: int) -> list[Rectangle]:
    """Those tiles as rectangles: runs in a row, joined with the same run in the next one."""
    found: list[Rectangle] = []
    open_runs: dict[tuple[int, int], int] = {}  # columns of a run -> its first row
    rows = tiles.shape[0]
    for row in range(rows + 1):
        runs = _runs(tiles[row]) if row < rows else set()
        for run in [run for run in open_runs if run not in runs]:
            found.append(_rectangle(run, open_runs.pop(run), row, width, height))
        for run in runs:
            open_runs.setdefault(run, row)
    return found


def _runs(row: NDArray[np.bool_]) -> set[tuple[int, int]]:
    steps = np.flatnonzero(np.diff(np.concatenate(([False], row, [False])).astype(np.int8)))
    return {(int(start), int(end)) for start, end in zip(steps[::2], steps[1::2], strict=True)}


def _rectangle(run: tuple[int, int], top: int, bottom: int, width: int, height: int) -> Rectangle:
    left, right = run[0] * TILE, min(run[1] * TILE, width)
    return Rectangle(left, top * TILE, right - left, min(bottom * TILE, height) - top * TILE)
