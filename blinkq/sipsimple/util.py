"""What applications import from ``sipsimple.util``."""

from __future__ import annotations

from blinkq.sipsimple.route import Route
from blinkq.sipsimple.singleton import Singleton

__all__ = ["Route", "Singleton"]
