"""A viewer and a server back to back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from blinkq.rfb.messages import Transmit
from blinkq.rfb.pixel_format import Pixels
from blinkq.rfb.server import ServerCore
from blinkq.rfb.viewer import ViewerCore


def picture(width: int, height: int, seed: int = 0) -> Pixels:
    """A gradient, a photograph's noise, white with black writing, and a box of one colour."""
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., 0] = np.arange(width) + seed
    pixels[..., 1] = (np.arange(height) + seed)[:, None]
    noise = np.random.default_rng(seed).integers(0, 255, (height // 3, width // 3, 3))
    pixels[: height // 3, : width // 3, :3] = noise
    pixels[height // 2 :, : width // 2, :3] = 255
    pixels[height // 2 :: 3, : width // 2 : 5, :3] = 0
    pixels[height // 2 :, width // 2 :, :3] = (10, 20, 200)
    pixels[..., 3] = 255
    return pixels


class RFBPair:
    """viewer_events and server_events: all but bytes; sent: bytes of the server."""

    def __init__(self, server: ServerCore, viewer: ViewerCore, cut: Callable[[bytes], list[bytes]] | None = None) -> None:
        self.server, self.viewer = server, viewer
        self.cut = cut or (lambda data: [data])
        self.now = 0.0
        self.sent = 0
        self.viewer_events: list[Any] = []
        self.server_events: list[Any] = []
        self.carry()

    def carry(self) -> None:
        """Both ways, until nothing moves."""
        while self._from(self.server, self.viewer, self.server_events) | self._from(self.viewer, self.server, self.viewer_events):
            pass

    def show(self, pixels: Pixels, seconds: float = 0.1) -> None:
        """The server's screen looks so, and time passes."""
        self.now += seconds
        self.server.frame(pixels, self.now)
        self.carry()

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.viewer_events if isinstance(event, kind)]

    def _from(self, sender: Any, receiver: Any, events: list[Any]) -> bool:
        outputs = sender.drain()
        for output in outputs:
            if isinstance(output, Transmit):
                if sender is self.server:
                    self.sent += len(output.data)
                    self.now += 0.1  # a link that is not quick enough to do without compression
                for part in self.cut(output.data):
                    receiver.receive_data(part, self.now)
            else:
                events.append(output)
        return bool(outputs)
