"""``sipsimple`` itself."""

from __future__ import annotations

from blinkq import __version__

__all__ = ["__version__"]
