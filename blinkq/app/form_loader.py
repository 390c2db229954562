"""Access to the compiled forms.

A window states in a Protocol which widgets of its form it uses, and holds the form as that: ``self.ui: KeypadForm = load_form("keypad")``.
The type checker sees the Protocol only, so it needs no generated file; a test compares every Protocol with its form.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from blinkq.app.build_forms import build

__all__ = ["load_form"]

_fresh = False


def load_form(stem: str) -> Any:
    """An instance of the form compiled from ``ui/STEM.ui``. In a checkout stale forms are compiled first.

    Raises ModuleNotFoundError when there is no such form.
    """
    module = _module(stem)
    return next(value for name, value in vars(module).items() if name.startswith("Ui_"))()


def _module(stem: str) -> ModuleType:
    global _fresh
    if not _fresh:
        if build():
            importlib.invalidate_caches()
        _fresh = True
    return importlib.import_module(f"blinkq.app.forms.{stem}")
