"""``application.python.util`` of old versions: the two names that scripts took from there."""

from __future__ import annotations

from blinkq.compat.null import Null
from blinkq.compat.types import Singleton

__all__ = ["Null", "Singleton"]
