"""Typed access to the compiled forms.

A window states in a Protocol which widgets of its form it uses; ``load_form`` gives an object with them. The type checker sees the
Protocol only, so it needs no generated file; a test compares every Protocol with its form.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TypeVar, cast

from blinkq.app.build_forms import build

__all__ = ["load_form"]

F = TypeVar("F")

_fresh = False


def load_form(stem: str, protocol: type[F]) -> F:
    """An instance of the form compiled from ``ui/STEM.ui``, seen as ``protocol``. In a checkout stale forms are compiled first.

    Raises ModuleNotFoundError when there is no such form.
    """
    return cast(F, _form_class(_module(stem))())


def _module(stem: str) -> ModuleType:
    global _fresh
    if not _fresh:
        if build():
            importlib.invalidate_caches()
        _fresh = True
    return importlib.import_module(f"blinkq.app.forms.{stem}")


def _form_class(module: ModuleType) -> type[object]:
    return next(cast("type[object]", value) for name, value in vars(module).items() if name.startswith("Ui_"))
