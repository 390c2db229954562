"""The screens of this computer that can be shared: for programs that let a person choose one."""

from __future__ import annotations

from blinkq.engine.screen.source import Monitor, ScreenError, monitors

__all__ = ["Monitor", "ScreenError", "monitors"]
