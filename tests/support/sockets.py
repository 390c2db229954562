"""Sockets of the running loop, for tests on the real network."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["all_closed"]

#: Seconds after which a socket that is still open has been forgotten by somebody.
PATIENCE = 60.0


async def all_closed() -> None:
    """Wait until the loop watches no socket but its own: the other end of what one end closed hears of it later."""
    loop: Any = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        while len(loop._selector.get_map()) > 1:
            await asyncio.sleep(0.001)
