"""Limits on what the other party may make us keep or draw, each with its reason."""

from __future__ import annotations

MAX_SIDE = 16384
"""Pixels of a screen's side: four 4K monitors in a row."""

MAX_PIXELS = 36 * 1024 * 1024
"""Pixels of a screen, 4 bytes each: four 4K monitors."""

MAX_RECTANGLES = 65535
"""Rectangles of one update; the protocol has no more."""

MAX_TEXT = 1024 * 1024
"""Bytes of text for the clipboard."""

MAX_NAME = 4096
"""Bytes of a desktop's name or of a reason."""

MAX_COMPRESSED = 64 * 1024 * 1024
"""Bytes of one compressed rectangle: what does not shrink is sent raw."""

MAX_WORK = 8
"""How often the pixels of the whole screen may be drawn by one update: overlapping rectangles of a few bytes each cost time."""

MAX_BURST = 16
"""How often they may be drawn by what comes at a time: a server that does not wait until it is asked."""

MAX_RESIZES = 4
"""Changes of the screen's size in one update."""

MAX_GRADIENT = 256 * 256
"""Pixels of a rectangle with Tight's gradient filter, which is read pixel by pixel; servers make no larger ones."""

MAX_CURSOR = 256
"""Pixels of a cursor's side."""
