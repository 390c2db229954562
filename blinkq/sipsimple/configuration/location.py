"""Where the settings are kept when nobody says otherwise."""

from __future__ import annotations

from pathlib import Path

import platformdirs

__all__ = ["default_config_directory"]


def default_config_directory() -> Path:
    """The system's place for BlinkQ's settings."""
    return platformdirs.user_config_path("blinkq")
