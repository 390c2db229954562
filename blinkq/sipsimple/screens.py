"""What of this computer's screen can be shared: for programs that let a person choose."""

from __future__ import annotations

from blinkq.engine.screen.feed import ScreenFeed
from blinkq.engine.screen.monitor_source import monitors
from blinkq.engine.screen.source import Monitor, Place, ScreenError
from blinkq.engine.screen.window import Icon, Window, find_window, windows

__all__ = ["Icon", "Monitor", "Place", "ScreenError", "ScreenFeed", "Shareable", "Window", "find_window", "monitors", "windows"]

#: A whole screen, one window, or what the application takes pictures of.
Shareable = Monitor | Window | ScreenFeed
