"""``eventlib.twistedutil``: what scripts import for its effect alone."""

from __future__ import annotations

__all__ = ["join_reactor"]

#: Green functions and the reactor need no joining here.
join_reactor = None
